"""A handler of failures becomes an ``except``, around the step and all that waits for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bridge.blocks import handles_failure
from bridge.findings import Feature
from bridge.lower.units import unit
from bridge.model import Parallel, Pipeline, Step

__all__ = ["FEATURES", "HOW", "asks", "followers", "merged", "with_followers"]

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
    groups = merged(followers(order, name) for name in these)
    members = {name: i for i, group in enumerate(groups) for name in group}
    steps: list[Step] = []
    units: dict[str, list[str]] = {}
    for step in pipeline.steps:
        if step.name not in members:
            steps.append(step)
            continue
        group = groups[members[step.name]]
        inside = [s for s in pipeline.steps if s.name in group]
        if inside[0] is step:
            steps.append(unit(inside, pipeline, HOW))
            units[step.name] = [s.name for s in inside]
    return replace(pipeline, steps=steps), units


def followers(order: Mapping[str, Iterable[str]], name: str) -> set[str]:
    """A step, and all that waits for it."""
    found = {name}
    for other, earlier in order.items():
        if not found.isdisjoint(earlier):
            found.add(other)
    return found


def merged(groups: Iterable[set[str]]) -> list[set[str]]:
    """The groups, those that share a step as one."""
    found: list[set[str]] = []
    for group in groups:
        apart = [other for other in found if other.isdisjoint(group)]
        found = [*apart, group.union(*(o for o in found if not o.isdisjoint(group)))]
    return found
