"""The tasks of a flow and of those inside it, by their places.

A place is the path of a task in the record, with a ``*`` for each number of an item or iteration.
"""

from __future__ import annotations

from collections.abc import Iterator

from bridge.flow import Flow, Node
from bridge.model import Loop, Map

__all__ = ["tasks"]


def tasks(flow: Flow, prefix: str = "") -> Iterator[tuple[str, Node]]:
    """Every task by its place."""
    for path, node in flow.nodes.items():
        if not node.inner:
            yield prefix + path, node
        repeats = isinstance(node.task, Map | Loop)
        for key, inner in node.inner.items():
            yield from tasks(inner, prefix + (f"{node.place}*." if repeats else node.at(key)))
        if node.handler:
            yield from tasks(node.handler, f"{prefix}{path}.on_failure.")
    if flow.handler:
        yield from tasks(flow.handler, f"{prefix}on_failure.")
