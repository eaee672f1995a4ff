"""Which step of the flow does which task, and under which names: for the writer and the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bridge.flow import Flow, Node, Output, Parameter, Read
from bridge.lower.fuse import count_paths, fit, length
from bridge.lower.levels import Block, Branches, Lowered, Structure, lower, tasks
from bridge.model import PythonTask
from bridge_metaflow.decorators import decorators, of_flow
from bridge_metaflow.layout import FlowStep, Layout, Touched
from bridge_metaflow.naming import Naming, class_name
from bridge_metaflow.places import Item, Place, Places, parts
from bridge_metaflow.tables import LIMITS

__all__ = ["Plan", "can_change", "changeable", "plan"]

_UNCHANGEABLE = (bool, int, float, str)


@dataclass(frozen=True)
class Plan:
    """A flow laid out and named; ``narrowed`` are branches that run one after the other.

    ``ends`` are the steps with one of which a composite is over, ``barriers`` what ``Lowered``
    tells of them, for every pipeline by its path.
    """

    flow: Flow
    places: Places
    steps: list[FlowStep]
    ends: Mapping[Place, list[FlowStep]]
    names: Naming
    barriers: Mapping[str, int]
    narrowed: list[Branches]

    @property
    def class_name(self) -> str:
        """The name of the flow."""
        return class_name(self.flow.pipeline.name)

    @property
    def file(self) -> str:
        """The name of the flow's file; not that of a module of the user."""
        tops = {
            place.node.task.reference.module.partition(".")[0]
            for place in self.places.all
            if isinstance(place.node.task, PythonTask)
        }
        return next(f"{name}.py" for name in ("flow", "main_flow", "the_flow") if name not in tops)


def plan(flow: Flow) -> Plan:
    """The steps of the Metaflow flow for a pipeline."""
    places = Places(flow)
    inner = _Structures(places)
    lowered = inner.lower(flow)
    structure, narrowed = fit(lowered.structure, LIMITS)
    used = {name for place in places.all for name, _ in decorators(place)} | of_flow(
        flow.pipeline
    ).keys()
    names = Naming(flow, places, _apart(flow, narrowed), used)

    def sets(place: Place) -> list[str]:
        return [names.artifact(place.flow, output) for output in place.node.outputs]

    def changes(place: Place) -> list[str]:
        return changeable(places, names, place)

    laid = Layout(flow, structure, inner.found, places, Touched(sets, changes))
    names.name_steps(laid.steps)
    for place in places.all:
        if place.node.puts:
            names.own(place, "files")
    return Plan(flow, places, laid.steps, laid.ends, names, inner.barriers, narrowed)


class _Structures:
    """What the flow and those inside composites look like; ``found`` by the flow's id."""

    def __init__(self, places: Places) -> None:
        self.found: dict[int, Structure] = {}
        self.barriers: dict[str, int] = {}
        self._places = places

    def lower(self, flow: Flow) -> Lowered:
        """One flow, after those inside it."""
        blocks = {}
        for path in flow.nodes:
            place = self._places(flow, path)
            inner = [self.lower(f).structure for f in parts(place.node).values()]
            if place.node.handler:
                inner = [self.lower(place.node.handler).structure]
            if inner:
                blocks[path] = _block(path, inner)
            elif decorators(place):
                blocks[path] = Block(path)
        lowered = lower(flow, blocks)
        self.found[id(flow)] = lowered.structure
        around = self._places.around(flow)
        for path, count in lowered.barriers.items():
            self.barriers[f"{_at(flow, around)}.{path}".strip(".")] = count
        return lowered


def _block(path: str, inner: list[Structure]) -> Block:
    """What a composite adds to the ways through a flow; that of an empty list included."""
    paths = sum(map(count_paths, inner)) + (len(inner) == 1)
    return Block(path, paths, 5 + max(map(length, inner)))


def _at(flow: Flow, around: Place | None) -> str:
    """The path of a pipeline that is inside a composite."""
    if around is None:
        return ""
    keys = (k for k, inner in parts(around.node).items() if inner is flow)
    key = next(keys, "on_failure")
    return f"{around.path}.{key}".strip(".")


def can_change(places: Places, place: Place, read: Read) -> bool:
    """Whether a step could change in place a value that it is given."""
    if place.node.inner:
        return any(_changed(flow, read.argument.name) for flow in place.node.inner.values())
    if not isinstance(place.node.task, PythonTask) or read.argument.annotation in _UNCHANGEABLE:
        return False
    source, _ = places.origin(place.flow, read.source)
    if isinstance(source, Parameter):
        return not isinstance(places.parameters[source.name], _UNCHANGEABLE)
    return isinstance(source, Output | Item)


def _changed(flow: Flow, name: str) -> bool:
    """Whether a flow, or one inside it, could change in place what it is given by a name."""
    for node in flow.nodes.values():
        for read in node.reads:
            if getattr(read.source, "name", "") != name:
                continue
            if not node.inner and _may(node, read):
                return True
            if any(_changed(inner, read.argument.name) for inner in node.inner.values()):
                return True
        if node.handler and _changed(node.handler, name):
            return True
    return bool(flow.handler and _changed(flow.handler, name))


def _may(node: Node, read: Read) -> bool:
    return isinstance(node.task, PythonTask) and read.argument.annotation not in _UNCHANGEABLE


def changeable(places: Places, names: Naming, place: Place) -> list[str]:
    """The artifacts of other tasks that a step is given and could change in place."""
    found = []
    for read in place.node.reads:
        if can_change(places, place, read):
            source, flow = places.origin(place.flow, read.source)
            if isinstance(source, Output):
                found.append(names.artifact(flow, source))
    return list(dict.fromkeys(found))


def _apart(flow: Flow, narrowed: list[Branches]) -> set[str]:
    """The names of values that need an artifact for each task that sets them.

    Branches that run one after the other must not see what the one before has set.
    """
    if not narrowed:
        return set()
    setters = Counter(o.name for node in flow.nodes.values() for o in node.outputs)
    inside = {o.name for b in narrowed for path in tasks(b) for o in flow.nodes[path].outputs}
    return {name for name in inside if setters[name] > 1}
