"""A pipeline as plain facts about what it means, whatever it is written in.

They are its parameters, datasets and schedule, and for each step what it does, what must have ended
before it, from whom it takes each value, what it gives, its files and its policies. Names of
pipelines and descriptions are none, nor are the modules of functions. A ``Parallel`` only groups:
its steps are told of by what must have ended before them, without its name.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bridge.expressions import Expression
from bridge.flow import Flow, Given, Node, Output, Parameter, Read, Stored, analyse
from bridge.frozen import Frozen
from bridge.likeness import digest_of_function, digest_of_notebook
from bridge.model import (
    Conditional,
    ForeignTask,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Step,
    Task,
)
from bridge.nodes import files_of, inside, returns_of
from bridge.references import Reference
from bridge.values import Constant, Fact

__all__ = ["Code", "Facts", "describe", "plain"]

Facts = dict[str, Any]

_POLICIES = (
    *("retry", "timeout", "resources", "environment", "secrets", "dependencies", "image"),
    "cache",
    *("terminate_with_success", "terminate_with_failure", "overrides"),
)
_OF_PIPELINE = ("schedule", "overrides")


@dataclass(frozen=True)
class Code:
    """A function or a notebook by its name and the digest of its code, empty if not known."""

    name: str
    digest: str

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Code):
            return NotImplemented
        if self.digest and other.digest:
            return self.digest == other.digest
        return self.name == other.name

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"{self.name} [{self.digest}]" if self.digest else self.name


def describe(pipeline: Pipeline) -> dict[str, Facts]:
    """The facts of each step, by its path, and of the pipeline itself, which has none.

    A path leaves out the parallels that the step is in, unless another step would have the same.
    Raises ModelError when the pipeline contradicts itself.
    """
    found: dict[str, Facts] = {"": _of_pipeline(pipeline)}
    steps = [*_walk(pipeline, "", "")]
    often = Counter(short for _, short, _ in steps)
    names = {path: short if often[short] == 1 else path for path, short, _ in steps}
    for path, _, step in steps:
        said = _of_step(step)
        if said or not isinstance(step, Parallel):
            found[names[path]] = {"kind": _kind(step), **said}
    for path, facts in _Flows(names).facts(analyse(pipeline), ""):
        found[names[path]] |= facts
    return found


def _walk(pipeline: Pipeline, path: str, short: str) -> Iterator[tuple[str, str, Step]]:
    """Every step with its path, and with its path without the parallels it is in."""
    for step in pipeline.steps:
        yield path + step.name, short + step.name, step
        for key, inner in inside(step):
            grouped = isinstance(step, Parallel) and inner is not step.on_failure
            place = f"{step.name}{key}."
            yield from _walk(inner, path + place, short if grouped else short + place)
    if pipeline.on_failure:
        place = "on_failure."
        yield from _walk(pipeline.on_failure, path + place, short + place)


def _of_pipeline(pipeline: Pipeline) -> Facts:
    found: Facts = {f"parameter {name}": value for name, value in pipeline.parameters.items()}
    for name, dataset in pipeline.datasets.items():
        found[f"dataset {name}"] = plain(dataset)
    return found | {n: plain(v) for n in _OF_PIPELINE if (v := getattr(pipeline, n))}


def _kind(step: Step) -> str:
    return type(step).__name__.removesuffix("Task").lower()


def _of_step(step: Step) -> Facts:
    """What a step says of itself alone."""
    does = _does(step)
    found: Facts = {} if does is None else {"does": does}
    if isinstance(step, ForeignTask):
        found["framework"] = step.framework
    if isinstance(step, Loop):
        found["max_iterations"] = step.max_iterations
    if isinstance(step, Conditional):
        found["cases"] = [*step.branches, *(["otherwise"] if step.default else [])]
    if isinstance(step, Map) and step.reducer is not None:
        found["reducer"] = _code(step.reducer)
    if isinstance(step, Task):
        found |= {f"returns {r.name}": str(r.kind) for r in returns_of(step)}
        files = files_of(step)
        found |= {n: sorted(v) for n in ("get", "put") if (v := getattr(files, n))}
        found |= {} if files.store_copy else {"store_copy": False}
    given = {name: getattr(step, name, None) for name in _POLICIES}
    return found | {name: plain(value) for name, value in given.items() if value}


def _does(step: Step) -> Any:
    if isinstance(step, PythonTask):
        return _code(step.reference)
    if isinstance(step, NotebookTask):
        return Code(step.notebook, digest_of_notebook(step))
    if isinstance(step, ShellTask):
        return step.command
    return plain(step.definition) if isinstance(step, ForeignTask) else None


def _code(function: Any) -> Code:
    assert isinstance(function, Reference | Expression)
    return Code(str(function), digest_of_function(function))


class _Flows:
    """What the analysis tells of the steps of a flow and of those inside it.

    ``names`` are what steps are called, by their paths.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._prefixes: dict[int, str] = {}
        self._loops: dict[int, set[str]] = {}

    def facts(self, flow: Flow, prefix: str) -> Iterator[tuple[str, Facts]]:
        """By path: what ends before a step, and from whom it takes what it reads."""
        self._prefixes[id(flow)] = prefix
        earlier = _earlier(flow)
        for path, node in flow.nodes.items():
            after = sorted(self._names[prefix + other] for other in earlier[path])
            if not isinstance(node.task, Parallel):
                reads = dict(self._reads(flow, node))
                yield prefix + path, reads | ({"after": after} if after else {})
            for key, inner in node.inner.items():
                if isinstance(node.task, Loop):
                    self._loops[id(inner)] = {*inner.sets, *inner.carried}
                yield from self.facts(inner, prefix + node.at(key))
            if node.handler:
                yield from self.facts(node.handler, f"{prefix}{path}.on_failure.")
        if flow.handler:
            yield from self.facts(flow.handler, f"{prefix}on_failure.")

    def _reads(self, flow: Flow, node: Node) -> Iterator[tuple[str, Any]]:
        if node.control:
            what = {Map: "for each in", Conditional: "decided by", Loop: "until"}
            yield what.get(type(node.task), "control"), self._source(flow, node.control)
        for read in () if node.inner else node.reads:
            yield f"reads {read.argument.name}", self._source(flow, read)

    def _source(self, flow: Flow, read: Read) -> str:
        """Where a value comes from, by the path of the step that gives it."""
        name = getattr(read.source, "name", "")
        outside = flow.source_outside(read)
        if isinstance(read.source, Given) and name in self._loops.get(id(flow), ()):
            begins = f"{self._source(*outside)}, then " if outside else ""
            return f"{begins}{name} of the iteration before"
        if outside:
            return self._source(*outside)
        path = "".join(f"[{key!r}]" for key in read.path)
        source = read.source
        if isinstance(source, Constant):
            return f"the constant {json.dumps(source.value, sort_keys=True)}"
        if isinstance(source, Fact):
            return f"the fact {source.name}"
        if isinstance(source, Parameter):
            return f"parameter {source.name}{path}"
        if isinstance(source, Stored):
            return f"dataset {source.name}"
        if isinstance(source, Output):
            return f"{source.name}{path} of {self._names[self._prefixes[id(flow)] + source.step]}"
        assert isinstance(source, Given)
        of = self._prefixes[id(flow)].removesuffix(".")
        return f"{'the item' if flow.begins.get(source.name) else 'the number'}{path} of {of}"


def _earlier(flow: Flow) -> dict[str, list[str]]:
    """For each node those just before it, without those that are before one of them anyway."""
    place = {path: 1 << i for i, path in enumerate(flow.nodes)}
    above: dict[str, int] = {}
    found = {}
    for path, node in flow.nodes.items():
        before = {end for step in node.after for end in flow.exits[step]}
        further = 0
        for other in before:
            further |= above[other]
        above[path] = further
        for other in before:
            above[path] |= place[other]
        found[path] = [other for other in before if not further & place[other]]
    return found


def plain(value: Any) -> Any:
    """A value of the model as JSON."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, Frozen):
        given = {f.name: getattr(value, f.name) for f in fields(value)}
        return {name: plain(held) for name, held in given.items() if held is not None}
    if isinstance(value, Mapping):
        return {str(key): plain(held) for key, held in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
