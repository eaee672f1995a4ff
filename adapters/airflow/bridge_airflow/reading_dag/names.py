"""The names that what tasks hand on has in the scope of the pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bridge.emit.names import Names, identifier

__all__ = ["RETURNED", "ValueNames"]

RETURNED = "return_value"


class ValueNames:
    """A name for each XCom, and for what is made beside them; none is one of a parameter's."""

    def __init__(self, tasks: Iterable[Mapping[str, Any]], taken: Iterable[str]) -> None:
        ids = [task["id"] for task in tasks]
        self._last = Counter(identifier(task_id.rpartition(".")[2]) for task_id in ids)
        self._names = Names()
        for name in taken:
            self._names(f"param {name}", name)
        for task_id in ids:
            self(task_id)
        self.origins: dict[str, tuple[str, str]] = {self(i): (i, RETURNED) for i in ids}

    def __call__(self, task_id: str, key: str = RETURNED) -> str:
        """The name of what a task has pushed under a key."""
        last = identifier(task_id.rpartition(".")[2])
        wanted = last if self._last[last] < 2 else identifier(task_id)
        if key != RETURNED:
            wanted = identifier(key)
        return self._names(f"{task_id} {key}", wanted)

    def pushed(self, task_id: str, key: str) -> str:
        """The name of what a task pushes, noted as one that a run gives."""
        name = self(task_id, key)
        self.origins[name] = (task_id, key)
        return name

    def fresh(self, wanted: str) -> str:
        """A name for something else."""
        return self._names(f"made {wanted}", wanted)
