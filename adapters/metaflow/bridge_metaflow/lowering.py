"""Which steps have no place in a flow where they stand, so that they become code in one step."""

from __future__ import annotations

from collections.abc import Collection
from math import prod

from bridge.lower.failures import HOW
from bridge.lower.loops import HOW as LOOP
from bridge.model import (
    Composite,
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Step,
    Stub,
    Task,
)
from bridge.nodes import inside, walk
from bridge_metaflow.decorators import unfit
from bridge_metaflow.tables import LONGEST_BRANCH, MOST_CAUGHT, MOST_ITERATIONS, MOST_WAYS

__all__ = ["units"]

_LONG = f"it holds more than {LONGEST_BRANCH} tasks, too many to walk for each step"
_DEAR = "each step of each item is a process, and nothing in it asks for a step of its own"
_MANY = "Metaflow follows every way through a flow, and switches behind each other multiply them"


def units(pipeline: Pipeline) -> dict[str, str]:
    """The paths of these steps, and why."""
    found = unfit(pipeline) | _dear(pipeline)
    found |= _loops(pipeline, found)
    several = [(p, s) for p, s in walk(pipeline) if isinstance(s, Map | Conditional)]
    long = {path: _LONG for path, step in several if _count(step) > LONGEST_BRANCH}
    rest = [(path, step) for path, step in several if path not in long]
    kept = _most(pipeline, [id(step) for _, step in rest])
    found |= _handled(pipeline, found)
    return {**found, **long, **{path: _MANY for path, _ in rest[kept:]}}


def _handled(pipeline: Pipeline, units: Collection[str]) -> dict[str, str]:
    """Where a failure is not that of one of the flow's own steps, one after the other."""
    native = {
        step.name
        for step in pipeline.steps
        if _can_catch(step) and step.name not in units and pipeline.order == "list"
    }
    found = {p: HOW for p, step in walk(pipeline) if step.on_failure and p not in native}
    inner = [(f"{p}{key}.", i) for p, step in walk(pipeline) for key, i in inside(step)]
    whole = [prefix for prefix, held in [("", pipeline), *inner] if held.on_failure]
    return {**found, **{f"{prefix}on_failure": HOW for prefix in whole}}


def _loops(pipeline: Pipeline, units: Collection[str]) -> dict[str, str]:
    """Loops that no step can carry out by following itself."""
    found: dict[str, str] = {}
    repeated: list[str] = []
    for path, step in walk(pipeline):
        again = any(path.startswith(prefix) for prefix in repeated)
        if isinstance(step, Map | Loop):
            repeated.append(f"{path}.")
        if isinstance(step, Loop) and (
            again or not _goes_back(step) or f"{path}.{step.branch.steps[0].name}" in units
        ):
            found[path] = LOOP
    return found


def _goes_back(loop: Loop) -> bool:
    """Whether a step that follows itself is the loop: a single task, nothing but its values."""
    task = loop.branch.steps[0]
    plain = isinstance(task, PythonTask | ShellTask | Stub) and not (task.secrets or task.catalog)
    handled = loop.on_failure or loop.branch.on_failure or task.on_failure
    ends = task.terminate_with_failure or task.terminate_with_success
    few = len(loop.branch.steps) == 1 and loop.max_iterations <= MOST_ITERATIONS
    return few and plain and not handled and not ends


def _can_catch(step: Step) -> bool:
    if not isinstance(step, Task) or step.secrets:
        return False
    retries = step.retry.times if step.retry else 0
    return retries <= MOST_CAUGHT and not (
        step.terminate_with_failure or step.terminate_with_success
    )


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
