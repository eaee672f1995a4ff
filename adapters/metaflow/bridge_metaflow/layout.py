"""The steps of a flow and their transitions, laid out from series, branches and composites."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.flow import Flow
from bridge.lower.levels import Block, Branches, Group, Series, Structure, tasks
from bridge.model import Conditional, Loop, Map, Parallel, Step
from bridge_metaflow.places import Place, Places, parts

__all__ = ["FlowStep", "Layout", "Touched"]


@dataclass(eq=False)
class FlowStep:
    """One step: the tasks it carries out, the steps that follow, and those that it joins.

    ``does`` says what it is to the composite at ``of``: its ``switch``; the ``fan`` of a map, the
    ``join`` behind it, what is done for an ``empty`` list, and its ``reducer``; a ``loop``, which
    follows itself. Behind a task whose failure was perhaps ``caught`` one such step finds out.
    ``keys`` are those of a switch, for each step in ``next``. ``origin`` is the path of what a
    step splits or joins beside its tasks, ``splits`` the Parallel of which the branches follow;
    ``chosen`` says from which of the joined steps an artifact is taken where they may not agree.
    ``first`` is the map whose items begin here. ``open`` steps can still be given tasks.
    """

    tasks: tuple[Place, ...] = ()
    does: str = ""
    of: Place | None = None
    origin: str = ""
    joins: tuple[FlowStep, ...] = ()
    chosen: dict[str, FlowStep] = field(default_factory=dict)
    next: list[FlowStep] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)
    first: Place | None = None
    splits: Parallel | None = None
    open: bool = True


@dataclass(frozen=True)
class Touched:
    """The artifacts that a task sets, and those that it might change by using them."""

    sets: Callable[[Place], Iterable[str]]
    changes: Callable[[Place], Iterable[str]]


class Layout:
    """All steps, each after those that lead to it; the first starts the flow, the last ends it.

    A task that is called ``start`` or ``end`` and stands there is that step itself. ``ends`` are
    the steps with one of which a composite is over; ``structures`` has what is inside composites,
    by the flow's id.
    """

    def __init__(
        self,
        flow: Flow,
        structure: Structure,
        structures: Mapping[int, Structure],
        places: Places,
        touched: Touched,
    ) -> None:
        self.ends: dict[Place, list[FlowStep]] = {}
        self._places, self._structures, self._touched = places, structures, touched
        self._since: dict[str, int] = {}  # each artifact, by when it was first set
        found = list(_parts(structure))
        first = FlowStep(open=_is(flow, found[0], "start"))
        last = FlowStep(open=False)
        handled = any(node.handler for node in flow.nodes.values())
        if len(found) > 1 and _is(flow, found[-1], "end") and not handled:
            last.tasks = (places(flow, _path(found.pop())),)
        self.steps = [first]
        _link(self._series(found, flow, [first]), last)
        self.steps.append(last)

    def _series(
        self, found: Sequence[Structure], flow: Flow, exits: list[FlowStep]
    ) -> list[FlowStep]:
        """Let the parts follow a step, or fill it; gives the steps with one of which they end."""
        for i, part in enumerate(found):
            if isinstance(part, Branches):
                inner = [(p, flow) for p in part.parts]
                exits = [self._branches(inner, part.step, exits, flow.steps.get(part.step))]
                continue
            assert not isinstance(part, Series)
            paths = part.tasks if isinstance(part, Group) else (_path(part),)
            steps = tuple(self._places(flow, path) for path in paths)
            if parts(steps[0].node):
                exits = self._composite(steps[0], exits)
                self._note(steps)
                continue
            if steps[0].node.handler:
                return self._handled(steps[0], found[i + 1 :], exits)
            splits = i + 1 < len(found) and isinstance(found[i + 1], Branches)
            step = _single(exits)
            if step is None or not self._takes(step, steps, splits):
                step = self._after(exits)
            step.tasks, step.open = steps, False
            self._note(steps)
            exits = [step]
        return exits

    def _handled(
        self, place: Place, rest: Sequence[Structure], exits: list[FlowStep]
    ) -> list[FlowStep]:
        """A task whose failure is caught: its handler follows, or else the rest of the series."""
        step = self._empty(exits)
        step.tasks, step.open = (place,), False
        switch = self._after([step], does="caught", of=place, open=False, keys=[True, False])
        assert place.node.handler
        flow = place.node.handler
        inner = _parts(self._structures[id(flow)])
        ends = self._series(inner, flow, [self._after([switch])])
        self._note([place])
        if not rest:
            return [*ends, switch]
        return [*ends, *self._series(rest, place.flow, [self._after([switch])])]

    def _note(self, steps: Iterable[Place]) -> None:
        for artifact in (a for step in steps for a in self._touched.sets(step)):
            self._since.setdefault(artifact, len(self._since))

    def _takes(self, step: FlowStep, found: Iterable[Place], splits: bool) -> bool:
        """Whether a step can carry out the tasks itself.

        A join goes on to one step only. And where a task may change a value that the join has
        chosen, the change would be kept.
        """
        if not step.open or (step.joins and splits):
            return False
        return not any(a in step.chosen for place in found for a in self._touched.changes(place))

    def _after(self, exits: Iterable[FlowStep], **more: Any) -> FlowStep:
        """A step behind those with which a part has ended."""
        found = FlowStep(**more)
        _link(exits, found)
        self.steps.append(found)
        return found

    def _tail(self, exits: list[FlowStep]) -> FlowStep:
        """The one step with which a part ends, as a join needs it."""
        step = _single(exits)  # no switch may lead to a join, and a loop is one
        return step if step and step.does != "loop" else self._after(exits)

    # Branches

    def _branches(
        self,
        found: list[tuple[Structure, Flow]],
        origin: str,
        exits: list[FlowStep],
        splits: Step | None,
    ) -> FlowStep:
        step = _single(exits)
        if step is None or step.joins or step.does:
            step = self._after(exits)
        step.origin, step.open = origin, False
        if isinstance(splits, Parallel) and len(splits.branches) == len(found):
            step.splits = splits
        began = len(self._since)
        tails = [
            self._tail(self._series(_parts(part), flow, [self._after([step])]))
            for part, flow in found
        ]
        join = FlowStep(origin=origin, joins=tuple(tails))
        _link(tails, join)
        join.chosen = self._chosen(found, tails, began)
        self.steps.append(join)
        return join

    def _chosen(
        self, found: list[tuple[Structure, Flow]], tails: Sequence[FlowStep], began: int
    ) -> dict[str, FlowStep]:
        """The artifacts that the branches do not agree on: the last branch to set one decides."""
        setters: dict[str, list[FlowStep]] = {}
        for (part, flow), tail in zip(found, tails, strict=True):
            steps = (self._places(flow, path) for path in tasks(part))
            for artifact in dict.fromkeys(a for s in steps for a in self._touched.sets(s)):
                setters.setdefault(artifact, []).append(tail)
        return {
            artifact: those[-1]
            for artifact, those in setters.items()
            if len(those) > 1 or self._since[artifact] < began
        }

    # Composites

    def _composite(self, place: Place, exits: list[FlowStep]) -> list[FlowStep]:
        kinds = {Map: self._map, Conditional: self._conditional, Parallel: self._parallel}
        kinds[Loop] = self._loop
        found = self.ends[place] = kinds[type(place.node.task)](place, exits)
        return found

    def _inside(self, place: Place, key: str, first: FlowStep) -> list[FlowStep]:
        flow = parts(place.node)[key]
        return self._series(_parts(self._structures[id(flow)]), flow, [first])

    def _switch(self, place: Place, exits: list[FlowStep]) -> FlowStep:
        step = self._empty(exits)
        step.does, step.of, step.open = "switch", place, False
        return step

    def _empty(self, exits: list[FlowStep]) -> FlowStep:
        """A step that does nothing yet."""
        step = _single(exits)
        empty = step is not None and step.open and not step.tasks and not step.joins
        return step if step and empty else self._after(exits)

    def _map(self, place: Place, exits: list[FlowStep]) -> list[FlowStep]:
        switch = self._switch(place, exits)
        switch.keys = [True, False]
        fan = self._after([switch], does="fan", of=place, open=False)
        first = self._after([fan], first=place)
        tail = self._tail(self._inside(place, "", first))
        join = self._after([tail], does="join", of=place, joins=(tail,), open=False)
        empty = self._after([switch], does="empty", of=place, open=False)
        if place.node.task.reducer is None:
            return [join, empty]
        return [self._after([join, empty], does="reducer", of=place, open=False)]

    def _conditional(self, place: Place, exits: list[FlowStep]) -> list[FlowStep]:
        switch = self._switch(place, exits)
        found = []
        for key in parts(place.node):
            first = self._after([switch])
            switch.keys.append(key)
            found += self._inside(place, key, first)
        return found

    def _loop(self, place: Place, exits: list[FlowStep]) -> list[FlowStep]:
        """A step that follows itself; it has a single task."""
        flow = parts(place.node)[""]
        tasks = tuple(self._places(flow, path) for path in flow.nodes)
        step = self._empty(exits)
        step.tasks, step.does, step.of, step.open = tasks, "loop", place, False
        step.next, step.keys = [step], [False, True]
        return [step]

    def _parallel(self, place: Place, exits: list[FlowStep]) -> list[FlowStep]:
        inner = [(self._structures[id(flow)], flow) for flow in parts(place.node).values()]
        if len(inner) > 1:
            return [self._branches(inner, place.path, exits, place.node.task)]
        return self._series(_parts(inner[0][0]), inner[0][1], exits)


def _link(exits: Iterable[FlowStep], step: FlowStep) -> None:
    for found in exits:
        found.next.append(step)
        found.open = False


def _single(exits: list[FlowStep]) -> FlowStep | None:
    return exits[0] if len(exits) == 1 else None


def _path(part: Structure) -> str:
    assert isinstance(part, str | Block)
    return part if isinstance(part, str) else part.path


def _is(flow: Flow, part: Structure, name: str) -> bool:
    simple = isinstance(part, str | Block) and not parts(flow.nodes[_path(part)])
    return simple and flow.nodes[_path(part)].task.name == name


def _parts(structure: Structure) -> Sequence[Structure]:
    return structure.parts if isinstance(structure, Series) else (structure,)
