"""What is shown of a pipeline, whatever the form: boxes in groups, and what each reads and gives.

Where the pipeline can be analysed, that says who reads what; where it cannot, the steps are shown
as they are written, together with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import ModelError
from bridge.flow import Flow, analyse, walk
from bridge.model import (
    Composite,
    Conditional,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Step,
    Stub,
    Task,
)
from bridge.order import arrange
from bridge.scope import Output, Parameter
from bridge.signatures import Argument, signature
from bridge.values import At, Constant, Input, Kind

__all__ = ["Box", "Group", "Outline", "outline", "plain"]


@dataclass
class Box:
    """A step as it is shown; ``reads`` are texts such as ``rate`` or ``units=sizes.small``.

    ``path`` is its name in the whole pipeline, ``what`` says in short what it does. ``groups`` are
    the pipelines inside, ``failure`` is what runs when it fails; ``notes`` are its policies.
    """

    name: str
    path: str
    kind: str
    what: str = ""
    reads: list[str] = field(default_factory=list)
    returns: dict[str, Kind] = field(default_factory=dict)
    gets: list[str] = field(default_factory=list)
    puts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    failure: Group | None = None

    def inside(self) -> list[Group]:
        """Every pipeline that belongs to it."""
        return [*self.groups, *([self.failure] if self.failure else [])]

    def facts(self) -> list[tuple[str, str]]:
        """What it reads, returns, gets and puts, each as a word and a list in a text."""
        kinds = {Kind.JSON: "", Kind.METRIC: " (metric)", Kind.PICKLED: " (object)"}
        returns = [plain(name) + kinds[kind] for name, kind in self.returns.items()]
        found = {"reads": self.reads, "returns": returns, "gets": self.gets, "puts": self.puts}
        return [(word, ", ".join(map(plain, texts))) for word, texts in found.items() if texts]


@dataclass
class Group:
    """A pipeline as it is shown: its boxes in order, and by position which follow which.

    ``by_data`` when the boxes do not simply follow one another. What runs when the pipeline fails
    is a last box of kind ``failure``.
    """

    label: str
    boxes: list[Box]
    edges: list[tuple[int, int]]
    by_data: bool

    def earlier(self) -> list[list[int]]:
        """For each box the positions of those that end just before it."""
        found: list[list[int]] = [[] for _ in self.boxes]
        for start, end in self.edges:
            found[end].append(start)
        return found


@dataclass
class Outline:
    """A pipeline as it is shown; ``problems`` say why it could not be analysed, if so."""

    pipeline: Pipeline
    group: Group
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def boxes(self) -> Iterator[Box]:
        """Every box, in reading order."""
        todo = self.group.boxes[::-1]
        while todo:
            box = todo.pop()
            yield box
            todo += [inner for group in box.inside()[::-1] for inner in group.boxes[::-1]]


def plain(text: str) -> str:
    """The text on one line, with escapes for what would not be seen or would be obeyed."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def outline(what: Pipeline | Flow) -> Outline:
    """What is shown of a pipeline; it need not be one that could run."""
    pipeline = what.pipeline if isinstance(what, Flow) else what
    flow, problems = (what, []) if isinstance(what, Flow) else _analysed(pipeline)
    group = _Drawing(pipeline, flow).group(pipeline, "", "")
    warnings = [plain(str(warning)) for warning in flow.warnings] if flow else []
    return Outline(pipeline, group, problems, warnings)


def _analysed(pipeline: Pipeline) -> tuple[Flow | None, list[str]]:
    try:
        return analyse(pipeline), []
    except ModelError as error:
        return None, [plain(str(problem)) for problem in error.problems]


class _Drawing:
    """Makes the boxes; ``flow`` is None where the pipeline can only be shown as written."""

    def __init__(self, pipeline: Pipeline, flow: Flow | None) -> None:
        self._flow = flow
        self._known = set() if flow else _names(pipeline)
        self._boxes: dict[int, Box] = {}

    def group(self, pipeline: Pipeline, label: str, prefix: str) -> Group:
        """The group of a pipeline whose steps have paths that start with ``prefix``."""
        boxes = [self._box(step, prefix) for step in pipeline.steps]
        names = [box.name for box in boxes]
        order = self._order(pipeline, prefix)
        if order.keys() == set(names) and len(order) == len(names):
            place = {name: i for i, name in enumerate(order)}
            boxes.sort(key=lambda box: place[box.name])
            edges = [(place[e], i) for i, earlier in enumerate(order.values()) for e in earlier]
        else:
            edges = [(i, i + 1) for i in range(len(boxes) - 1)]
        if pipeline.on_failure:
            inner = self.group(pipeline.on_failure, "", f"{prefix}on_failure.")
            boxes.append(Box("on failure", f"{prefix}on_failure", "failure", groups=[inner]))
        return Group(label, boxes, edges, pipeline.order == "data")

    def _order(self, pipeline: Pipeline, prefix: str) -> dict[str, tuple[str, ...]]:
        if self._flow and prefix in self._flow.orders:
            return self._flow.orders[prefix]
        order, problems = arrange(pipeline, self._reads, self._writes)
        return {} if problems else order

    def _box(self, step: Step, prefix: str) -> Box:
        path = prefix + step.name
        box = Box(step.name, path, kind_of(step), _what(step), notes=list(_notes(step)))
        if isinstance(step, Task):
            box.reads = list(dict.fromkeys(self._read(step, path)))
            box.returns = {} if isinstance(step, Stub) else {r.name: r.kind for r in step.returns}
            if step.catalog:
                box.gets, box.puts = list(step.catalog.get), list(step.catalog.put)
        box.groups = [
            self.group(inner, label, f"{path}.{key}." if key else f"{path}.")
            for label, key, inner in _pipelines(step)
        ]
        if step.on_failure:
            box.failure = self.group(step.on_failure, "on failure", f"{path}.on_failure.")
        self._boxes[id(step)] = box
        return box

    def _read(self, task: Task, path: str) -> Iterator[str]:
        """What a task reads: as analysed, else all it asks for that may be there."""
        if self._flow and path in self._flow.nodes:
            for read in self._flow.nodes[path].reads:
                given = task.inputs.get(read.argument.name)
                if given is None and isinstance(read.source, Output | Parameter):
                    given = At(read.source.name, read.path)
                yield _input(read.argument.name, given or At(read.argument.name))
            return
        for argument in _arguments(task):
            given = task.inputs.get(argument.name)
            if given or argument.required or argument.name in self._known:
                yield _input(argument.name, given or At(argument.name))

    def _reads(self, step: Step) -> tuple[set[str], tuple[str, ...]]:
        boxes = list(_within(self._boxes[id(step)]))
        names = {name.partition("=")[2] or name for box in boxes for name in box.reads}
        return {n.partition(".")[0] for n in names}, tuple(g for box in boxes for g in box.gets)

    def _writes(self, step: Step) -> tuple[set[str], tuple[str, ...]]:
        boxes = list(_within(self._boxes[id(step)]))
        return {n for box in boxes for n in box.returns}, tuple(g for b in boxes for g in b.puts)
