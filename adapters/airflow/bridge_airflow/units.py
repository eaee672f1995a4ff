"""Steps for which Airflow has no place where they stand, and why."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.flow import Flow, Node, Output, Parameter, analyse
from bridge.model import Conditional, Map, Parallel, Pipeline, Task
from bridge_airflow.places import control
from bridge_airflow.policies import has_backoff

__all__ = ["units"]

_MOST_ITEMS = 1024
"""How many items Airflow maps over unless it is configured otherwise."""

_BACKOFF = "code around the call, since Airflow's own backoff adds a random part"
_MANY = f"one task that loops over the items: Airflow maps over {_MOST_ITEMS} at most"
_NESTED = "one task that loops over the items: Airflow has no map inside a mapped group"
_BRANCH = "one task that takes one of its branches: a mapped group cannot skip some of its tasks"
_KEEPS = "one task that takes one of its branches, or leaves what was there before"
_PERHAPS = "one task that carries out the branches, which may leave nothing behind"


def units(pipeline: Pipeline) -> dict[str, str]:
    """The paths of steps that are to be plain Python in one task, and why."""
    return dict(_units(analyse(pipeline), "", False))


def _units(flow: Flow, prefix: str, mapped: bool) -> Iterator[tuple[str, str]]:
    for node in flow.nodes.values():
        why = _why(flow, node, bool(prefix), mapped)
        if why:
            yield prefix + node.path, why
            continue
        for key, inner in node.inner.items():
            yield from _units(inner, prefix + node.at(key), mapped or isinstance(node.task, Map))


def _why(flow: Flow, node: Node, nested: bool, mapped: bool) -> str:
    step = node.task
    if isinstance(step, Task):
        return _BACKOFF if has_backoff(step) else ""
    if isinstance(step, Map):
        return _NESTED if mapped else _MANY if _is_long(flow, node) else ""
    if isinstance(step, Conditional):
        return _BRANCH if mapped else _KEEPS if nested and _keeps(node) else ""
    if isinstance(step, Parallel) and nested:
        return _PERHAPS if not all(output.certain for output in _left(node)) else ""
    return ""


def _is_long(flow: Flow, node: Node) -> bool:
    """Whether the list is known, and longer than what Airflow maps over."""
    read = control(node)
    while read and (outside := flow.source_outside(read)):
        flow, read = outside
    if read is None or not isinstance(read.source, Parameter):
        return False
    found = flow.pipeline.parameters.get(read.source.name)
    try:
        for key in read.path:
            found = found[key]  # type: ignore[index]
    except (LookupError, TypeError):
        return False
    return isinstance(found, list) and len(found) > _MOST_ITEMS


def _keeps(node: Node) -> bool:
    """Whether a name keeps the value that a task before has set.

    That task would let the one that joins the branches run though none of them does.
    """
    before = {read.argument.name for read in node.reads}
    return any(
        output.name in before
        and not all(
            output.name in inner.sets and inner.sets[output.name].certain
            for inner in node.inner.values()
        )
        for output in node.outputs
    )


def _left(node: Node) -> Iterator[Output]:
    for inner in node.inner.values():
        yield from inner.sets.values()
