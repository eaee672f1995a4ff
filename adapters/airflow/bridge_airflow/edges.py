"""The order that no value and no file gives already."""

from __future__ import annotations

from bridge.flow import Flow
from bridge.model import Composite
from bridge_airflow.steps import sources

__all__ = ["Edges"]

_MANY = 16
"""From so many edges on, one more task between two groups is the lesser evil."""


class Edges:
    """Edges beyond those of XComs.

    ``before`` tells for a step's path the paths of those steps, of the same pipeline, that it has
    to be told to wait for; ``used`` are all paths that a later step refers to; ``barriers`` those
    groups that are better followed by one task for all to wait for.
    """

    def __init__(self, flow: Flow) -> None:
        self.before: dict[str, list[str]] = {}
        for prefix, order in flow.orders.items():
            for name, earlier in order.items():
                found = _needed(flow, prefix + name, [prefix + e for e in earlier])
                if found:
                    self.before[prefix + name] = found
        self.used = {path for node in flow.nodes.values() for path in sources(node)}
        self.used.update(path for paths in self.before.values() for path in paths)
        self.barriers = self._barriers(flow)

    def _barriers(self, flow: Flow) -> set[str]:
        waiting: dict[str, int] = {}
        for path, earlier in self.before.items():
            for other in earlier:
                waiting[other] = waiting.get(other, 0) + len(flow.entries[path])
        return {
            path
            for path, count in waiting.items()
            if isinstance(flow.steps[path], Composite)
            and count > 1
            and count * len(flow.exits[path]) > _MANY
        }


def _needed(flow: Flow, path: str, earlier: list[str]) -> list[str]:
    """Those of ``earlier`` that some first task of the step takes nothing from.

    A step that is first in its branch is not asked for: its group waits for it.
    """
    if not earlier:
        return []
    wanted = {o for entry in flow.entries[path] for o in flow.order_only(flow.nodes[entry])}
    return [other for other in earlier if other in wanted]
