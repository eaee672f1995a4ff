"""Which names and files a step touches, told before its place in the order is known."""

from __future__ import annotations

from collections.abc import Callable

from bridge.model import Conditional, Loop, Map, Step, Task
from bridge.nodes import files_of, returns_of, within
from bridge.signatures import Signature
from bridge.values import At

__all__ = ["Touches"]

Touched = tuple[set[str], tuple[str, ...]]


class Touches:
    """Names and globs of a step, with all that is inside it."""

    def __init__(self, signature: Callable[[Task], Signature | None]) -> None:
        self._signature = signature

    def reads(self, step: Step) -> Touched:
        """The names that a step may read, and the globs it gets."""
        names: set[str] = set()
        globs: list[str] = []
        bound: set[str] = set()
        for inner in within(step):
            if isinstance(inner, Task):
                names |= self._of_task(inner)
                globs += files_of(inner).get
            elif isinstance(inner, Loop):
                names.add(inner.break_on)
                bound.add(inner.index_as)
            elif isinstance(inner, Map | Conditional):
                names.add(inner.on.name)
                if isinstance(inner, Map):
                    bound.add(inner.iterate_as)
        return names - bound, tuple(globs)

    def _of_task(self, task: Task) -> set[str]:
        found = self._signature(task)
        given = task.bindings
        asked = {a.name for a in found.arguments if a.name not in given} if found else set()
        return asked | {at.name for at in given.values() if isinstance(at, At)}

    def writes(self, step: Step) -> Touched:
        """The names that a step sets, and the globs it puts."""
        names: set[str] = set()
        globs: list[str] = []
        for inner in within(step):
            names.update([r.name for r in returns_of(inner)])
            globs += files_of(inner).put
        return names, tuple(globs)
