"""Tasks that are carried out one after the other inside one task of the framework.

Each is told of in the log as it ends, by its name, attempts and time. Where the environment names
a file in PIPELINE_STEPS, it is noted there too, as a line of JSON.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = [
    "ABSENT",
    "Terminated",
    "attempts",
    "choose",
    "each",
    "part",
    "present",
    "reduced",
    "step",
    "time_limit",
]

logger = logging.getLogger(__name__)


class ABSENT:
    """Stands for a value that was not set on the way that the pipeline took."""


class Terminated(Exception):  # noqa: N818 - it is no error of the task
    """A task ends the run with a failure, as it was told to."""


class Attempt:
    """One attempt at a task: a block whose failure is held back while more may follow.

    ``number`` counts from 1, ``seconds`` is what it and those before it took.
    """

    def __init__(self, name: str, number: int, left: int, seconds: float, files: Any) -> None:
        self.number, self.seconds, self.succeeded = number, seconds, False
        self._name, self._left, self._files = name, left, files

    def __enter__(self) -> Attempt:
        self._began = time.perf_counter()
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> bool:
        self.seconds += time.perf_counter() - self._began
        self.succeeded = error is None
        if _may_be_tried_again(error) and self._left:
            logger.warning("%s failed at attempt %d: %s", self._name, self.number, error)
            return True
        _note(self._name, self.number, self.seconds, error, self._files)
        return False


def _may_be_tried_again(error: BaseException | None) -> bool:
    return isinstance(error, Exception | SystemExit) and not isinstance(error, Terminated)


def attempts(
    name: str,
    retries: int = 0,
    delay: float = 0.0,
    backoff: float = 1.0,
    files: Mapping[str, str] | None = None,
) -> Iterator[Attempt]:
    """The attempts at a task, until one succeeds or ``retries`` more than the first have failed.

    ``delay`` is in seconds, times ``backoff`` after each. ``files`` becomes those that it puts.

        for attempt in attempts("fetch", retries=2):
            with attempt:
                page = fetch()
    """
    seconds = 0.0
    for number in range(1, retries + 2):
        attempt = Attempt(name, number, retries + 1 - number, seconds, files)
        yield attempt
        if attempt.succeeded:
            return
        seconds = attempt.seconds
        time.sleep(delay * backoff ** (number - 1))


def step(name: str, files: Mapping[str, str] | None = None) -> Attempt:
    """A task that is attempted once; ``files`` becomes those that it puts."""
    return Attempt(name, 1, 0, 0.0, files)


def _note(
    name: str,
    number: int,
    seconds: float,
    error: BaseException | None,
    files: Mapping[str, str] | None,
) -> None:
    status = "failed" if error else "succeeded"
    logger.info("%s %s at attempt %d in %.2f s", name, status, number, seconds)
    if path := os.environ.get("PIPELINE_STEPS"):
        found = {"name": name, "status": status, "attempts": number, "seconds": seconds}
        told = {"type": type(error).__name__, "text": str(error)} if error else None
        line = json.dumps({**found, "error": told, "files": dict(files or {})})
        with Path(path).open("a", encoding="utf-8") as log:
            log.write(line + "\n")


class _Late(BaseException):
    """Raised in the middle of work that takes too long; not an Exception, so nobody catches it."""


class time_limit:  # noqa: N801 - used as a verb, with time_limit(5):
    """Ends the work in the block after so many seconds, with a TimeoutError.

    Raises RuntimeError outside the main thread, where nothing can be interrupted.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> time_limit:
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("a time limit needs the main thread; use a runner of processes")
        self._before = signal.signal(signal.SIGALRM, self._ring)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        return self

    def _ring(self, number: int, frame: Any) -> None:
        raise _Late

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)
        if isinstance(error, _Late):
            raise TimeoutError(f"timed out after {self.seconds:g} seconds") from None


def present(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the values that are there."""
    return {name: value for name, value in values.items() if value is not ABSENT}


def choose(
    name: str, value: Any, keys: Iterable[Any], default: bool = False, told: bool = True
) -> Any:
    """Which of ``keys`` a value selects: the one equal to it as JSON, else the one of its text.

    Without any, "default" if there is such a branch. Raises ValueError otherwise, which is noted
    as a failure of ``name`` unless not to be ``told``.
    """
    keys = list(keys)
    for key in keys:
        if key == value and isinstance(key, bool) == isinstance(value, bool):
            return key
    if not isinstance(value, str):
        for key in keys:
            if isinstance(key, str) and key in (str(value), json.dumps(value)):
                return key
    if default:
        return "default"
    listed = ", ".join(map(repr, keys))
    error = ValueError(f"'{name}' has no branch for {value!r}; there are {listed}")
    if told:
        _note(name, 1, 0.0, error, None)
    raise error


def each(name: str, values: Any, told: bool = True) -> list[Any]:
    """The items of a list. Raises ValueError for what is none, noted as a failure of ``name``."""
    if isinstance(values, list):
        return values
    error = ValueError(f"'{name}' is to iterate on a list, not on {values!r}")
    if told:
        _note(name, 1, 0.0, error, None)
    raise error


def part(name: str, value: Any, *path: str | int, told: bool = True) -> Any:
    """What stands in a JSON value at ``path``. Raises ValueError where there is nothing."""
    try:
        for key in path:
            value = value[key]
    except (LookupError, TypeError):
        error = ValueError(f"'{name}' reads a place {path!r} that is not there")
        if told:
            _note(name, 1, 0.0, error, None)
        raise error from None
    return value


def reduced(name: str, function: Any, values: list[Any]) -> Any:
    """What a function makes of the values; its failure is noted as one of ``name``."""
    try:
        return function(values)
    except (Exception, SystemExit) as error:
        _note(name, 1, 0.0, error, None)
        raise
