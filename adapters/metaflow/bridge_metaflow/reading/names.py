"""The names of what a flow has none for: items, their numbers, composites, functions."""

from __future__ import annotations

from collections.abc import Collection

from bridge.emit.names import Names

__all__ = ["FlowNames", "singular"]


def singular(name: str) -> str:
    """One of what ``name`` is the plural of; empty text where that cannot be told."""
    for ending, instead in (
        ("ies", "y"),
        ("sses", "ss"),
        ("xes", "x"),
        ("ches", "ch"),
        ("shes", "sh"),
    ):
        if name.endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)] + instead
    plural = name.endswith("s") and not name.endswith(("ss", "us", "is")) and len(name) > 1
    return name[:-1] if plural else ""


class FlowNames:
    """Hands names out, each once, by the step that they belong to."""

    def __init__(self, taken: Collection[str]) -> None:
        self._names = Names(taken)
        self._taken = set(taken)
        self._given: dict[tuple[str, str], str] = {}

    def settle_item(self, split: str, name: str) -> None:
        """Let an item have a name that is known."""
        self._given[split, "item"] = name

    def _name(self, key: tuple[str, str], *wanted: str) -> str:
        if key not in self._given:
            free = [w for w in wanted if w and w not in self._taken]
            self._given[key] = self._names(":".join(key), free[0] if free else wanted[-1])
            self._taken.add(self._given[key])
        return self._given[key]

    def item(self, split: str, over: str) -> str:
        """An item of the list of a split."""
        return self._name((split, "item"), singular(over), "item")

    def number(self, split: str, over: str) -> str:
        """The number of such an item."""
        return self._name((split, "number"), f"{self.item(split, over)}_number")

    def numbers(self, split: str, over: str) -> str:
        """The list of these numbers."""
        return self._name((split, "numbers"), f"{self.item(split, over)}_numbers")

    def over(self, step: str) -> str:
        """Whether a step that is done again is done."""
        return self._name((step, "over"), f"{step}_over")
