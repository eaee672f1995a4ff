"""The shape of a flow: steps in a row, with branches, items, choices and repetitions in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import SourceError
from bridge_metaflow.reading.graph import FlowStep

__all__ = [
    *("Again", "Choose", "Do", "Each", "Fork", "Node", "Series", "always_behind", "inside"),
    *("structure", "walk"),
]


@dataclass(eq=False)
class Do:
    """What a step does; ``joins`` is what ends with it, if it takes inputs."""

    step: FlowStep
    joins: Fork | Each | None = None


@dataclass(eq=False)
class Fork:
    """Branches that start behind ``split``, by the names of their first steps."""

    split: FlowStep
    branches: dict[str, Series] = field(default_factory=dict)


@dataclass(eq=False)
class Each:
    """What is done for each item of an attribute of ``split``."""

    split: FlowStep
    body: Series = field(default_factory=list)


@dataclass(eq=False)
class Choose:
    """One of several ways behind ``switch``, by the keys that lead to it."""

    switch: FlowStep
    arms: list[tuple[list[Any], Series]] = field(default_factory=list)


@dataclass(eq=False)
class Again:
    """A step that is done again for as long as what it decides is one of ``keys``."""

    do: Do
    keys: list[Any]


Node = Do | Fork | Each | Choose | Again
Series = list[Node]


def structure(steps: Mapping[str, FlowStep]) -> Series:
    """The flow as a series. Raises SourceError where splits and joins do not match."""
    found = _Structure(steps)
    series, _ = found.series(next(iter(steps)), frozenset())
    return series


class _Structure:
    def __init__(self, steps: Mapping[str, FlowStep]) -> None:
        self._steps = steps
        self._behind = always_behind(steps)

    def series(
        self, name: str, until: frozenset[str], joins: Fork | Each | None = None
    ) -> tuple[Series, str]:
        """The steps from this one on, to a join that is not theirs or one of ``until``."""
        found: Series = []
        while name and name not in until:
            step = self._steps[name]
            if step.inputs and joins is None:
                return found, name
            name, joins = self._add(found, Do(step, joins), until)
        return found, name

    def _add(self, found: Series, do: Do, until: frozenset[str]) -> tuple[str, Fork | Each | None]:
        """Add a step and what opens behind it; gives the step after that, and what it joins."""
        step, following = do.step, do.step.next
        if following.condition:
            return self._switch(found, do, until), None
        found.append(do)
        if following.over or following.parallel:
            each = Each(step)
            each.body, end = self.series(following.targets[0], until)
            found.append(each)
            return self._join(end, step), each
        if len(following.targets) > 1:
            fork = Fork(step)
            ends = {}
            for target in following.targets:
                fork.branches[target], ends[target] = self.series(target, until)
            found.append(fork)
            if len(set(ends.values())) > 1:
                raise SourceError(
                    f"the branches of '{step.name}' do not end at one join ({step.where})"
                )
            return self._join(ends.popitem()[1], step), fork
        return (following.targets[0] if following.targets else ""), None

    def _join(self, name: str, step: FlowStep) -> str:
        if not name or not self._steps[name].inputs:
            raise SourceError(f"what '{step.name}' splits is joined nowhere ({step.where})")
        return name

    def _switch(self, found: Series, do: Do, until: frozenset[str]) -> str:
        step = do.step
        ways: dict[str, list[Any]] = {}
        for key, target in step.next.cases:
            ways.setdefault(target, []).append(key)
        again = ways.pop(step.name, None)
        found.append(Again(do, again) if again else do)
        if len(ways) == 1:
            return next(iter(ways))
        meet = self._behind[step.name]
        choose = Choose(step)
        for target, keys in ways.items():
            series, end = self.series(target, until | {meet})
            if end != meet:
                raise SourceError(f"the ways of '{step.name}' do not meet again ({step.where})")
            choose.arms.append((keys, series))
        found.append(choose)
        return meet


def always_behind(steps: Mapping[str, FlowStep]) -> dict[str, str]:
    """The first step behind each that every way from it leads through."""
    order = _backwards(steps)
    sets: dict[str, set[str]] = {}
    for name in order:
        nexts = [t for t in steps[name].next.targets if t != name]
        common = set.intersection(*(sets[t] for t in nexts)) if nexts else set()
        sets[name] = {name} | common
    place = {name: number for number, name in enumerate(order)}
    return {
        name: max(found - {name}, key=place.__getitem__, default="") for name, found in sets.items()
    }


def _backwards(steps: Mapping[str, FlowStep]) -> list[str]:
    """The steps, each after all that follow it. Raises SourceError when they go round."""
    waiting = {name: set(step.next.targets) - {name} for name, step in steps.items()}
    order = [name for name, left in waiting.items() if not left]
    for name in order:
        for before in steps[name].before:
            left = waiting[before.name]
            left.discard(name)
            if not left and before.name not in order:
                order.append(before.name)
    for name, step in steps.items():
        if name not in order:
            raise SourceError(
                f"'{name}' is part of a circle; only a step that chooses itself may go round "
                f"({step.where})"
            )
    return order


def inside(node: Node) -> list[Series]:
    """The series inside a node."""
    if isinstance(node, Fork):
        return list(node.branches.values())
    if isinstance(node, Each):
        return [node.body]
    if isinstance(node, Choose):
        return [series for _, series in node.arms]
    return []


def walk(series: Series) -> Iterator[Do]:
    """All steps of a series, those inside its nodes too, in order."""
    for node in series:
        if isinstance(node, Do):
            yield node
        elif isinstance(node, Again):
            yield node.do
        for inner in inside(node):
            yield from walk(inner)
