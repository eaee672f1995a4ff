"""The steps of a pipeline in their places: in which flow each stands, and how its name begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bridge.flow import Flow, Given, Node, Source
from bridge.model import Conditional, Loop, Map, Parallel

__all__ = ["Item", "Place", "Places", "parts"]


def parts(node: Node) -> Mapping[str, Flow]:
    """The flows inside a composite that becomes several steps; others are the affair of one."""
    return node.inner if isinstance(node.task, Map | Conditional | Parallel | Loop) else {}


@dataclass(frozen=True, eq=False)
class Place:
    """A node of the flow of the pipeline, or of one inside the composite ``around``.

    ``key`` says in which of the pipelines of that composite it is.
    """

    flow: Flow
    node: Node
    around: Place | None = None
    key: str = ""

    @cached_property
    def maps(self) -> tuple[Place, ...]:
        """The maps around it, the outermost first."""
        if self.around is None:
            return ()
        own = (self.around,) if isinstance(self.around.node.task, Map) else ()
        return (*self.around.maps, *own)

    @cached_property
    def repeats(self) -> tuple[Place, ...]:
        """The maps and loops around it, the outermost first."""
        if self.around is None:
            return ()
        own = (self.around,) if isinstance(self.around.node.task, Map | Loop) else ()
        return (*self.around.repeats, *own)

    @cached_property
    def begins(self) -> tuple[str | int, ...]:
        """What its name in a record begins with; a number stands for that item or iteration."""
        if self.around is None:
            return ()
        above = (*self.around.begins, f"{self.around.node.path}.")
        if isinstance(self.around.node.task, Map | Loop):
            return (*above, len(self.repeats) - 1, ".")
        return (*above, f"{self.key}.")

    def name(self, items: Sequence[int] = ()) -> str:
        """Its name in the record of a run, for these items and iterations around it."""
        begins = (part if isinstance(part, str) else str(items[part]) for part in self.begins)
        return "".join([*begins, self.node.path])

    @cached_property
    def path(self) -> str:
        """Its path in the model, where items have no number."""
        if self.around is None:
            return self.node.path
        is_keyed = self.key or isinstance(self.around.node.task, Conditional | Parallel)
        return ".".join([self.around.path, *([self.key] if is_keyed else []), self.node.path])


@dataclass(frozen=True)
class Item:
    """The item of a map, or the number of a loop's iteration, as the source of a value."""

    map: Place


class Places:
    """Every node that becomes a step, or several, with those inside it behind it."""

    def __init__(self, flow: Flow) -> None:
        self.all: list[Place] = []
        self.parameters = flow.pipeline.parameters
        self._found: dict[tuple[int, str], Place] = {}
        self._around: dict[int, Place | None] = {}
        self._add(flow, None, "")

    def _add(self, flow: Flow, around: Place | None, key: str) -> None:
        self._around[id(flow)] = around
        for path, node in flow.nodes.items():
            place = self._found[id(flow), path] = Place(flow, node, around, key)
            self.all.append(place)
            for inner_key, inner in parts(node).items():
                self._add(inner, place, inner_key)
            if node.handler:
                self._add(node.handler, place, "on_failure")

    def __call__(self, flow: Flow, path: str) -> Place:
        """The place of a node."""
        return self._found[id(flow), path]

    def around(self, flow: Flow) -> Place | None:
        """The composite in which a flow stands, if any."""
        return self._around[id(flow)]

    def inside(self, place: Place) -> list[Place]:
        """All that is inside a composite, and inside that."""
        found: list[Place] = []
        for flow in parts(place.node).values():
            for path in flow.nodes:
                inner = self(flow, path)
                found += [inner, *self.inside(inner)]
        return found

    def origin(self, flow: Flow, source: Source) -> tuple[Source | Item, Flow]:
        """Where a value comes from that a flow may only have been given, and the flow there."""
        while isinstance(source, Given):
            around = self.around(flow)
            assert around
            if source.name in flow.begins:
                return Item(around), flow
            if source.name not in flow.given:  # an iteration may find what one before has set
                return source, flow
            source, flow = flow.given[source.name], around.flow
        return source, flow
