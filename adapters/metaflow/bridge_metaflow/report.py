"""What the shape of a graph has cost, and what became of what it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridge.findings import Level
from bridge.nodes import inside, walk
from bridge.unit import Unit
from bridge_metaflow.plan import Plan

__all__ = ["told"]

_BARRIERS = (
    "the order of the steps is emulated: a flow only splits and joins, so at {count} joins steps "
    "wait for some that they do not need"
)
_NARROWED = (
    "some branches run one after the other: Metaflow follows every path through a flow, and "
    "splits behind each other multiply them"
)
_GROUPED = "'{task}' shares step '{step}' with other tasks: a flow has room for some 900 steps"
_INSIDE = "decorators of a flow stand at the whole flow; say this of the outermost pipeline"
_OF_TASK = ("function", "notebook", "command", "stub")

Told = tuple[tuple[str, str], tuple[Level, str]]


def told(laid: Plan) -> Mapping[tuple[str, str], tuple[Level, str]]:
    """What is to be said of some attributes, beside what the table of support says."""
    return dict([*_shape(laid), *_groups(laid), *_overrides(laid)])


def _shape(laid: Plan) -> Iterator[Told]:
    for path, count in laid.barriers.items():
        if count:
            yield (path, "order"), (Level.EMULATED, _BARRIERS.format(count=count))
    for branches in laid.narrowed:
        yield (branches.step, branches.attribute), (Level.EMULATED, _NARROWED)


def _groups(laid: Plan) -> Iterator[Told]:
    for step in laid.steps:
        for place in step.tasks if len(step.tasks) > 1 else ():
            message = _GROUPED.format(task=place.path, step=laid.names.step[step])
            for attribute in _OF_TASK:
                yield (place.path, attribute), (Level.EMULATED, message)


def _overrides(laid: Plan) -> Iterator[Told]:
    """What is said for Metaflow of pipelines that are no flow of their own."""
    for path, step in walk(laid.flow.pipeline):
        for key, inner in inside(step):
            if "metaflow" in inner.overrides and not isinstance(step, Unit):
                yield (f"{path}{key}", "overrides['metaflow']"), (Level.DROPPED, _INSIDE)
