"""Objects at the borders between the tasks of a target that can hand on JSON alone.

Inside a unit an object is a variable like any other, but it must not leave. What does leave is
found here, before anything is written; steps that share a unit (``--group data``) mend it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bridge.findings import Level
from bridge.flow import Flow, Given, Output, Read, analyse, walk
from bridge.lower.rebuild import rebuilt
from bridge.lower.units import members
from bridge.model import Conditional, Parallel, Pipeline, Step, Task
from bridge.unit import Unit
from bridge.values import Kind

__all__ = ["guard"]

Told = Mapping[tuple[str, str], tuple[Level, str]]


def guard(pipeline: Pipeline) -> tuple[Pipeline, Told]:
    """The lowered pipeline, its units keeping to themselves the objects that nobody else takes.

    Also tells what becomes of each object, by the step and the attribute that return it.
    """
    takers: dict[str, dict[str, None]] = {}
    for name, taker in _taken(analyse(pipeline), ""):
        takers.setdefault(name, {})[f"'{taker}'"] = None
    units = members(pipeline)
    told = {
        (path, f"returns[{name!r}]"): _told(path, name, list(takers.get(name, ())), path in units)
        for path, step in walk(pipeline)
        for name in _objects(step)
    }
    return (pipeline if takers else _kept(pipeline)), told


def _objects(step: Step) -> list[str]:
    outputs = step.outputs if isinstance(step, Task) else ()
    return [output.name for output in outputs if output.kind is Kind.PICKLED]


def _told(path: str, name: str, takers: list[str], in_unit: bool) -> tuple[Level, str]:
    what = f"returns[{name!r}] of '{path}'"
    if in_unit and not takers:
        why = "the object stays inside its task and is none of the results"
        return Level.APPROXIMATED, f"{what} is approximated: {why}"
    why = f", from where it goes to {' and '.join(takers)}" if takers else ""
    return Level.UNSUPPORTED, f"{what} cannot be carried: an object cannot leave its task{why}"


def _taken(flow: Flow, prefix: str, unit: Flow | None = None) -> Iterator[tuple[str, str]]:
    """The name of each object that a task takes from outside its unit, and the task's path."""
    for node in flow.nodes.values():
        for read in node.reads if not node.inner else ():
            if getattr(read.source, "kind", None) is Kind.PICKLED and _enters(flow, read, unit):
                yield read.source.name, prefix + node.path  # type: ignore[union-attr]
        for key, inner in node.inner.items():
            keyed = f"{key}." if isinstance(node.task, Parallel | Conditional) else ""
            whole = unit or (inner if isinstance(node.task, Unit) else None)
            yield from _taken(inner, f"{prefix}{node.place}{keyed}", whole)
        if node.handler:
            yield from _taken(node.handler, f"{prefix}{node.path}.on_failure.", unit)
    if flow.handler:
        yield from _taken(flow.handler, f"{prefix}on_failure.", unit)


def _enters(flow: Flow, read: Read, unit: Flow | None) -> bool:
    """Whether an object comes from a task, and into the unit if there is one."""
    entered = unit is None
    while outside := flow.source_outside(read):
        entered = entered or flow is unit
        flow, read = outside
    return entered and isinstance(read.source, Output | Given)


def _kept(pipeline: Pipeline) -> Pipeline:
    return replace(pipeline, steps=[_keeping(step) for step in pipeline.steps])


def _keeping(step: Step) -> Step:
    if isinstance(step, Unit):
        inner = (name for _, found in walk(step.pipeline) for name in _objects(found))
        return replace(step, keeps=list(dict.fromkeys(inner)))
    return rebuilt(step, lambda inner, key: _kept(inner))
