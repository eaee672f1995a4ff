"""Flows inside flows, where each is written: which task of Airflow has a value or a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bridge.flow import Flow, Given, Node, Output, Parameter, Read
from bridge.model import Map, Parallel
from bridge.scope import Stored
from bridge.unit import Unit
from bridge.values import Constant, Fact
from bridge_airflow.ids import is_many

__all__ = ["Item", "Origin", "Place", "Places", "Result", "Spot", "control", "is_composite"]


@dataclass(frozen=True, eq=False)
class Place:
    """A flow where it is written.

    ``prefix`` is what the paths of its steps begin with; ``mapped`` the path of the map for whose
    items it runs.
    """

    flow: Flow
    prefix: str = ""
    around: Place | None = None
    mapped: str = ""

    @property
    def is_item(self) -> bool:
        """Whether it is the branch of a map itself."""
        return self.prefix == f"{self.mapped}."


class Spot(NamedTuple):
    """A node in its place; ``path`` is that from the outermost pipeline."""

    place: Place
    node: Node
    path: str

    @property
    def own_item(self) -> bool:
        """Whether it is the only step of a map, so that it is mapped itself."""
        return self.place.is_item and not is_many(self.place.flow.pipeline)


class Result(NamedTuple):
    """What the task at a path returns under a name."""

    path: str
    name: str


class Item(NamedTuple):
    """The item of the map at a path."""

    path: str


Origin = Result | Item | Parameter | Stored | Constant | Fact


def is_composite(node: Node) -> bool:
    """Whether a node is several tasks of Airflow, and not one."""
    return bool(node.inner) and not isinstance(node.task, Unit)


def control(node: Node) -> Read | None:
    """What decides how a composite runs, as it is read in the flow that holds it."""
    if node.control is None:
        return None
    name = node.control.argument.name
    found = next(read for read in node.reads if read.argument.name == name)
    return Read(found.argument, found.source, node.control.path)


@dataclass
class Places:
    """All places of a flow; ``spots`` are their nodes by path, a composite before what is in it.

    ``inner`` has the places in a composite by its path, ``parts`` for each node of the outermost
    flow its own spot and those of all nodes inside.
    """

    outermost: Place
    spots: dict[str, Spot] = field(default_factory=dict)
    inner: dict[str, Mapping[str, Place]] = field(default_factory=dict)
    parts: dict[str, list[Spot]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for spot in self._walk(self.outermost):
            self.spots[spot.path] = spot
            if spot.place is self.outermost:
                part = self.parts[spot.path] = []
            part.append(spot)

    def _walk(self, place: Place) -> Iterator[Spot]:
        for node in place.flow.nodes.values():
            spot = Spot(place, node, place.prefix + node.path)
            yield spot
            if not is_composite(node):
                continue
            mapped = spot.path if isinstance(node.task, Map) else place.mapped
            self.inner[spot.path] = {
                key: Place(flow, place.prefix + node.at(key), place, mapped)
                for key, flow in node.inner.items()
            }
            for inner in self.inner[spot.path].values():
                yield from self._walk(inner)

    def find(self, place: Place, source: object) -> Origin:
        """Where the value of a source comes from that stands in the flow of ``place``."""
        if isinstance(source, Given):
            if source.name in place.flow.begins:
                return Item(place.mapped)
            assert place.around
            return self.find(place.around, place.flow.given[source.name])
        if isinstance(source, Output):
            path = place.prefix + source.step
            if isinstance(self.spots[path].node.task, Parallel):
                branches = self.inner[path].values()
                last = [inner for inner in branches if source.name in inner.flow.sets][-1]
                return self.find(last, last.flow.sets[source.name])
            return Result(path, source.name)
        assert isinstance(source, Parameter | Stored | Constant | Fact)
        return source

    def putters(self, place: Place, paths: Iterable[str]) -> list[str]:
        """The tasks that have the manifests of files put by the steps at these paths of a flow."""
        found: list[str] = []
        for path in paths:
            if not path:
                assert place.around
                found += self.putters(place.around, place.flow.given_files)
            elif isinstance(place.flow.nodes[path].task, Parallel):
                for inner in self.inner[place.prefix + path].values():
                    found += self.putting(inner)
            else:
                found.append(place.prefix + path)
        return list(dict.fromkeys(found))

    def putting(self, place: Place) -> list[str]:
        """All tasks of a flow that put files."""
        nodes = place.flow.nodes.values()
        return self.putters(place, [node.path for node in nodes if node.puts])
