"""What is known of a scope while a program is made: the names that stand there, and the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

__all__ = ["IMPLIED", "Held", "Scope", "Sort", "left", "places", "sort_of"]

Path = tuple[str | int, ...]


class Sort(StrEnum):
    """What sort of value it is."""

    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    TEXT = "text"
    LIST = "list"
    ANY = "any"
    OBJECT = "object"

    def fits(self, wanted: Sort) -> bool:
        """Whether a value of this sort may go where ``wanted`` is asked for."""
        if self is wanted or (self, wanted) == (Sort.WHOLE, Sort.NUMBER):
            return True
        return wanted is Sort.ANY and self is not Sort.OBJECT


IMPLIED: Mapping[str, Sort] = {
    "x": Sort.WHOLE,
    "text": Sort.TEXT,
    "values": Sort.LIST,
    "value": Sort.ANY,
    "by": Sort.NUMBER,
    "flag": Sort.FLAG,
    "thing": Sort.OBJECT,
    "others": Sort.ANY,
}
"""Names that are arguments too, so that they are read without being asked for."""


@dataclass(frozen=True)
class Held:
    """What is known of a value: whether it is there for sure, and of a list what is in it."""

    sort: Sort
    sure: bool = True
    items: Sort = Sort.ANY
    value: Any = None
    """The value itself, of a parameter."""


@dataclass
class Scope:
    """The names and files that a step finds; ``own`` are the names set since the scope began.

    With ``once`` no name is set twice. ``item`` is the name of the item, in a map.
    """

    names: dict[str, Held] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    own: dict[str, Held] = field(default_factory=dict)
    once: bool = False
    item: str = ""
    repeated: bool = False

    def inside(self, **more: Any) -> Scope:
        """A scope that starts from all that is here."""
        return replace(self, names=dict(self.names), files=[*self.files], own={}, **more)

    def bind(self, name: str, held: Held) -> None:
        """Let ``name`` be set from here on."""
        self.names[name] = self.own[name] = held

    def absorb(self, names: Mapping[str, Held], files: Iterable[str] = ()) -> None:
        """Take over what a step has left."""
        for name, held in names.items():
            before = self.names.get(name)
            if not held.sure and before:
                held = replace(before, items=Sort.ANY, value=None)
            self.bind(name, held)
        self.files += [file for file in files if file not in self.files]

    def find(self, sort: Sort, sure: bool = True) -> Iterator[tuple[str, Path]]:
        """The places of all values that fit a sort."""
        for name, held in self.names.items():
            if sure and not held.sure:
                continue
            if held.sort.fits(sort):
                yield name, ()
            for path, inner in places(held.value):
                if path and sort_of(inner).fits(sort):
                    yield name, path


def places(value: Any) -> Iterator[tuple[Path, Any]]:
    """All that is in a JSON value, itself first."""
    yield (), value
    inner = value.items() if isinstance(value, dict) else ()
    for key, part in enumerate(value) if isinstance(value, list) else inner:
        for path, found in places(part):
            yield (key, *path), found


def sort_of(value: Any) -> Sort:
    """The sort of a JSON value."""
    sorts = {bool: Sort.FLAG, int: Sort.WHOLE, float: Sort.NUMBER, str: Sort.TEXT, list: Sort.LIST}
    return sorts.get(type(value), Sort.ANY)


def left(ways: Iterable[Mapping[str, Held]]) -> dict[str, Held]:
    """What is there after one of several ways, whichever it was."""
    ways = list(ways)
    found: dict[str, Held] = {}
    for name in dict.fromkeys(name for way in ways for name in way):
        helds = [way[name] for way in ways if name in way]
        sorts = {held.sort for held in helds}
        sure = len(helds) == len(ways) and all(held.sure for held in helds)
        found[name] = Held(sorts.pop() if len(sorts) == 1 else Sort.ANY, sure)
    return found
