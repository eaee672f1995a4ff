"""What need not run again, since an earlier run has finished it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.errors import UsageError
from bridge.flow import Node
from bridge.record import StepRun
from bridge.runner.identity import key_of
from bridge.runner.journal import Entry, entries
from bridge.runner.work import Order, Outcome

__all__ = ["Finished"]


class Finished:
    """The finished steps of an earlier run, if there is one, by the nodes of this one.

    ``strict`` ones may not differ; else those whose code or inputs have changed run again.
    """

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._keys: dict[int, str] = {}
        self._entries: dict[str, Entry] = {}
        self._strict = True

    def take(self, folder: Path, parameters: Mapping[str, Any], strict: bool = True) -> list[Entry]:
        """Take over what the run in ``folder`` has finished; gives the entries it noted of it.

        Raises UsageError when, if that matters, the parameters are others or a step has changed.
        """
        begun, *found = entries(folder)
        before = begun["parameters"]
        absent = object()
        changed = [
            name
            for name in {**before, **parameters}
            if before.get(name, absent) != parameters.get(name, absent)
        ]
        if changed and strict:
            raise _refused(
                folder, f"parameter '{changed[0]}' is another now; give the parameters it had"
            )
        done = {
            e["name"]: e
            for e in found
            if e.get("status") == "succeeded" and e["place"] in self._nodes
        }
        for path, entry in done.items():
            if strict and entry["key"] != self.key(self._nodes[entry["place"]]):
                raise _refused(folder, f"step '{path}' has changed since")
        self._entries, self._strict = done, strict
        logs = [e for e in found if "log" in e and e["name"] in done]
        return [*done.values(), *logs] if strict else []

    def of(self, order: Order, node: Node, inputs: str) -> tuple[StepRun, Outcome] | None:
        """How a step ended earlier, if it need not run again."""
        entry = self._entries.get(order.name)
        if entry is None:
            return None
        if not self._strict and (entry["key"] != self.key(node) or entry["inputs"] != inputs):
            return None
        kinds = {output.name: output.kind for output in node.outputs}
        values = {name: (kinds[name], value) for name, value in entry["values"].items()}
        step = StepRun(order.name, "succeeded", entry["attempts"], entry["seconds"])
        return step, Outcome(values, entry["files"], entry["saved"])

    def key(self, node: Node) -> str:
        """What tells whether a task has changed."""
        if id(node) not in self._keys:
            self._keys[id(node)] = key_of(node)
        return self._keys[id(node)]


def _refused(folder: Path, why: str) -> UsageError:
    return UsageError(
        f"run '{folder.name}' cannot be resumed: {why}, start anew without --resume, "
        "or run again what has changed with --rerun-changed"
    )
