"""What need not run again: what an earlier run has finished, and what a cache has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.errors import UsageError
from bridge.flow import Node
from bridge.record import Run, StepRun
from bridge.runner.cache import Cache, never_same
from bridge.runner.identity import key_of
from bridge.runner.journal import Entry, lines
from bridge.runner.work import Order, Outcome
from bridge.values import Fact

__all__ = ["Finished"]


class Finished:
    """What the tasks of a run, its ``nodes`` by their places, need not do again.

    That are the steps that an earlier run has finished, if there is one to go on with, where
    ``strict`` ones may not differ and others run again when their code or inputs have changed;
    and those that are to be cached, as long as the store has what they gave.
    """

    def __init__(self, run: Run, nodes: Mapping[str, Node], cache: Cache) -> None:
        self._run, self._nodes, self._cache = run, nodes, cache
        self._keys: dict[int, str] = {}
        self._entries: dict[str, Entry] = {}
        self._strict = True

    def take(self, folder: Path, parameters: Mapping[str, Any], strict: bool = True) -> list[bytes]:
        """Take over what the run in ``folder`` has finished; gives the lines it noted of it.

        Raises UsageError when, if that matters, the parameters are others or a step has changed.
        """
        (begun, _), *found = lines(folder)
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
            for e, _ in found
            if e.get("status") == "succeeded" and e["place"] in self._nodes
        }
        for path, entry in done.items():
            if strict and entry["key"] != self.key(self._nodes[entry["place"]]):
                raise _refused(folder, f"step '{path}' has changed since")
        stored = {n: e for n, e in done.items() if self._nodes[e["place"]].catalog.store_copy}
        lost = self._lost([*stored.values()])
        for name in [n for n, e in stored.items() if lost and lost.intersection(_references(e))]:
            del done[name]
        self._entries, self._strict = done, strict
        adopted = done if strict else {}
        return [
            line
            for e, line in found
            if (taken := adopted.get(e.get("name", ""))) and (taken is e or "log" in e)
        ]

    def taken(self, name: str, node: Node) -> tuple[StepRun, Outcome] | None:
        """How a step has ended in the run that is gone on with, where nothing may differ."""
        entry = self._entries.get(name) if self._strict else None
        return _ended(name, node, entry, entry.get("note", "")) if entry else None

    def of(self, order: Order, node: Node, inputs: str) -> tuple[StepRun, Outcome] | str:
        """How a step ended earlier, if it need not run again; else why it runs, if that matters."""
        entry = self._entries.get(order.name)
        if entry and (entry["key"], entry["inputs"]) == (self.key(node), inputs):
            return _ended(order.name, node, entry, entry.get("note", ""))
        if not node.task.cache:
            return ""
        if why := never_same(node):
            return why
        result, why = self._cache.find(*self._signed(order, node, inputs), self._run.run_id)
        if result and self._lost([result]):
            return "the store has lost what it gave"
        if not result:
            return why
        return _ended(order.name, node, {"seconds": 0.0, "saved": (), **result}, why)

    def keep(self, order: Order, node: Node, inputs: str, step: StepRun, outcome: Outcome) -> None:
        """Keep for later runs what a task gave, if it is to be cached."""
        if node.task.cache and not outcome.error and not never_same(node):
            signed = self._signed(order, node, inputs)
            self._cache.keep(*signed, self._run.run_id, step, outcome)

    def _signed(self, order: Order, node: Node, inputs: str) -> tuple[str, str, str]:
        """What the result of a task is kept under: its place, what it is, what it was given."""
        asks = any(isinstance(r.source, Fact) and r.source.name == "step" for r in node.reads)
        named = order.name if asks else order.place
        return f"{self._run.pipeline}:{named}", self.key(node), inputs

    def _lost(self, found: Sequence[Mapping[str, Any]]) -> set[str]:
        """Of the objects and files that results refer to, those that the store has not whole."""
        from bridge.catalog import open_store

        refs = {ref for entry in found for ref in _references(entry)}
        return open_store(self._run.store).lost(refs) if refs else set()

    def key(self, node: Node) -> str:
        """What tells whether a task has changed."""
        if id(node) not in self._keys:
            self._keys[id(node)] = key_of(node)
        return self._keys[id(node)]


def _ended(name: str, node: Node, entry: Mapping[str, Any], note: str) -> tuple[StepRun, Outcome]:
    given = entry["values"]
    values = {o.name: (o.kind, given[o.name]) for o in node.outputs if o.name in given}
    step = StepRun(name, "succeeded", entry["attempts"], entry["seconds"], note)
    return step, Outcome(values, entry["files"], entry["saved"])


def _references(entry: Mapping[str, Any]) -> Iterator[str]:
    """The objects and files that a result refers to; text that looks like that is no harm."""
    yield from entry["files"].values()
    for value in entry["values"].values():
        if isinstance(value, str) and re.fullmatch(r"sha256:[0-9a-f]{64}", value):
            yield value


def _refused(folder: Path, why: str) -> UsageError:
    return UsageError(
        f"run '{folder.name}' cannot be resumed: {why}, start anew without --resume, "
        "or run again what has changed with --rerun-changed"
    )
