"""Which values are used by more than one, so that whoever uses them needs a copy."""

from __future__ import annotations

from typing import Any

from bridge.flow import Flow, Given, Node, Read
from bridge.model import Loop, Map, PythonTask
from bridge.values import Kind

__all__ = ["may_change", "repeats", "uses"]

_UNCHANGEABLE = (bool, int, float, str)


def may_change(flow: Flow, node: Node, read: Read) -> bool:
    """Whether a function could change in place a value that it is given."""
    return isinstance(node.task, PythonTask) and read.argument.annotation not in _UNCHANGEABLE


def repeats(node: Node) -> bool:
    """Whether what is inside runs more than once."""
    return isinstance(node.task, Map | Loop)


def uses(flow: Flow, source: Any) -> int:
    """How often a value is used in a flow; by what runs more than once, that is more than once."""
    found = 0
    for node in flow.nodes.values():
        if not node.inner:
            found += sum(read.source == source for read in node.reads)
        for inner in node.inner.values():
            taken = [name for name, outside in inner.given.items() if outside == source]
            found += sum(_within(inner, name) * (2 if repeats(node) else 1) for name in taken)
        if node.control and node.control.source == source:
            found += 1
        if node.handler and source in node.handler.given.values():
            found += 2
    if flow.handler and source in flow.handler.given.values():
        found += 2
    return found


def _within(flow: Flow, name: str) -> int:
    return max(1, sum(uses(flow, given) for given in _givens(name)))


def _givens(name: str) -> list[Given]:
    return [Given(name, kind) for kind in (Kind.JSON, Kind.METRIC, Kind.PICKLED)]
