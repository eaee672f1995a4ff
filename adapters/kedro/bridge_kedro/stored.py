"""Datasets that are entries of Kedro's own catalog, loaded and saved by Kedro around its nodes.

Those are the ones of a class that Kedro knows, written by one node at most, before all that read
them. Any other is loaded and saved by its own class in the functions of nodes.
"""

from __future__ import annotations

import importlib
import inspect
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from bridge.flow import Flow, Given, Node, Output, Read, Stored
from bridge.nodes import returns_of
from bridge.policies import Dataset
from bridge.values import Kind

__all__ = ["entry", "in_catalog", "with_catalog"]

_SHORT = ("kedro_datasets.", "kedro.io.")
"""What Kedro adds to a type that is not found as it is written."""


def in_catalog(flow: Flow) -> list[str]:
    """The datasets that become entries of the catalog, by their names here."""
    used = _Uses(flow)
    return [
        name
        for name, dataset in flow.pipeline.datasets.items()
        if used.is_in_order(name) and _is_known(dataset)
    ]


def with_catalog(flow: Flow, found: Collection[str]) -> Flow:
    """The flow with those datasets as objects that nodes take and give."""
    names = set(found)
    makers = {s.name: n.path for n in flow.nodes.values() for s in n.saves if s.name in names}
    nodes = {path: _with_catalog(node, names, makers) for path, node in flow.nodes.items()}
    return replace(flow, nodes=nodes)


def _with_catalog(node: Node, names: set[str], makers: Mapping[str, str]) -> Node:
    def read(found: Read) -> Read:
        name = found.source.name if isinstance(found.source, Stored) else ""
        if name not in names:
            return found
        if name in makers:
            return replace(found, source=Output(makers[name], name, Kind.PICKLED))
        return replace(found, source=Given(name, Kind.PICKLED))

    own = {output.name: output for output in node.outputs}
    saved = {s.name: Output(node.path, s.name, Kind.PICKLED) for s in node.saves if s.name in names}
    if saved:
        own = {
            r.name: (own | saved)[r.name] for r in returns_of(node.task) if r.name in own | saved
        }
    return replace(
        node,
        reads=tuple(map(read, node.reads)),
        outputs=tuple(own.values()),
        saves=tuple(stored for stored in node.saves if stored.name not in names),
    )


class _Uses:
    """Which nodes read and write a dataset, and which of those hold several tasks."""

    def __init__(self, flow: Flow) -> None:
        self._place = {path: number for number, path in enumerate(flow.nodes)}
        self._readers: dict[str, list[str]] = defaultdict(list)
        self._writers: dict[str, list[str]] = defaultdict(list)
        self._inside: set[str] = set()
        for path, node in flow.nodes.items():
            self._note(node, path)
            for inner in (*node.inner.values(), *([node.handler] if node.handler else [])):
                self._note_all(inner)
        if flow.handler:
            self._note_all(flow.handler)

    def _note(self, node: Node, path: str) -> None:
        for read in node.reads:
            if isinstance(read.source, Stored):
                self._readers[read.source.name].append(path)
        for stored in node.saves:
            self._writers[stored.name].append(path)

    def _note_all(self, flow: Flow) -> None:
        for node in flow.nodes.values():
            self._inside |= {r.source.name for r in node.reads if isinstance(r.source, Stored)}
            self._inside |= {stored.name for stored in node.saves}
            for inner in (*node.inner.values(), *([node.handler] if node.handler else [])):
                self._note_all(inner)
        if flow.handler:
            self._note_all(flow.handler)

    def is_in_order(self, name: str) -> bool:
        """Whether it is written once at most, and read after that alone."""
        writers = self._writers[name]
        if name in self._inside or len(writers) > 1:
            return False
        return all(self._place[w] < self._place[r] for w in writers for r in self._readers[name])


def _is_known(dataset: Dataset) -> bool:
    """Whether Kedro takes the class: one of its own, or one that is made from Kedro's."""
    if dataset.type.startswith(_SHORT):
        return True
    bases = getattr(_class(dataset.type), "__mro__", ())
    return any((c.__module__, c.__name__) == ("kedro.io.core", "AbstractDataset") for c in bases)


def _class(kind: str) -> Any:
    module, _, name = kind.replace(":", ".").rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception:  # whatever importing it may raise: then nobody knows the class
        return None


def entry(dataset: Dataset) -> dict[str, Any]:
    """What the catalog says of a dataset."""
    kind = dataset.type.replace(":", ".")
    for prefix in _SHORT:
        kind = kind.removeprefix(prefix)
    found: dict[str, Any] = {"type": kind}
    if dataset.path is not None:
        found[_path_key(dataset.type)] = dataset.path
    if dataset.credentials:
        found["credentials"] = dataset.credentials
    return found | dict(dataset.options)


def _path_key(kind: str) -> str:
    """The argument that takes the path; ``filepath`` unless there is only ``path``."""
    if kind.startswith(_SHORT):  # known without importing what these need
        return "path" if ".partitions." in kind else "filepath"
    names = inspect.signature(_class(kind)).parameters
    return "path" if "path" in names and "filepath" not in names else "filepath"
