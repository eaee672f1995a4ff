"""What an attempt writes, told of while it goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bridge.runner.work import Log

__all__ = ["Tail"]

_WAITING = 64 << 10
"""So many bytes at most wait for the end of their line."""


class Tail:
    """Tells of what is added to a log below ``runs``, of which ``before`` was the last part."""

    def __init__(self, runs: Path, before: Log, tell: Callable[[Log], None]) -> None:
        self._runs, self._tell = runs, tell
        self._name, _, self._told = before

    def look(self) -> None:
        """Tell of the lines that are complete."""
        with (self._runs / self._name).open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = file.seek(max(self._told, size - _WAITING))
            data = file.read(size - begin)
        self.rest(begin + max(data.rfind(b"\n"), data.rfind(b"\r")) + 1)

    def rest(self, end: int) -> None:
        """Tell of all up to here."""
        if end > self._told:
            self._tell((self._name, self._told, end))
            self._told = end
