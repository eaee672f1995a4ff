"""What is shown of a pipeline, whatever the form: boxes in groups, and what each reads and gives.

Where the pipeline can be analysed, that says who reads what; where it cannot, the steps are shown
as they are written, together with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from textwrap import dedent

from bridge.errors import ModelError
from bridge.flow import Flow, analyse, walk
from bridge.model import (
    Composite,
    Conditional,
    ForeignTask,
    Loop,
    Map,
    NotebookTask,
    Pipeline,
    PythonTask,
    ShellTask,
    Step,
    Stub,
    Task,
)
from bridge.order import arrange
from bridge.signatures import Argument, signature
from bridge.values import At, Constant, Fact, Input, Kind

__all__ = ["Box", "Group", "Outline", "kind_of", "outline", "plain", "prose"]


@dataclass
class Box:
    """A step as it is shown; ``reads`` are texts such as ``rate`` or ``units=sizes.small``.

    ``path`` is its name in the whole pipeline, ``what`` says in short what it does, ``whole`` is a
    command of several lines. ``groups`` are the pipelines inside, ``failure`` is what runs when it
    fails; ``notes`` are its policies.
    """

    name: str
    path: str
    kind: str
    what: str = ""
    whole: str = ""
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

    def facts(self) -> dict[str, list[str]]:
        """What it reads, returns, gets and puts, as far as it does."""
        lists = {"reads": self.reads, "returns": self.returns, "gets": self.gets, "puts": self.puts}
        return {word: [plain(text) for text in texts] for word, texts in lists.items() if texts}

    def details(self) -> dict[str, list[str]]:
        """Its facts with the kinds of what it returns, and its policies."""
        kinds = {Kind.JSON: "", Kind.METRIC: " (metric)", Kind.PICKLED: " (object)"}
        found = self.facts()
        if self.returns:
            found["returns"] = [plain(n) + kinds[kind] for n, kind in self.returns.items()]
        return found | ({"policy": [plain(note) for note in self.notes]} if self.notes else {})


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


def prose(text: str) -> str:
    """The text as one paragraph."""
    return plain(" ".join(text.split()))


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


@dataclass
class _Touched:
    """The names and globs that a step reads and writes, with all that is inside it."""

    reads: set[str] = field(default_factory=set)
    gets: tuple[str, ...] = ()
    writes: set[str] = field(default_factory=set)
    puts: tuple[str, ...] = ()

    def add(self, other: _Touched) -> None:
        self.reads |= other.reads
        self.writes |= other.writes
        self.gets += other.gets
        self.puts += other.puts


class _Drawing:
    """Makes the boxes; ``flow`` is None where the pipeline can only be shown as written."""

    def __init__(self, pipeline: Pipeline, flow: Flow | None) -> None:
        self._flow = flow
        self._known = set() if flow else _names(pipeline)
        self._touched: dict[int, _Touched] = {}

    def group(self, pipeline: Pipeline, label: str, prefix: str) -> Group:
        """The group of a pipeline whose steps have paths that start with ``prefix``."""
        boxes = [self._box(step, prefix) for step in pipeline.steps]
        order = self._order(pipeline, prefix)
        if len(order) == len(boxes):
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
        """For each step those just before it; empty when the steps cannot be put in order."""
        if self._flow and prefix in self._flow.orders:
            return self._flow.orders[prefix]
        if len({step.name for step in pipeline.steps}) < len(pipeline.steps):
            return {}
        order, problems = arrange(
            pipeline,
            lambda step: (self._touched[id(step)].reads, self._touched[id(step)].gets),
            lambda step: (self._touched[id(step)].writes, self._touched[id(step)].puts),
        )
        return {} if problems else order

    def _box(self, step: Step, prefix: str) -> Box:
        path = prefix + step.name
        box = Box(step.name, path, kind_of(step), _what(step), notes=list(_notes(step)))
        touched = self._touched[id(step)] = _Touched()
        if isinstance(step, Task):
            self._fill(box, step, touched)
        if isinstance(step, ShellTask) and "\n" in step.command.strip():
            box.whole = dedent(step.command).strip()
        for label, key, inner in _pipelines(step):
            start = f"{path}." if isinstance(step, Map | Loop) else f"{path}.{key}."
            box.groups.append(self.group(inner, label, start))
            for other in inner.steps:
                touched.add(self._touched[id(other)])
        if step.on_failure:
            box.failure = self.group(step.on_failure, "on failure", f"{path}.on_failure.")
        return box

    def _fill(self, box: Box, task: Task, touched: _Touched) -> None:
        asked = dict(self._asked(task, box.path))
        box.reads = [_read(argument, given) for argument, given in asked.items()]
        box.returns = {} if isinstance(task, Stub) else {r.name: r.kind for r in task.outputs}
        if task.catalog:
            box.gets, box.puts = list(task.catalog.get), list(task.catalog.put)
        touched.reads = {given.name for given in asked.values() if isinstance(given, At)}
        touched.writes = set(box.returns)
        touched.gets, touched.puts = tuple(box.gets), tuple(box.puts)

    def _asked(self, task: Task, path: str) -> Iterator[tuple[str, Input]]:
        """What each argument receives: as analysed, else all that may be there."""
        if self._flow and path in self._flow.nodes:
            for read in self._flow.nodes[path].reads:
                name = read.argument.name
                yield name, task.bindings.get(name, At(name))
            return
        for argument in _arguments(task):
            name = argument.name
            if argument.required or name in task.bindings or name in self._known:
                yield name, task.bindings.get(name, At(name))


def _arguments(task: Task) -> tuple[Argument, ...]:
    try:
        return signature(task).arguments
    except ModelError:
        return tuple(Argument(name) for name in task.bindings)


def _names(pipeline: Pipeline) -> set[str]:
    """Every name that may stand in a scope of the pipeline."""
    found = set(pipeline.parameters)
    for _, step in walk(pipeline):
        if isinstance(step, Task):
            found |= {given.name for given in step.outputs}
        elif isinstance(step, Composite):
            found |= {name for inner in step.pipelines().values() for name in inner.parameters}
        found |= {getattr(step, name) for name in ("iterate_as", "index_as") if hasattr(step, name)}
    return found


def _read(argument: str, given: Input) -> str:
    """What an argument receives, in short: its name alone when that is what it reads."""
    if isinstance(given, Constant):
        return f"{argument}={json.dumps(given.value, ensure_ascii=False, default=repr)}"
    if isinstance(given, Fact):
        return f"{argument}=<{given.name}>"
    place = ".".join(map(str, (given.name, *given.path)))
    return place if place == argument else f"{argument}={place}"


def kind_of(step: Step) -> str:
    """What the step is, in a word: ``python``, ``parallel``."""
    return type(step).__name__.removesuffix("Task").lower()


def _what(step: Step) -> str:
    """What the step does, in short."""
    if isinstance(step, PythonTask):
        return str(step.reference)
    if isinstance(step, NotebookTask):
        return step.notebook
    if isinstance(step, ForeignTask):
        return f"of {step.framework}"
    if isinstance(step, ShellTask):
        first, *more = step.command.strip().splitlines() or [""]
        return f"{first} …" if more else first
    if isinstance(step, Map):
        reduced = f", reduced by {step.reducer}" if step.reducer else ""
        return f"for each {step.iterate_as} in {step.iterate_on}{reduced}"
    if isinstance(step, Conditional):
        return f"by {step.parameter}"
    if isinstance(step, Loop):
        until = f" until {step.break_on}" if step.break_on else ""
        index = f", {step.index_as} counts" if step.index_as else ""
        return f"up to {step.max_iterations} times{until}{index}"
    return ""


def _pipelines(step: Step) -> Iterator[tuple[str, str, Pipeline]]:
    """The pipelines inside a step: what each is called, its key in a path, and itself."""
    if isinstance(step, Conditional):
        for key, inner in step.branches.items():
            value = key if isinstance(key, str) else json.dumps(key, default=repr)
            yield f"{step.parameter} = {value}", str(key), inner
        if step.default:
            yield "otherwise", "default", step.default
    elif isinstance(step, Composite):
        for key, inner in step.pipelines().items():
            yield str(key), str(key), inner


def _notes(step: Step) -> Iterator[str]:
    """The policies of a step, a few words each."""
    yield from (f"overrides for {name}" for name in step.overrides)
    if not isinstance(step, Task):
        return
    if step.retry:
        delay = f" after {step.retry.delay:g} s" if step.retry.delay else ""
        backoff = f", each time ×{step.retry.backoff:g}" if step.retry.backoff != 1 else ""
        yield f"tried {step.retry.times} times more{delay}{backoff}"
    if step.timeout is not None:
        yield f"at most {step.timeout:g} s"
    if step.resources:
        units = {"cpu": "cores", "memory": "MB", "gpu": "GPUs"}
        given = ((getattr(step.resources, name), unit) for name, unit in units.items())
        yield ", ".join(f"{amount:g} {unit}" for amount, unit in given if amount is not None)
    for word in ("environment", "secrets", "dependencies"):
        if names := getattr(step, word):
            yield f"{word}: {', '.join(names)}"
    if step.image:
        yield f"image {step.image}"
    if step.cache:
        yield "runs only when something has changed"
    if step.catalog and not step.catalog.store_copy:
        yield "keeps only the hashes of its files"
    for end in ("success", "failure"):
        if getattr(step, f"terminate_with_{end}"):
            yield f"ends the run with {end}"
