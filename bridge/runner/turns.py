"""Tasks that touch the same files in the working directory, one after the other.

Within a run only those wait for one another that put or get the same paths. Between runs in one
folder all that touch files do, by a lock on the folder itself, which a crash gives back.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import NamedTuple

from bridge.globs import asked, overlap
from bridge.model import Catalog

__all__ = ["HELD", "Turns"]

HELD = "BRIDGE_FOLDER_HELD"
"""The variable that tells a run inside a task that the lock on this folder is its own already."""


class _Touched(NamedTuple):
    puts: tuple[str, ...]
    gets: Mapping[str, str]


class Turns:
    """The turns of the tasks of one run in the working directory."""

    def __init__(self) -> None:
        self._working: list[_Touched] = []
        self._changed = threading.Condition()
        self._folder = -1

    @contextmanager
    def turn(self, catalog: Catalog, files: Iterable[Mapping[str, str]]) -> Iterator[None]:
        """Wait until nobody else touches the files that a task puts, or gets of ``files``."""
        if not (catalog.get or catalog.put):
            yield
            return
        touched = _Touched(tuple(catalog.put), asked(catalog.get, files))
        with self._changed:
            while any(_clash(touched, other) for other in self._working):
                self._changed.wait()
            if not self._working:
                self._lock()
            self._working.append(touched)
        try:
            yield
        finally:
            with self._changed:
                self._working.remove(touched)
                if not self._working:
                    self._unlock()
                self._changed.notify_all()

    def _lock(self) -> None:
        if os.environ.get(HELD) == os.getcwd():  # noqa: PTH109 - compared as text
            return
        self._folder = os.open(".", os.O_RDONLY)
        with suppress(ImportError, OSError):  # a file system without locks
            import fcntl

            fcntl.flock(self._folder, fcntl.LOCK_EX)

    def _unlock(self) -> None:
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1


def _clash(one: _Touched, other: _Touched) -> bool:
    return (
        any(overlap(a, b) for a in one.puts for b in (*other.puts, *other.gets))
        or any(overlap(a, b) for a in other.puts for b in one.gets)
        or any(other.gets.get(path, ref) != ref for path, ref in one.gets.items())
    )
