"""What a name may stand for: values by the steps that set them, and lists of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

__all__ = ["Def", "Env", "Listed", "Reach", "Scope", "Slot", "Value", "either_scope", "flat"]


class Def(NamedTuple):
    """What a step sets an attribute to; what the run is given is set by no step."""

    step: str
    name: str


class Listed(NamedTuple):
    """The list of what the items behind a split have set."""

    split: str
    values: frozenset[Value]


Value = Def | Listed


class Reach(NamedTuple):
    """What an attribute may be at some place, and whether it is sure to be there.

    One that is not there may be ``held`` as None all the same.
    """

    values: frozenset[Value]
    certain: bool = True
    held: bool = True


class Slot(NamedTuple):
    """Something that a step reads: ``what`` it is of (self, branch, list, items), and of which."""

    what: str
    name: str
    of: str = ""


Env = dict[str, Reach]
Scope = dict[str, frozenset[Value | None]]
"""What each name of the pipeline may hold; None: perhaps it is not there."""


def flat(values: Iterable[Value]) -> Iterator[Def]:
    """The values themselves and those in lists."""
    for value in values:
        if isinstance(value, Listed):
            yield from flat(value.values)
        else:
            yield value


def either_scope(scopes: list[Scope]) -> Scope:
    """What each name may hold behind one of several ways."""
    absent: frozenset[Value | None] = frozenset([None])
    names = dict.fromkeys(n for scope in scopes for n in scope)
    return {
        name: frozenset(v for scope in scopes for v in scope.get(name, absent)) for name in names
    }
