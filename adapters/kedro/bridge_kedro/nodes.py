"""The functions of nodes: the text of ``nodes.py``, and which tasks need none."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.emit.body import Body, body
from bridge.emit.names import Names
from bridge.emit.python import comment, docstring, imports, indent, literal
from bridge.emit.types import trusted
from bridge.flow import Given, Node, Output, Parameter, Read, walk
from bridge.model import Map, NotebookTask, Pipeline, PythonTask, Stub
from bridge.references import Reference
from bridge.values import Constant, Fact, Kind
from bridge_kedro.plan import KNOWN, Gather, Plan, known_flow
from bridge_kedro.tables import ARGUMENT_NAMES

__all__ = ["Call", "Nodes", "references"]

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
        self._flow = known_flow(self.plan.flow)
        users = {_top(reference) for reference in references(self.plan.flow.pipeline)}
        names = Names({*users, *ARGUMENT_NAMES, "Path"})
        self.functions = {
            path: names(path, f"{label}_node") for path, label in self.plan.labels.items()
        }
        self._gather = names("", "gather")
        here = ["Path", "REPORTING", self._gather, *self.functions.values()]
        self._bound = dict.fromkeys(here, "")

    def text(self, about: str) -> str:
        """The module; empty when no node needs a function of its own."""
        if not self._written:
            return ""
        notebooks = any(isinstance(step, NotebookTask) for _, step in walk(self.plan.flow.pipeline))
        lines = {line for line in self._bound.values() if line}
        lines |= {"from pathlib import Path"} if notebooks else set()
        own = {line for line in lines if _module(line) in sys.stdlib_module_names}
        parts = [docstring(about), *("\n".join(imports(found)) for found in (own, lines - own))]
        parts += [_REPORTING] if notebooks else []
        return "\n\n".join(filter(None, [*parts, *self._written]))

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
        function = node.task.reference.load()
        return (
            inspect.isfunction(function)
            and node.signature.direct
            and not inspect.isgeneratorfunction(function)
            and function.__qualname__ == function.__name__
            and not self.plan.extra_inputs(node)
            and not node.saves
            and len(self.plan.outputs(node)) == len(node.outputs)
            and bool(node.reads or node.outputs)
            and all(self._is_plain_read(node, read) for read in node.reads)
            and _are_plain_returns(node)
        )

    def _is_plain_read(self, node: Node, read: Read) -> bool:
        place = self.plan.place(read)
        if place is None or place.path or read.argument.positional_only or not read.certain:
            return False
        return trusted(self._flow, self._known(node, read))

    def _known(self, node: Node, read: Read) -> Read:
        """The read, with a nested parameter as one of its own, as in Kedro, and known facts."""
        if isinstance(read.source, Given):  # what Kedro loads is an object, from wherever it is
            return replace(read, source=Output("", read.source.name, Kind.PICKLED))
        if isinstance(read.source, Fact) and read.source.name in KNOWN:
            return replace(read, source=Constant(KNOWN[read.source.name](node)))
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
        known = replace(node, reads=tuple(self._known(node, read) for read in node.reads))
        taken = set(arguments)
        while True:
            found = body(self._flow, known, values, files, sorted(taken), self._keep(node))
            clashes = self._clashes(found.imports)
            if not clashes:
                self.carries |= found.carries
                return found
            taken |= clashes

    def _keep(self, node: Node) -> Callable[[str], str]:
        """Where an executed notebook is kept."""

        def keep(name: str) -> str:
            if node.inner:
                return f'REPORTING / {"f" if "{" in name else ""}"{name}.ipynb"'
            return f"REPORTING / {literal(f'{self.plan.nodes[node.path]}.ipynb')}"

        return keep

    def _clashes(self, imported: list[str]) -> set[str]:
        """Names in use in the module that resemble those by which something else is imported."""
        wanted = {name: line for line in imported for name, line in _bindings(line)}
        wrong = {n: line for n, line in wanted.items() if self._bound.get(n, line) != line}
        return {
            other
            for name, line in wrong.items()
            for other, bound in self._bound.items()
            if other.startswith(name) and _source(bound) != _source(line)
        }

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
            self._bound |= _bindings(line)
        header = f"def {function}({', '.join(arguments)}):"
        self._written.append("\n".join([header, *indent(lines)]))


def _bindings(line: str) -> Iterator[tuple[str, str]]:
    """The names that an import line binds, each with a line that binds it alone."""
    module, _, names = line.partition(" import ")
    for name in names.split(", "):
        yield name.split()[-1], f"{module} import {name}"


def _module(line: str) -> str:
    """The package that an import line imports from."""
    return line.split()[1].partition(".")[0]


def _source(line: str) -> str:
    """What an import line imports, under whichever name."""
    return line.partition(" as ")[0]


def references(pipeline: Pipeline) -> Iterator[Reference]:
    """The user's functions, those that reduce the values of maps too."""
    for _, step in walk(pipeline):
        if isinstance(step, PythonTask):
            yield step.reference
        elif isinstance(step, Map) and isinstance(step.reducer, Reference):
            yield step.reducer


def _top(reference: Reference) -> str:
    """What is imported of a function: itself, or the class it is in."""
    return reference.qualname.partition(".")[0]


def _are_plain_returns(node: Node) -> bool:
    """Whether what the function returns can be handed on as it is: Kedro takes it apart too."""
    annotation: Any = node.signature.returns
    if not node.outputs:
        return annotation in (None, type(None))
    if not all(output.kind is Kind.PICKLED for output in node.outputs):
        return False
    kind = typing.get_origin(annotation) or annotation
    return len(node.outputs) == 1 or kind in (list, tuple)


def _about(node: Node) -> list[str]:
    """What is written above the work of a stub: whatever it says."""
    if not isinstance(node.task, Stub):
        return []
    extra = [comment(f"{key}: {value!r}") for key, value in node.task.extra.items()]
    return [docstring("To be written."), *extra]
