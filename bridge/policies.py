"""What is written on a task beside its work: its files, its policy; and where it is written."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from bridge.errors import ModelError, Where
from bridge.frozen import Frozen

__all__ = ["Catalog", "Dataset", "Resources", "Retry", "texts", "written_at"]

_FOLDER = os.path.dirname(__file__)  # noqa: PTH120 - as the interpreter spells it
_OWN = ("frozen.py", "model.py", "policies.py", "sdk.py")
_BUILDERS = {"<string>", *(os.path.join(_FOLDER, name) for name in _OWN)}  # noqa: PTH118


def written_at() -> Where | None:
    """Where the model object under construction stands in the user's source."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_code.co_filename in _BUILDERS:
        frame = frame.f_back
    return Where(frame.f_code.co_filename, frame.f_lineno)


def texts(value: str | Iterable[str], what: str) -> tuple[str, ...]:
    """The texts in ``value``, one or several. Raises ModelError, which says ``what`` they are."""
    if value == ():  # as most are, of many thousands of steps
        return ()
    found = (value,) if isinstance(value, str) else tuple(value)
    for text in found:
        if not isinstance(text, str):
            raise ModelError(f"{what} must be text, not {text!r}", written_at())
    return found


class Catalog(Frozen):
    """The files of a task, as globs relative to the working directory.

    ``get`` are placed before the task, ``put`` stored after it; with ``store_copy=False`` only the
    hash of what was put is recorded.
    """

    get: Sequence[str] = ()
    put: Sequence[str] = ()
    store_copy: bool = True

    def __post_init__(self) -> None:
        held = self.__dict__
        held["get"] = texts(self.get, "a glob of Catalog(get=...)")
        held["put"] = texts(self.put, "a glob of Catalog(put=...)")


class Retry(Frozen):
    """How often a failed task is tried again; ``delay`` in seconds, times ``backoff`` each time."""

    times: int
    delay: float = 0.0
    backoff: float = 1.0


class Resources(Frozen):
    """What a task asks of the machine: cores, memory in MB, graphic cards."""

    cpu: float | None = None
    memory: int | None = None
    gpu: int | None = None


class Dataset(Frozen):
    """A named place with a type: any importable class that has ``load()`` and ``save()``."""

    type: str
    path: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    credentials: str | None = None
