"""What a task finds around it: variables of the environment, secrets among them."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["environment", "hides", "mask", "secrets"]

_HIDDEN: list[str] = []


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of the environment for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def secrets(*names: str) -> Iterator[None]:
    """Make sure that these variables are set, and keep their values out of all that is told.

    While the block lasts they are masked in what is printed and logged, and in the text of an
    exception that leaves it. Raises ValueError for one that is not set.
    """
    for name in names:
        if name not in os.environ:
            raise ValueError(f"secret '{name}' is not set in the environment")
    values = [os.environ[name] for name in names if os.environ[name]]
    _HIDDEN.extend(values)
    before, factory = (sys.stdout, sys.stderr), logging.getLogRecordFactory()
    sys.stdout, sys.stderr = _Masked(before[0]), _Masked(before[1])
    logging.setLogRecordFactory(_masking(factory))
    try:
        yield
    except BaseException as error:
        error.args = _masked(error.args)
        if mask(str(error)) != str(error):
            error.args = (mask(str(error)),)
        raise
    finally:
        sys.stdout, sys.stderr = before
        logging.setLogRecordFactory(factory)
        for value in values:
            _HIDDEN.remove(value)


def hides() -> bool:
    """Whether there is anything to mask."""
    return bool(_HIDDEN)


def mask(text: str) -> str:
    """The text without the values of the secrets in use."""
    for value in sorted(_HIDDEN, key=len, reverse=True):
        text = text.replace(value, "***")
    return text


def _masked(value: Any) -> Any:
    """A value without secrets in the texts that it is made of."""
    if isinstance(value, str):
        return mask(value)
    if type(value) in (list, tuple, set):
        return type(value)(map(_masked, value))
    if type(value) is dict:
        return {_masked(key): _masked(inner) for key, inner in value.items()}
    return value


def _masking(factory: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """Makes records of the log without secrets, before a handler breaks them into lines."""

    def make(*args: Any, **more: Any) -> logging.LogRecord:
        record = factory(*args, **more)
        with suppress(TypeError, ValueError):  # a wrong format, of which the handler tells
            record.msg, record.args = mask(record.getMessage()), ()
        return record

    return make


class _Masked:
    """A stream that masks what is written to it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return int(self._stream.write(mask(text)) or 0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
