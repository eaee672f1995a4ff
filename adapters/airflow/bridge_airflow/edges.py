"""The order that no value and no file gives already."""

from __future__ import annotations

from bridge.flow import Node, Output
from bridge.model import Parallel
from bridge_airflow.places import Place, control, is_composite

__all__ = ["Edges", "is_group", "last"]

_MANY = 16
"""From so many edges on, one more task between two groups is the lesser evil."""


def is_group(place: Place, path: str) -> bool:
    """Whether a step of a flow is branches side by side."""
    return isinstance(place.flow.steps[path], Parallel)


def last(place: Place) -> list[str]:
    """The steps of a flow that none of its steps waits for."""
    order = place.flow.orders[""]
    followed = {earlier for before in order.values() for earlier in before}
    return [name for name in order if name not in followed]


class Edges:
    """Edges of a flow beyond those of XComs.

    ``before`` tells for a step's path the paths of those steps, of the same pipeline, that it has
    to be told to wait for; ``barriers`` those groups that are better followed by one task for all
    to wait for.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self.before: dict[str, list[str]] = {}
        for prefix, order in place.flow.orders.items():
            for name, earlier in order.items():
                found = self._needed(prefix + name, [prefix + e for e in earlier])
                if found:
                    self.before[prefix + name] = found
        self.barriers = self._barriers()

    def _needed(self, path: str, earlier: list[str]) -> list[str]:
        """Those of ``earlier`` that some first task of the step takes nothing from.

        A step that is first in its branch is not asked for: its group waits for it.
        """
        if not earlier:
            return []
        flow = self._place.flow
        wanted = {o for entry in flow.entries[path] for o in self._order_only(flow.nodes[entry])}
        return [other for other in earlier if other in wanted]

    def _order_only(self, node: Node) -> tuple[str, ...]:
        """Those steps before it from which the first task of a node takes nothing."""
        flow = self._place.flow
        if not is_composite(node):
            return flow.order_only(node)
        read = control(node)
        given = {read.source.step} if read and isinstance(read.source, Output) else set()
        return tuple(p for p in node.after if not given.issuperset(flow.exits[p]))

    def _barriers(self) -> set[str]:
        flow = self._place.flow
        waiting: dict[str, int] = {}
        for path, earlier in self.before.items():
            for other in earlier:
                waiting[other] = waiting.get(other, 0) + len(flow.entries[path])
        return {
            path
            for path, count in waiting.items()
            if is_group(self._place, path) and count > 1 and count * len(flow.exits[path]) > _MANY
        }
