"""Work that may be done at the same time, by as many threads as there is room for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from heapq import heapify, heappop, heappush

__all__ = ["Room", "together"]


class Room:
    """How many threads there may be in a run at once, the first of all included."""

    def __init__(self, size: int) -> None:
        self._free = size - 1
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take the place of one more thread, if there is one."""
        with self._lock:
            found = self._free > 0
            self._free -= found
            return found

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            self._free += 1


def together(
    count: int,
    work: Callable[[int], None],
    room: Room,
    needs: Sequence[Collection[int]] | None = None,
) -> None:
    """Call ``work`` with each number below ``count``, lower ones first, and wait for all.

    A number waits for those that it ``needs``, of which none may need it in turn. What ``work``
    raises is raised here, and nothing more is begun then.
    """
    _Together(count, work, room, needs).run()


class _Together:
    def __init__(
        self,
        count: int,
        work: Callable[[int], None],
        room: Room,
        needs: Sequence[Collection[int]] | None,
    ) -> None:
        self._work, self._room, self._left = work, room, count
        self._missing = [len(found) for found in needs] if needs else [0] * count
        self._users: list[list[int]] = [[] for _ in needs or ()]
        for i, found in enumerate(needs or ()):
            for other in found:
                self._users[other].append(i)
        self._ready = [i for i, missing in enumerate(self._missing) if not missing]
        heapify(self._ready)
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._threads: set[threading.Thread] = set()

    def run(self) -> None:
        while (i := self._next(waits=True)) is not None:
            self._do(i)
        if self._error is None or isinstance(self._error, Exception):
            for thread in list(self._threads):  # of an interrupt they learn when workers end
                thread.join()
        if self._error:
            raise self._error

    def _next(self, waits: bool) -> int | None:
        """The number to go on with; none when there is no more, or none for now."""
        with self._changed:
            while not self._ready and self._left and waits and not self._error:
                self._changed.wait()
            if not self._ready or self._error:
                return None
            found = heappop(self._ready)
            if self._ready and self._room.take():
                self._start()
            return found

    def _start(self) -> None:
        thread = threading.Thread(target=self._help, daemon=True)
        self._threads.add(thread)
        thread.start()

    def _help(self) -> None:
        try:
            while (i := self._next(waits=False)) is not None:
                self._do(i)
        finally:
            self._room.leave()

    def _do(self, i: int) -> None:
        error: BaseException | None = None
        try:
            self._work(i)
        except BaseException as problem:
            error = problem
        with self._changed:
            self._left -= 1
            self._error = self._error or error
            for user in self._users[i] if self._users else ():
                self._missing[user] -= 1
                if not self._missing[user]:
                    heappush(self._ready, user)
            self._changed.notify_all()
