"""Which steps have no place in a flow where they stand, so that they become code in one step."""

from __future__ import annotations

from collections.abc import Collection
from math import prod

from bridge.model import Composite, Conditional, Map, Parallel, Pipeline, Step, Task
from bridge.nodes import walk
from bridge_metaflow.decorators import unfit
from bridge_metaflow.tables import LONGEST_BRANCH, MOST_WAYS

__all__ = ["units"]

_LONG = f"it holds more than {LONGEST_BRANCH} tasks, too many to walk for each step"
_DEAR = "each step of each item is a process, and nothing in it asks for a step of its own"
_MANY = "Metaflow follows every way through a flow, and switches behind each other multiply them"


def units(pipeline: Pipeline) -> dict[str, str]:
    """The paths of these steps, and why."""
    found = unfit(pipeline) | _dear(pipeline)
    several = [(p, s) for p, s in walk(pipeline) if isinstance(s, Map | Conditional)]
    long = {path: _LONG for path, step in several if _count(step) > LONGEST_BRANCH}
    rest = [(path, step) for path, step in several if path not in long]
    kept = _most(pipeline, [id(step) for _, step in rest])
    return {**found, **long, **{path: _MANY for path, _ in rest[kept:]}}


def _dear(pipeline: Pipeline) -> dict[str, str]:
    """Branches inside a map whose tasks have nothing that is said of a step."""
    found: dict[str, str] = {}
    maps: set[str] = set()
    for path, step in walk(pipeline):
        above = (path[:i] for i, char in enumerate(path) if char == ".")
        if isinstance(step, Map):
            maps.add(path)
        elif isinstance(step, Conditional | Parallel) and not maps.isdisjoint(above):
            inside = (s for p in step.pipelines().values() for _, s in walk(p))
            if not any(map(_asks_for_step, inside)):
                found[path] = _DEAR
    return found


def _asks_for_step(step: Step) -> bool:
    named = ("retry", "timeout", "resources", "image")
    asks = any(getattr(step, name, None) for name in named)
    return isinstance(step, Map) or asks or "metaflow" in step.overrides


def _count(step: Step) -> int:
    assert isinstance(step, Composite)
    steps = (s for p in step.pipelines().values() for _, s in walk(p))
    return sum(isinstance(found, Task) for found in steps)


def _most(pipeline: Pipeline, steps: list[int]) -> int:
    """How many of the composites can have steps of their own, the first ones first."""
    low, high = 0, len(steps)
    while low < high:
        middle = (low + high + 1) // 2
        if _ways(pipeline, frozenset(steps[:middle])) <= MOST_WAYS:
            low = middle
        else:
            high = middle - 1
    return low


def _ways(pipeline: Pipeline, kept: Collection[int]) -> int:
    """The ways through a pipeline that those composites open, beside those of branches."""
    return prod(_ways_through(step, kept) for step in pipeline.steps)


def _ways_through(step: Step, kept: Collection[int]) -> int:
    if isinstance(step, Parallel):
        return 1 + sum(_ways(branch, kept) - 1 for branch in step.branches.values())
    if id(step) not in kept:
        return 1
    assert isinstance(step, Composite)
    inner = [_ways(branch, kept) for branch in step.pipelines().values()]
    return sum(inner) + isinstance(step, Map)
