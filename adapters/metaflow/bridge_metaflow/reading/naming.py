"""The names of values in the pipeline: those of their attributes, where nothing is in the way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from bridge_metaflow.reading.reach import Def, Listed, Value, flat

__all__ = ["ValueNames"]


class ValueNames:
    """Names values, those between which a reader cannot tell alike.

    ``place`` gives the order of the steps, ``taken`` are names that mean something else, and
    ``given`` those of what the run is given where they differ from the attribute.
    """

    def __init__(
        self, place: Mapping[str, int], taken: Collection[str], given: Mapping[str, str]
    ) -> None:
        self._place, self._taken = place, taken
        self._parent: dict[Def, Def] = {}
        self._names = {Def("", name): new for name, new in given.items()}

    def name(self, value: Value) -> str:
        """The name of a value."""
        root = self.root(value)
        return self._names.get(root, root.name)

    def root(self, value: Value) -> Def:
        """The value that stands for all those that are named alike."""
        while isinstance(value, Listed):
            value = min(value.values, key=lambda v: self._order(next(flat([v]))))
        while value in self._parent:
            value = self._parent[value]
        return value

    def _order(self, value: Def) -> int:
        return self._place.get(value.step, -1)

    def unite(self, values: Iterable[Value]) -> bool:
        """Let values have one name; says whether they had several."""
        roots = sorted({self.root(v) for v in values}, key=self._order)
        for root in roots[1:]:
            self._parent[root] = roots[0]
        return len(roots) > 1

    def rename(self, value: Value, step: str) -> bool:
        """Give a value the name of its step beside its own; says whether that was possible."""
        root = self.root(value)
        if root in self._names or not root.step:
            return False
        wanted = f"{step or root.step}__{root.name}"
        while wanted in self._names.values() or wanted in self._taken:
            wanted += "_"
        self._names[root] = wanted
        return True
