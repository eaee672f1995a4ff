"""A handler of failures becomes an ``except``, around the step and all that waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bridge.blocks import handles_failure
from bridge.findings import Feature
from bridge.lower.units import unit
from bridge.model import Parallel, Pipeline, Step

__all__ = ["FEATURES", "HOW", "asks", "with_all_behind", "with_followers"]

FEATURES = (Feature.ON_FAILURE,)
HOW = "one task that carries out the step, and what follows or else the handler"


def asks(step: Step, lowered: frozenset[Feature]) -> bool:
    """Whether the step is a parallel in which a failure is handled: it runs as a whole."""
    del lowered  # no target has branches that end well by a failure
    return isinstance(step, Parallel) and handles_failure(step)


def with_followers(
    pipeline: Pipeline, order: Mapping[str, Iterable[str]], these: Iterable[str]
) -> tuple[Pipeline, dict[str, list[str]]]:
    """The pipeline with each of ``these`` steps in a unit with all that waits for it.

    ``order`` has for each step those just before it. Also gives the steps in each unit.
    """
    groups = with_all_behind(order, these)
    members = {name: group for group in groups for name in group}
    inside: dict[int, list[Step]] = {}
    for step in pipeline.steps:
        if step.name in members:
            inside.setdefault(id(members[step.name]), []).append(step)
    units = {found[0].name: found for found in inside.values()}
    steps = [
        unit(units[step.name], pipeline, HOW) if step.name in units else step
        for step in pipeline.steps
        if step.name in units or step.name not in members
    ]
    names = {name: [step.name for step in found] for name, found in units.items()}
    return replace(pipeline, steps=steps), names


def with_all_behind(
    order: Mapping[str, Iterable[str]],
    these: Iterable[str],
    together: Iterable[Iterable[str]] = (),
) -> list[set[str]]:
    """Each of ``these`` steps with all that waits for it; groups that share a step are one.

    ``order`` has for each step those just before it, ``together`` are groups from the start.
    """
    joined = _Joined()
    for group in together:
        joined.join(group)
    behind = set(these)
    for name, earlier in order.items():
        found = [e for e in earlier if e in behind]
        if found:
            behind.add(name)
        if name in behind:
            joined.join([name, *found])
    return joined.groups()


class _Joined:
    """Names in groups that grow together."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def join(self, names: Iterable[str]) -> None:
        """Let these names be in one group."""
        first, *others = (self._top(name) for name in names)
        for other in others:
            self._parent[other] = first

    def _top(self, name: str) -> str:
        parent = self._parent
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = name = parent[parent[name]]
        return name

    def groups(self) -> list[set[str]]:
        """The groups, in the order in which their first names came."""
        found: dict[str, set[str]] = {}
        for name in [*self._parent]:
            found.setdefault(self._top(name), set()).add(name)
        return [*found.values()]
