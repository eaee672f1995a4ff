"""A flow where it is written: under which variables and expressions its values are found."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bridge.emit.names import identifier
from bridge.emit.python import literal
from bridge.emit.sharing import key, repeats, usage
from bridge.flow import Flow, Node, Output
from bridge.model import Parallel

__all__ = ["Name", "Place", "file_name", "inside", "owns", "text"]

Name = tuple[str | tuple[str], ...]
"""The beginning of a step's name: texts, and variables that hold a number."""


@dataclass
class Place:
    """A flow where it is written.

    ``given`` are the expressions of what it is given, ``files`` those of the manifests; ``targets``
    the variables that its names go to. ``gather`` are the variables of lists that are told of each
    manifest. It is ``careful`` where a handler of failures must find the names as they were;
    ``owned`` are the values given that nobody else has, ``begun`` the targets that have a value,
    ``unset`` those of which it is known that they still have none.
    ``number`` is its own, for the variables that belong to it.
    """

    flow: Flow
    name: Name = ()
    given: dict[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    targets: dict[str, str] = field(default_factory=dict)
    gather: tuple[str, ...] = ()
    careful: bool = False
    owned: frozenset[str] = frozenset()
    outermost: bool = False
    begun: set[str] = field(default_factory=set)
    unset: set[str] = field(default_factory=set)
    usage: Counter[Any] | None = None
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    manifests: dict[str, tuple[str, ...]] = field(default_factory=dict)
    number: int = field(default_factory=count().__next__)

    def expression(self, source: Any) -> str:
        """The variable of a value that was made here, or what is given.

        What steps that may have failed have not made is what was before.
        """
        if not isinstance(source, Output):
            return self.given[source.name]
        variable, before = self.made[source.step, source.name], source.before
        while isinstance(before, Output):
            before = before.before
        if before is None or variable in self.begun:
            return variable
        return f"({variable} if {variable} is not ABSENT else {self.expression(before)})"

    def manifests_of(self, paths: Sequence[str]) -> tuple[str, ...]:
        """The expressions of the manifests of steps; empty text stands for those given."""
        return tuple(m for p in paths for m in (self.manifests.get(p, ()) if p else self.files))

    def is_shared(self, source: Any) -> bool:
        """Whether a value is used by others than one task, so that none may change it."""
        if isinstance(source, Output):
            left = self.flow.sets.get(source.name)
            return self._uses(source) > 1 or (left is not None and left.step == source.step)
        return source.name not in self.owned or self._uses(source) > 1

    def _uses(self, source: Any) -> int:
        if self.usage is None:
            self.usage = usage(self.flow)
        return self.usage[key(source)]

    def taken(self, name: str, source: Any) -> str:
        """The expression of what a flow inside takes under a name."""
        return self.given[name] if self.outermost else self.expression(source)


def inside(place: Place, node: Node | None, flow: Flow, at: Name, gather: tuple[str, ...]) -> Place:
    """A flow inside the one of ``place``, with all that it is given; ``at`` begins its names."""
    given = {name: place.taken(name, source) for name, source in flow.given.items()}
    files = place.manifests_of(flow.given_files)
    inner = Place(flow, (*place.name, *at), given, files, {}, gather, place.careful)
    if node and not repeats(node):
        inner.owned = frozenset(n for n, s in flow.given.items() if owns(place, node, n, s))
    return inner


def owns(place: Place, node: Node, name: str, source: Any) -> bool:
    """Whether a flow inside ``node`` is alone in using a value that it is given."""
    takers = [flow for flow in node.inner.values() if name in flow.given]
    if isinstance(node.task, Parallel) and len(takers) > 1:
        return False
    return name in place.owned if place.outermost else not place.is_shared(source)


def text(name: Name) -> str:
    """The expression of a step's name."""
    if all(isinstance(part, str) for part in name):
        return literal("".join(part for part in name if isinstance(part, str)))
    parts = (f"{{{p[0]}}}" if isinstance(p, tuple) else "".join(map(_escaped, p)) for p in name)
    return f'f"{"".join(parts)}"'


def _escaped(char: str) -> str:
    """A character as it is written between the quotes of an f-string."""
    if char in "{}":
        return char * 2
    if char in '"\\':
        return f"\\{char}"
    return char if char.isprintable() else repr(char)[1:-1]


def file_name(name: Name) -> str:
    """A step's name as a part of a file's name, to stand in an f-string."""
    *start, last = name
    assert isinstance(last, str)
    texts = [
        f"{{{p[0]}}}" if isinstance(p, tuple) else identifier(p, ascii_only=True) for p in start
    ]
    plain = [part for part in texts if part.strip("_")]
    return re.sub("_+", "_", "_".join([*plain, identifier(last, ascii_only=True)]))
