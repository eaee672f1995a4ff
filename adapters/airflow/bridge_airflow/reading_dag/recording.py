"""Notes where in a DAG file each operator is made, and with which arguments."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import wraps
from itertools import islice
from types import FrameType
from typing import Any, NamedTuple
from unittest.mock import patch

__all__ = ["Note", "Recording"]


class Note(NamedTuple):
    """The arguments an operator was given, and its call: first and last line and column."""

    given: Mapping[str, Any]
    place: tuple[int, int, int, int]
    local: Mapping[str, Any]


_NOWHERE = Note({}, (0, 0, 0, 0), {})


class Recording:
    """While it is open, operators that are made are noted."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._notes: dict[int, tuple[Any, Note]] = {}
        self._patches = ExitStack()

    def __enter__(self) -> Recording:
        from airflow.sdk import BaseOperator
        from airflow.sdk.bases.decorator import _TaskDecorator
        from airflow.sdk.definitions.mappedoperator import OperatorPartial

        original: Any = BaseOperator.__init__

        @wraps(original)
        def made(operator: Any, *args: Any, **given: Any) -> Any:
            self._note(operator, _said(operator, given))
            return original(operator, *args, **given)

        made.__wrapped__ = original.__wrapped__
        self._patches.enter_context(patch.object(BaseOperator, "__init__", made))
        self._follow(OperatorPartial, "_expand", lambda result: result)
        self._follow(_TaskDecorator, "_expand", lambda result: result.operator)
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.close()

    def _follow(self, kind: Any, name: str, operator: Callable[[Any], Any]) -> None:
        original = getattr(kind, name)

        def followed(of: Any, *args: Any, **given: Any) -> Any:
            kept = {n: v for n, v in of.kwargs.items() if not _is_default(n, v)}
            result = original(of, *args, **given)
            self._note(operator(result), kept)
            return result

        self._patches.enter_context(patch.object(kind, name, followed))

    def _note(self, operator: Any, given: Mapping[str, Any]) -> None:
        frame = self._frame()
        if frame is None:
            self._notes[id(operator)] = (operator, Note(given, _NOWHERE.place, {}))
            return
        self._notes[id(operator)] = (operator, Note(given, _place(frame), dict(frame.f_locals)))

    def _frame(self) -> FrameType | None:
        frame: FrameType | None = sys._getframe(1)
        while frame and frame.f_code.co_filename != self._file:
            frame = frame.f_back
        return frame

    def of(self, operator: Any) -> Note:
        """What was noted of an operator."""
        found = self._notes.get(id(operator))
        return found[1] if found else _NOWHERE


def _said(operator: Any, base: Mapping[str, Any]) -> dict[str, Any]:
    """What an operator that is being made was given where it is made, defaults of the DAG apart.

    That is what the outermost of its classes was given, else the ``base`` itself.
    """
    found = dict(base)
    frame: FrameType | None = sys._getframe(2)
    while frame:
        known = frame.f_locals
        if frame.f_code.co_name == "apply_defaults" and known.get("self") is operator:
            given, defaults = known["kwargs"], known.get("default_args", {})
            found = {n: v for n, v in given.items() if not (n in defaults and v is defaults[n])}
        frame = frame.f_back
    return found


def _is_default(name: str, value: Any) -> bool:
    """Whether an argument is what Airflow fills in for an operator that is mapped."""
    from airflow.sdk.bases.operator import OPERATOR_DEFAULTS

    return (name in OPERATOR_DEFAULTS and OPERATOR_DEFAULTS[name] == value) or value in (None, [])


def _place(frame: FrameType) -> tuple[int, int, int, int]:
    """The place of the call that a frame is at."""
    found = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    line, last, column, end = (number or 0 for number in found)
    return line or frame.f_lineno, column, last, end
