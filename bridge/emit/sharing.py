"""Which values are used by more than one, so that whoever uses them needs a copy."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bridge.flow import Flow, Given, Node, Read
from bridge.model import Loop, Map, PythonTask
from bridge.values import Constant

__all__ = ["key", "may_change", "repeats", "usage"]

_UNCHANGEABLE = (bool, int, float, str)


def may_change(flow: Flow, node: Node, read: Read) -> bool:
    """Whether a function could change in place a value that it is given."""
    return isinstance(node.task, PythonTask) and read.argument.annotation not in _UNCHANGEABLE


def repeats(node: Node) -> bool:
    """Whether what is inside runs more than once."""
    return isinstance(node.task, Map | Loop)


def usage(flow: Flow) -> Counter[Any]:
    """How often each value is used in a flow; by what runs more than once, that is more than once.

    Values are counted by their ``key``.
    """
    found: Counter[Any] = Counter()
    for node in flow.nodes.values():
        if not node.inner:
            found.update(key(r.source) for r in node.reads if not isinstance(r.source, Constant))
        for inner in node.inner.values():
            within = usage(inner) if inner.given else {}
            for name, outside in inner.given.items():
                count = max(1, within.get(("given", name), 0))
                found[key(outside)] += count * (2 if repeats(node) else 1)
        if node.control:
            found[key(node.control.source)] += 1
        found.update(_of_handler(node.handler))
    found.update(_of_handler(flow.handler))
    return found


def key(source: Any) -> Any:
    """By what a value is counted: what a flow is given by its name alone."""
    return ("given", source.name) if isinstance(source, Given) else source


def _of_handler(handler: Flow | None) -> Counter[Any]:
    """A handler uses what others have used before it."""
    return Counter({key(s): 2 for s in handler.given.values()} if handler else {})
