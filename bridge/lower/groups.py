"""Fusing: steps that are to share one place of the target, as a unit.

Steps share a place because they stand in one composite, because they carry the same mark
(``overrides={"fancy": {"group": "etl"}}``), or because objects go from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bridge.errors import UsageError
from bridge.flow import Flow, Output, analyse, walk
from bridge.lower.failures import with_all_behind
from bridge.lower.units import unit
from bridge.model import Composite, Pipeline, Step
from bridge.order import arrange, components, find_cycle, sort
from bridge.signatures import signature
from bridge.touches import Touches
from bridge.values import Kind

__all__ = ["SHARED", "WAYS", "fuse", "grouping"]

SHARED = "it shares a task with others"
WAYS = ("composite", "tag", "data")


def grouping(pipeline: Pipeline, way: str, adapter: str) -> dict[str, str]:
    """The group of each step of ``pipeline`` that is to share a place, by its name.

    ``way`` is ``composite``: each composite is a group; ``tag``: steps of the same ``group`` in
    what is written for the adapter in ``overrides``; ``data``: steps between which objects go.
    Raises UsageError for another.
    """
    if way == "composite":
        found = {s.name: s.name for s in pipeline.steps if isinstance(s, Composite)}
    elif way == "tag":
        found = {s.name: str(s.overrides.get(adapter, {}).get("group", "")) for s in pipeline.steps}
    elif way == "data":
        found = _by_data(analyse(pipeline))
    else:
        raise UsageError(f"steps cannot be grouped by '{way}'; there are {', '.join(WAYS)}")
    return _with_skipped(pipeline, {name: group for name, group in found.items() if group})


def _with_skipped(pipeline: Pipeline, groups: Mapping[str, str]) -> dict[str, str]:
    """The groups, each with the steps that may be skipped by what happens in it."""
    members: dict[str, set[str]] = {}
    for name, group in groups.items():
        members.setdefault(group, set()).add(name)
    ends = [s for s in pipeline.steps if s.on_failure or s.terminate_with_success]
    if not any(step.name in groups for step in ends):
        return dict(groups)
    touches = Touches(signature)
    order, _ = arrange(pipeline, touches.reads, touches.writes)
    those = [step.name for step in ends if step.name in groups]
    found = with_all_behind(order, those, members.values())
    return {name: min(group) for group in found for name in group}


def _by_data(flow: Flow) -> dict[str, str]:
    """Steps that hand an object to one another, with all those that run between them."""
    top = {path: s.name for s in flow.pipeline.steps for path, _ in walk(Pipeline([s]))}
    edges = {name: list(earlier) for name, earlier in flow.orders[""].items()}
    for path, node in flow.nodes.items():
        for read in node.reads:
            if isinstance(read.source, Output) and read.source.kind is Kind.PICKLED:
                edges[top[read.source.step]].append(top[path])
    groups = [group for group in components(edges) if len(group) > 1]
    return {name: group[0] for group in groups for name in group}


def fuse(pipeline: Pipeline, groups: Mapping[str, str]) -> Pipeline:
    """The pipeline with the steps of each group in a unit.

    Raises UsageError for a group in whose midst a step stands that must run between its steps.
    """
    members: dict[str, list[Step]] = {}
    for step in pipeline.steps:
        if step.name in groups:
            members.setdefault(groups[step.name], []).append(step)
    place = {step.name: steps[0].name for steps in members.values() for step in steps}
    _refuse_knots(pipeline, place)
    units = {steps[0].name: unit(steps, pipeline, SHARED) for steps in members.values()}
    kept = [s for s in pipeline.steps if s.name not in groups or s.name in units]
    steps = [_waiting(units.get(step.name, step), place) for step in kept]
    return replace(pipeline, steps=steps)


def _waiting(step: Step, place: Mapping[str, str]) -> Step:
    """The step, which waits for a unit where it waited for one of its steps."""
    after = dict.fromkeys(place.get(name, name) for name in step.after)
    return replace(step, after=list(after)) if step.after else step


def _refuse_knots(pipeline: Pipeline, place: Mapping[str, str]) -> None:
    """``place`` has the name of the first step of its group for each step in one."""
    earlier: dict[str, list[str]] = {}
    for name, before in analyse(pipeline).orders[""].items():
        key = place.get(name, name)
        found = [place.get(e, e) for e in before]
        earlier.setdefault(key, []).extend(e for e in found if e != key)
    order = set(sort(earlier))
    if len(order) < len(earlier):
        cycle = find_cycle({name: e for name, e in earlier.items() if name not in order})
        raise UsageError(
            f"steps cannot share a task: {' -> '.join(cycle)} would wait for each other; "
            "put the steps between into the group"
        )
