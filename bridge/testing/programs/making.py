"""What the makers of tasks and of composites share: the draws, the budget and the names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bridge.findings import Feature
from bridge.testing.programs.scope import IMPLIED, Held, Scope, Sort
from bridge.testing.programs.texts import FILES, NAMES, json_values, printable, texts
from bridge.values import At, Input, Return, at, constant, metric, pickled

__all__ = ["Making"]

T = TypeVar("T")

_CONSTANTS: dict[Sort, SearchStrategy[Any]] = {
    Sort.WHOLE: st.integers(-3, 9),
    Sort.NUMBER: st.sampled_from([0.5, 1.0, -0.0, 3, 1e-7]),
    Sort.FLAG: st.booleans(),
    Sort.TEXT: texts(),
    Sort.LIST: st.lists(json_values(), max_size=3),
    Sort.ANY: json_values(),
}


@cache
def _upto(number: int) -> SearchStrategy[int]:
    return st.integers(0, number)


@dataclass
class Making:
    """One program being made; ``tasks`` is how many more it may have.

    It ``fails`` if failures may be left unhandled; what is ``without`` a target has not.
    """

    draw: Callable[[SearchStrategy[Any]], Any]
    prefix: str
    without: Collection[Feature]
    fails: bool
    tasks: int
    number: int = 0

    def pick(self, options: Sequence[T]) -> T:
        """One of several; the first is the simplest."""
        number: int = self.draw(_upto(len(options) - 1))
        return options[number]

    def chance(self, percent: int) -> bool:
        """Whether something is to be that happens so often."""
        return bool(self.draw(_upto(99)) >= 100 - percent)

    def has(self, *features: Feature) -> bool:
        """Whether the target has all of the features."""
        return not any(feature in self.without for feature in features)

    def constant(self, sort: Sort) -> Any:
        """A JSON value of a sort."""
        return self.draw(_CONSTANTS[sort])

    def text(self) -> str:
        """Any text."""
        found: str = self.draw(texts())
        return found

    def label(self) -> str:
        """A name of a step or a branch."""
        found: str = self.draw(printable())
        return found

    def unique(self) -> int:
        """A number that is given once."""
        self.number += 1
        return self.number

    def name(self, scope: Scope, sort: Sort) -> str:
        """A name to set: a new one, or one that stands for a value of the same sort."""
        if not scope.once and self.chance(20):
            same = [n for n, held in scope.own.items() if held.sort is sort]
            if not scope.item:
                same += [n for n, found in IMPLIED.items() if found is sort]
                same += [n for n, h in scope.names.items() if h.sort is sort and h.sure]
            if same:
                return self.pick(same)
        return f"{self.prefix}{self.pick(NAMES)}{self.unique()}"

    def identifier(self) -> str:
        """A new name that a command can export."""
        return f"{self.prefix}e{self.unique()}"

    def file(self) -> str:
        """The path of a new file."""
        return f"{self.prefix}{self.unique()}{self.pick(FILES)}"

    def input(self, scope: Scope, sort: Sort, sure: bool = True) -> tuple[Input, Held]:
        """What an argument of a sort receives: a value of the scope, or a constant."""
        found = list(scope.find(sort, sure))
        if found and (sort is Sort.OBJECT or not self.chance(30)):
            name, path = self.pick(found)
            return at(name, *path), Held(sort) if path else scope.names[name]
        value = self.constant(sort)
        return constant(value), Held(sort, value=value)

    def place(self, scope: Scope, sort: Sort) -> At | None:
        """A value of the scope that is there for sure."""
        found = list(scope.find(sort))
        if not found:
            return None
        name, path = self.pick(found)
        return at(name, *path)

    def returned(self, name: str, sort: Sort) -> Return | str:
        """How a value of a sort is given back."""
        if sort is Sort.OBJECT:
            return pickled(name)
        return metric(name) if self.chance(10) else name
