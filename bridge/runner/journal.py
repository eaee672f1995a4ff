"""What each step of a run gave, noted as it ends, so that another run can go on from there.

The journal is a line of JSON an entry, each written at once by the process that owns the run: what
is in it has happened, whatever is killed afterwards. The first line says whose run it is and with
which parameters it began. A line that a crash has cut off does not count.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bridge.errors import RunError, UsageError
from bridge.record import StepRun
from bridge.runner.owner import owner
from bridge.runner.work import Log, Outcome

__all__ = ["Entry", "Journal", "begun_with", "entries", "lines"]

Entry = Mapping[str, Any]

_NAME = "steps.jsonl"
_SHARE = 0.01
"""The part of its time that a run may spend on waiting for the disk."""


class Journal:
    """The journal of one run, in its folder; several threads may write."""

    def __init__(self, folder: Path, parameters: Mapping[str, Any], **more: Any) -> None:
        self._path, self._lock = folder / _NAME, threading.Lock()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._file = os.open(self._path, flags, 0o666)
        self._synced, self._cost, self._end = time.perf_counter(), 0.0, 0
        self.write({"parameters": parameters, "owner": owner(), **more})

    def note(self, place: str, step: StepRun, outcome: Outcome, inputs: str, key: str) -> None:
        """Note how the step at a place ended, what it gave and the files it put.

        ``inputs`` and ``key`` tell what it was given and what it is.
        """
        given = {"place": place, "key": key, "inputs": inputs, "saved": list(outcome.saved)}
        values = {name: value for name, (_, value) in outcome.values.items()}
        self.write({**step.to_json(), **given, "values": values, "files": dict(outcome.files)})

    def wrote(self, name: str, attempt: int, log: Log) -> None:
        """Note where the output of an attempt is kept."""
        self.write({"name": name, "attempt": attempt, "log": log})

    def write(self, entry: Entry) -> None:
        """Add an entry. Raises RunError when that is impossible; what was there stays good."""
        self.adopt([f"{json.dumps(entry)}\n".encode()])

    def adopt(self, found: Iterable[bytes]) -> None:
        """Add entries as they stand in the journal of another run. Raises RunError as above."""
        data = memoryview(b"".join(found))
        with self._lock:
            if self._file < 0:  # whose number may be that of another file by now
                raise RunError(f"the run recorded in '{self._path}' is over")
            end = self._end + len(data)
            try:
                while data:
                    data = data[os.write(self._file, data) :]
                self._sync()
                self._end = end
            except OSError as error:
                os.ftruncate(self._file, self._end)
                raise RunError(
                    f"the run cannot be recorded in '{self._path}': {error.strerror}; what had "
                    "finished is kept: go on with --resume when that is mended"
                ) from error

    def _sync(self) -> None:
        """Wait for the disk as often as that costs a run next to nothing."""
        now = time.perf_counter()
        if (now - self._synced) * _SHARE >= self._cost:
            getattr(os, "fdatasync", os.fsync)(self._file)
            self._synced = time.perf_counter()
            self._cost = self._synced - now

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            os.close(self._file)
            self._file = -1


def begun_with(folder: Path) -> dict[str, Any]:
    """The parameters that the run in ``folder`` began with. Raises UsageError when it had not."""
    return dict(next(iter(entries(folder)))["parameters"])


def entries(folder: Path) -> list[Entry]:
    """All that the run in ``folder`` has noted, its beginning first.

    Raises UsageError when it had not begun, or when the journal is damaged.
    """
    return [entry for entry, _ in lines(folder)]


def lines(folder: Path) -> list[tuple[Entry, bytes]]:
    """The entries with the lines that they stand in. Raises UsageError as ``entries`` does."""
    try:
        found = (folder / _NAME).read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise UsageError(f"run '{folder.name}' cannot be resumed: {error}") from error
    if found and not found[-1].endswith(b"\n"):
        found.pop()
    parsed = _parsed(folder, found)
    if not parsed:
        raise UsageError(f"run '{folder.name}' cannot be resumed: it had not begun")
    return list(zip(parsed, found, strict=False))  # the last may not count


def _parsed(folder: Path, found: list[bytes]) -> list[Entry]:
    with suppress(ValueError):  # all at once takes half the time, but cannot say what is damaged
        parsed: list[Entry] = json.loads(f"[{b','.join(found).decode()}]")
        if len(parsed) == len(found):
            return parsed
    return list(_one_by_one(folder, found))


def _one_by_one(folder: Path, found: list[bytes]) -> Iterator[Entry]:
    for number, line in enumerate(found, 1):
        try:
            yield json.loads(line)
        except ValueError:
            if number < len(found):
                raise UsageError(
                    f"run '{folder.name}' cannot be resumed: its journal is damaged in line "
                    f"{number} ({folder / _NAME})"
                ) from None
