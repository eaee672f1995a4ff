"""What everything is called in the project, and which datasets order nodes that pass no value.

The writer writes by this plan, the engine finds a run's steps and values by it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, NamedTuple

from bridge.emit.names import Names, identifier
from bridge.flow import Flow, Given, Node, Output, Parameter, Read
from bridge.values import Fact
from bridge_kedro.stored import in_catalog, with_catalog

__all__ = ["KNOWN", "Gather", "NodeName", "Place", "Plan", "known_flow"]

KNOWN: dict[str, Callable[[Node], Any]] = {"step": lambda node: node.path, "attempt": lambda _: 1}
"""The facts that the writer knows of a task; Kedro never tries a node again."""

_NATIVE = re.compile(r"[\w -]+")
"""Names of parameters, and keys in them, that may stand after ``params:``."""


_DATASET = re.compile(r"[^\W_]\w*(\.\w+)*(@\w+)?")
"""Names that Kedro understands: in a namespace, and with the way in which it is loaded."""


class NodeName(NamedTuple):
    """A node's name in its namespace, which is empty for most."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


class Place(NamedTuple):
    """A dataset and the place in its value at which a read points."""

    dataset: str
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True)
class Gather:
    """A node that turns the markers of a composite's last tasks into one."""

    name: NodeName
    markers: tuple[str, ...]
    marker: str


@dataclass
class Plan:
    """The names of nodes and datasets, each different from all others of its kind.

    In ``flow`` the datasets of the catalog, whose names there are in ``stored``, are objects that
    nodes take and give. ``labels`` has the shortest text that tells a step from all others,
    ``values`` the dataset of each output, ``files`` that of the files put by the step at a path,
    ``markers`` the one that says that the step at a path has ended, where one is needed.
    ``gathers`` are by the path of their composite, ``facts`` are those of the run that some node
    reads.
    """

    flow: Flow
    nodes: dict[str, NodeName] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    values: dict[Output, str] = field(default_factory=dict)
    stored: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    markers: dict[str, str] = field(default_factory=dict)
    gathers: dict[str, Gather] = field(default_factory=dict)
    _waits: dict[str, list[str]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        names = in_catalog(self.flow)
        self.flow = with_catalog(self.flow, names)
        reads = (read.source for node in self.flow.nodes.values() for read in node.reads)
        self.facts = sorted({s.name for s in reads if isinstance(s, Fact)} - KNOWN.keys())
        self._datasets = Names({"parameters", *self.facts})
        self._number = count()
        self._name_nodes()
        self._name_stored(names)
        self._name_values()
        self._order()

    def _name_nodes(self) -> None:
        tasks = Counter(node.task.name for node in self.flow.nodes.values())
        for path, node in self.flow.nodes.items():
            self.labels[path] = node.task.name if tasks[node.task.name] == 1 else path
            parent = path.removesuffix(node.task.name).rstrip(".")
            name, given = node.task.name, namespace(node)
            if given and name.startswith(f"{given}."):
                parent, name = ".".join(filter(None, [parent, given])), name[len(given) + 1 :]
            self.nodes[path] = self._node_name(parent, name)

    def _node_name(self, parent: str, name: str) -> NodeName:
        wanted = found = NodeName(_node_text(parent), _node_text(name))
        number = 2
        while str(found) in self._taken:
            found = NodeName(wanted.namespace, f"{wanted.name}_{number}")
            number += 1
        self._taken.add(str(found))
        return found

    def _name_stored(self, names: list[str]) -> None:
        """Keep the names that Kedro understands, those in a namespace that there is."""
        outputs = [o.name for node in self.flow.nodes.values() for o in node.outputs]
        made = Counter(_base(name) for name in outputs if name in names)
        for name in names:
            base, fits = _base(name), self._is_native(name)
            alone = base == name or (made[base] < 2 and base not in {*names, *outputs})
            if fits and alone and name not in self._datasets:
                self._datasets.reserve(name)
                self.stored[name] = name
        for name in names:
            if name not in self.stored:
                self.stored[name] = self._dataset(name)

    def _is_native(self, name: str) -> bool:
        """Whether Kedro has such names of datasets: in a namespace, if there is one like it."""
        spaces = {namespace(node).partition(".")[0] for node in self.flow.nodes.values()} - {""}
        first, dot, _ = name.partition(".")
        return bool(_DATASET.fullmatch(name)) and (not dot or first in spaces)

    def _name_values(self) -> None:
        flow = self.flow
        made = Counter(o.name for node in flow.nodes.values() for o in node.outputs)
        for path, node in flow.nodes.items():
            for output in node.outputs:
                name = output.name
                if name in self.stored:
                    self.values[output] = self.stored[name]
                    continue
                once = made[name] == 1 and name not in flow.pipeline.parameters
                self.values[output] = self._dataset(name if once else f"{self.labels[path]}_{name}")
            if node.puts:
                self.files[path] = self._dataset(f"{self.labels[path]}_files")

    def _dataset(self, wanted: str) -> str:
        """A name that no other dataset has."""
        if "." in wanted and self._is_native(wanted) and wanted not in self._datasets:
            self._datasets.reserve(wanted)
            return wanted
        # Kedro leaves out of its catalog what begins with an underscore.
        safe = "value" if identifier(wanted).startswith("_") else wanted
        return self._datasets(str(next(self._number)), safe)

    def _order(self) -> None:
        """Give each node that takes nothing from one just before it that one's marker."""
        waits = {path: self.flow.order_only(node) for path, node in self.flow.nodes.items()}
        waiting = Counter(earlier for found in waits.values() for earlier in found)
        for path, found in waits.items():
            node = self.flow.nodes[path]
            for earlier in found:
                if waiting[earlier] > 1 and len(self.flow.exits[earlier]) > 1:
                    self._wait(path, [self._gather(earlier).marker])
                else:
                    self._wait(path, map(self._marker, self._unordered(node, earlier)))
            if not (node.outputs or node.puts or self.inputs(node)):
                self._marker(path)

    def _wait(self, path: str, markers: Iterable[str]) -> None:
        self._waits.setdefault(path, []).extend(markers)

    def _unordered(self, node: Node, earlier: str) -> list[str]:
        """Those last tasks of a step from which the node takes nothing."""
        taken = {r.source.step for r in node.reads if isinstance(r.source, Output)}
        taken.update(node.files_from)
        taken.update(self._written_otherwise(node))
        return [path for path in self.flow.exits[earlier] if path not in taken]

    def _written_otherwise(self, node: Node) -> Iterator[str]:
        """The nodes that write, loaded in another way, what this one reads."""
        held = {r.source.name for r in node.reads if isinstance(r.source, Given)}
        bases = {_base(name) for name in held if "@" in self.stored[name]}
        for output, name in self.values.items():
            if "@" in name and _base(output.name) in bases:
                yield output.step

    def _marker(self, path: str) -> str:
        if path not in self.markers:
            self.markers[path] = self._dataset(f"{self.labels[path]}_done")
        return self.markers[path]

    def _gather(self, composite: str) -> Gather:
        if composite not in self.gathers:
            parent, _, _ = composite.rpartition(".")
            self.gathers[composite] = Gather(
                self._node_name(parent, f"{composite.rpartition('.')[2]}_done"),
                tuple(map(self._marker, self.flow.exits[composite])),
                self._dataset(f"{composite}_done"),
            )
        return self.gathers[composite]

    # What a node takes and gives

    def place(self, read: Read) -> Place | None:
        """Where a read finds its value; None for what is written into the code."""
        source = read.source
        if isinstance(source, Output):
            return Place(self.values[source], read.path)
        if isinstance(source, Given):
            return Place(self.stored[source.name])
        if isinstance(source, Parameter):
            return self._parameter(source.name, read.path)
        if isinstance(source, Fact) and source.name not in KNOWN:
            return Place(source.name)
        return None

    def _parameter(self, name: str, path: tuple[str | int, ...]) -> Place:
        """``params:a.b`` as far as Kedro knows such a name, else a place in all ``parameters``."""
        if not _NATIVE.fullmatch(name):
            return Place("parameters", (name, *path))
        declared = self.flow.pipeline.parameters
        for i, key in enumerate(path):
            longer = f"{name}.{key}"
            if not (isinstance(key, str) and _NATIVE.fullmatch(key)) or longer in declared:
                return Place(f"params:{name}", path[i:])
            name = longer
        return Place(f"params:{name}")

    def inputs(self, node: Node) -> list[str]:
        """The datasets that a node takes: values, manifests in order, markers."""
        places = [self.place(read) for read in node.reads]
        return [place.dataset for place in places if place] + self.extra_inputs(node)

    def extra_inputs(self, node: Node) -> list[str]:
        """The datasets beside the values: manifests in order, then markers."""
        files = [self.files[path] for path in node.files_from]
        return [*files, *dict.fromkeys(self._waits.get(node.path, ()))]

    def outputs(self, node: Node) -> list[str]:
        """The datasets that a node gives: values, manifest, marker."""
        more = [held[node.path] for held in (self.files, self.markers) if node.path in held]
        return [*(self.values[output] for output in node.outputs), *more]


def known_flow(flow: Flow) -> Flow:
    """The flow with each nested parameter known under its own name, ``a.b``, as Kedro has it."""
    declared: dict[str, Any] = dict(flow.pipeline.parameters)
    todo = list(declared.items())
    while todo:
        name, value = todo.pop()
        declared.setdefault(name, value)
        if isinstance(value, dict):
            todo += [(f"{name}.{key}", inner) for key, inner in value.items()]
    return replace(flow, pipeline=replace(flow.pipeline, parameters=declared))


def namespace(node: Node) -> str:
    """The namespace that is written on a step for Kedro."""
    return str(node.step.overrides.get("kedro", {}).get("namespace", ""))


def _base(name: str) -> str:
    """A dataset's name without the way in which it is loaded."""
    return name.partition("@")[0]


def _node_text(text: str) -> str:
    return re.sub(r"[^\w.-]+", "_", text)
