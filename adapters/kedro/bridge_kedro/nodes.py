"""The functions of nodes: the text of ``nodes.py``, and which tasks need none."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any

from bridge.emit.body import Body, body
from bridge.emit.names import Names
from bridge.emit.python import comment, docstring, imports, indent, literal
from bridge.emit.types import elements, trusted
from bridge.flow import Node, Parameter, Read
from bridge.model import NotebookTask, PythonTask, Stub
from bridge.references import Reference
from bridge.values import Fact, Kind
from bridge_kedro.plan import Gather, Plan, known_flow
from bridge_kedro.tables import ARGUMENT_NAMES

__all__ = ["Call", "Nodes"]

_REPORTING = 'REPORTING = Path(__file__).parents[4] / "data" / "08_reporting"'


@dataclass(frozen=True)
class Call:
    """The function of a node, and the dataset that each of its arguments takes.

    ``reference`` is set where that is the user's own function.
    """

    function: str
    inputs: Mapping[str, str]
    reference: Reference | None = None


@dataclass
class Nodes:
    """The functions of all nodes, written as they are asked for."""

    plan: Plan
    carries: set[str] = field(default_factory=set)
    _written: list[str] = field(default_factory=list)
    _bound: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nodes = self.plan.flow.nodes
        self._flow = known_flow(self.plan.flow)
        users = {_top(n.task.reference) for n in nodes.values() if isinstance(n.task, PythonTask)}
        names = Names({*users, *ARGUMENT_NAMES, "Path"})
        self.functions = {
            path: names(path, f"{label}_node") for path, label in self.plan.labels.items()
        }
        self._gather = names("", "gather")

    def text(self, about: str) -> str:
        """The module; empty when no node needs a function of its own."""
        if not self._written:
            return ""
        parts = [docstring(about), "\n".join(imports(self._bound.values())), *self._written]
        if any(isinstance(n.task, NotebookTask) for n in self.plan.flow.nodes.values()):
            parts[1:2] = ["from pathlib import Path", parts[1], _REPORTING]
        return "\n\n".join(filter(None, parts))

    def call(self, node: Node) -> Call:
        """The function for a task: the user's own where the plain call is all it takes."""
        if isinstance(node.task, PythonTask) and self._is_plain(node):
            places = [(read.argument.name, self.plan.place(read)) for read in node.reads]
            inputs = {name: place.dataset for name, place in places if place}
            reference = node.task.reference
            return Call(reference.name, inputs, reference)
        return self._own(node)

    def _is_plain(self, node: Node) -> bool:
        """Whether Kedro, by calling the user's function, does all that the task asks for."""
        function = node.task.reference.load()  # type: ignore[attr-defined]
        return (
            inspect.isfunction(function)
            and not inspect.isgeneratorfunction(function)
            and function.__qualname__ == function.__name__
            and not self.plan.extra_inputs(node)
            and len(self.plan.outputs(node)) == len(node.outputs)
            and bool(node.reads or node.outputs)
            and all(self._is_plain_read(read) for read in node.reads)
            and _are_plain_returns(node)
        )

    def _is_plain_read(self, read: Read) -> bool:
        place = self.plan.place(read)
        if place is None or place.path or read.argument.positional_only:
            return False
        return trusted(self._flow, self._known(read))

    def _known(self, read: Read) -> Read:
        """The read, with a nested parameter as one of its own, as in Kedro."""
        place = self.plan.place(read)
        if isinstance(read.source, Parameter) and place and place.dataset != "parameters":
            name = place.dataset.removeprefix("params:")
            return replace(read, source=Parameter(name), path=place.path)
        return read

    def _own(self, node: Node) -> Call:
        names = Names(ARGUMENT_NAMES)
        inputs: dict[str, str] = {}
        values: dict[str, str] = {}
        for read in node.reads:
            place = self.plan.place(read)
            if place is None:
                values[read.argument.name] = _constant(node, read)
                continue
            whole = place.dataset == "parameters"
            argument = names("all" if whole else f"value {read.argument.name}",
                             "parameters" if whole else read.argument.name)  # fmt: skip
            inputs[argument] = place.dataset
            values[read.argument.name] = argument + (f"[{literal(place.path[0])}]" if whole else "")
        more = {names(f"extra {name}", name): name for name in self.plan.extra_inputs(node)}
        files = [argument for argument, _ in zip(more, node.files_from, strict=False)]
        found = self._body(node, values, files, [*inputs, *more])
        function = self.functions[node.path]
        self._write(function, [*inputs, *more], self._lines(node, found), found.imports)
        return Call(function, inputs | more)

    def _body(
        self, node: Node, values: Mapping[str, str], files: list[str], arguments: list[str]
    ) -> Body:
        known = replace(node, reads=tuple(map(self._known, node.reads)))
        taken = [*arguments, *self._taken(node)]
        save_as = ""
        if isinstance(node.task, NotebookTask):
            save_as = f"REPORTING / {literal(f'{self.plan.nodes[node.path]}.ipynb')}"
        found = body(self._flow, known, values, files, taken, save_as)
        self.carries |= found.carries
        return found

    def _taken(self, node: Node) -> Iterator[str]:
        """Names like that of the user's function that stand for something else here."""
        if not isinstance(node.task, PythonTask):
            return
        top = _top(node.task.reference)
        own = f"from {node.task.reference.module} import {top}"
        for name in chain([top, f"{top}_"], (f"{top}_{n}" for n in count(2))):
            if self._bound.get(name, own).partition(" as ")[0] == own:
                return
            yield name

    def _lines(self, node: Node, found: Body) -> list[str]:
        given = [found.outputs[output.name] for output in node.outputs]
        given += [found.manifest] if node.puts else []
        given += ["True"] if node.path in self.plan.markers else []
        lines = [*_about(node), *found.lines]
        lines += [f"return {', '.join(given)}"] if given else []
        return lines or ["pass"]

    def gather(self, gather: Gather) -> Call:
        """The function of a node that waits for others."""
        about = docstring("Tell that all of these have ended.")
        if gather is next(iter(self.plan.gathers.values())):
            self._write(self._gather, ["*markers"], [about, "return all(markers)"], [])
        return Call(self._gather, {name: name for name in gather.markers})

    def _write(
        self, function: str, arguments: list[str], lines: list[str], imported: list[str]
    ) -> None:
        for line in imported:
            module, _, names = line.partition(" import ")
            self._bound |= {n.split()[-1]: f"{module} import {n}" for n in names.split(", ")}
        header = f"def {function}({', '.join(arguments)}):"
        self._written.append("\n".join([header, *indent(lines)]))


def _constant(node: Node, read: Read) -> str:
    return literal(node.path) if isinstance(read.source, Fact) else ""


def _top(reference: Reference) -> str:
    """What is imported of a function: itself, or the class it is in."""
    return reference.qualname.partition(".")[0]


def _are_plain_returns(node: Node) -> bool:
    """Whether what the function returns can be handed on as it is."""
    annotation: Any = node.signature.returns
    if not node.outputs:
        return annotation in (None, type(None))
    if not all(output.kind is Kind.PICKLED for output in node.outputs):
        return False
    return len(node.outputs) == 1 or len(elements(annotation)) == len(node.outputs)


def _about(node: Node) -> list[str]:
    """What is written above the work of a stub: whatever it says."""
    if not isinstance(node.task, Stub):
        return []
    extra = [comment(f"{key}: {value!r}") for key, value in node.task.extra.items()]
    return [docstring("To be written."), *extra]
