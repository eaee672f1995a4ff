"""What the analysis of a pipeline finds: its steps in their places, and what each one reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.errors import Problem
from bridge.frozen import Frozen
from bridge.model import (
    Catalog,
    Composite,
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    Step,
    Stub,
    Task,
)
from bridge.scope import Given, Output, Source, Stored
from bridge.signatures import Argument, Signature
from bridge.unit import Unit
from bridge.values import Return

__all__ = ["Flow", "Node", "Read", "files_of", "inside", "returns_of", "walk", "within"]

_NO_FILES = Catalog()


class Read(Frozen):
    """One argument of a task, the source of its value, and the place inside that value."""

    argument: Argument
    source: Source
    path: tuple[str | int, ...] = ()

    @property
    def certain(self) -> bool:
        """Whether there always is a value; else the argument may have to go without."""
        return getattr(self.source, "certain", True)


class Node(Frozen):
    """A step in its place: a task, or a composite that runs as a whole.

    ``path`` names it in its flow (``parallel.branch.task``); ``files_from`` are the paths of
    earlier steps whose files it may get, in order (empty: those its flow is given); ``after`` the
    paths of the steps, tasks or composites, that end just before it.

    A composite that runs as a whole has a flow for each pipeline in it, in ``inner``, by its key;
    what these take from outside are its ``reads``. ``control`` is what decides how they run: the
    list of a map, the parameter of a conditional, the end of a loop. ``handler`` runs when the
    step has finally failed. ``saves`` are the datasets that a task writes.
    """

    path: str
    task: Any
    signature: Signature
    reads: tuple[Read, ...]
    outputs: tuple[Output, ...]
    files_from: tuple[str, ...]
    after: tuple[str, ...]
    inner: Mapping[str, Flow] = field(default_factory=dict)
    control: Read | None = None
    handler: Flow | None = None
    stores: bool = False
    saves: tuple[Stored, ...] = ()

    @property
    def step(self) -> Step:
        """The task or composite itself."""
        return self.task  # type: ignore[no-any-return]

    @property
    def place(self) -> str:
        """How the paths begin of the steps inside a composite that adds nothing else to them."""
        transparent = isinstance(self.task, Unit)
        return self.path.removesuffix(self.task.name) if transparent else f"{self.path}."

    def at(self, key: str) -> str:
        """How the paths begin of the steps in the flow inside of this key."""
        return (
            f"{self.path}.{key}." if isinstance(self.task, Conditional | Parallel) else self.place
        )

    @property
    def catalog(self) -> Catalog:
        """The files that a task gets and puts; those of a composite are its tasks' affair."""
        return _NO_FILES if self.inner else files_of(self.task)

    @property
    def puts(self) -> bool:
        """Whether it stores files."""
        return self.stores or bool(self.catalog.put)

    @property
    def gets(self) -> bool:
        """Whether it is given files."""
        return bool(self.catalog.get)


@dataclass
class Flow:
    """A pipeline understood: its nodes by path, in an order in which they can run.

    ``steps`` holds every step, composites too, by path; ``entries`` and ``exits`` are the paths of
    a step's first and last nodes; ``warnings`` what is legal but seldom meant.

    A flow inside another is ``given`` values by name, whose sources are in the flow around it, the
    files of the steps ``given_files`` there, and the ``facts`` of the run that its tasks ask for;
    ``sets`` are the names it leaves behind. It ``begins`` with names of its own: the item of the
    list at which a map's ``Read`` points, or the number of a loop (None); what a loop itself has
    set before is ``carried``.
    ``handler`` runs when the pipeline has failed, ``dead`` are the paths of steps that never run.
    """

    pipeline: Pipeline
    nodes: dict[str, Node] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    entries: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    orders: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)
    given: dict[str, Source] = field(default_factory=dict)
    given_files: tuple[str, ...] = ()
    facts: set[str] = field(default_factory=set)
    sets: dict[str, Output] = field(default_factory=dict)
    handler: Flow | None = None
    dead: list[str] = field(default_factory=list)
    begins: Mapping[str, Read | None] = field(default_factory=dict)
    carried: set[str] = field(default_factory=set)
    outer: Flow | None = field(default=None, repr=False)

    def order_only(self, node: Node) -> tuple[str, ...]:
        """Those steps before ``node`` from which it takes neither a value nor a file."""
        sources = {r.source.step for r in node.reads if isinstance(r.source, Output)}
        sources.update(node.files_from)
        return tuple(p for p in node.after if not sources.issuperset(self.exits[p]))

    def takes(self, name: str) -> bool:
        """Whether anything in it reads what it is given, or begins with, under a name."""
        for node in self.nodes.values():
            sources = [read.source for read in node.reads]
            sources += node.handler.given.values() if node.handler else ()
            if any(isinstance(s, Given) and s.name == name for s in sources):
                return True
        return bool(self.handler and name in self.handler.given)

    def source_outside(self, read: Read) -> tuple[Flow, Read] | None:
        """The same read where its value comes from: in the flow around this one, if any."""
        if isinstance(read.source, Given) and self.outer and read.source.name in self.given:
            return self.outer, replace(read, source=self.given[read.source.name])
        return None


def inside(step: Step) -> Iterator[tuple[str, Pipeline]]:
    """The pipelines inside a step, that for its failure last, by what they add to its path."""
    if isinstance(step, Composite):
        for key, pipeline in step.pipelines().items():
            yield ("" if isinstance(step, Map | Loop | Unit) else f".{key}"), pipeline
    if step.on_failure:
        yield ".on_failure", step.on_failure


def walk(pipeline: Pipeline, prefix: str = "") -> Iterator[tuple[str, Step]]:
    """Every step of a pipeline and of the pipelines inside it, with its path, as written."""
    todo: list[tuple[str, Step | None, Pipeline | None]] = [(prefix, None, pipeline)]
    while todo:
        path, step, within = todo.pop()
        if within:
            handler = within.on_failure
            todo += [(f"{path}on_failure.", None, handler)] if handler else []
            todo += [(path + s.name, s, None) for s in reversed(within.steps)]
        elif step:
            yield path, step
            if isinstance(step, Composite) or step.on_failure:
                todo += [(place, None, p) for place, p in reversed(list(_placed(step, path)))]


def _placed(step: Step, path: str) -> Iterator[tuple[str, Pipeline]]:
    """The pipelines inside a step, by how the paths of their steps begin."""
    place = path.removesuffix(step.name) if isinstance(step, Unit) else f"{path}."
    for key, pipeline in inside(step):
        yield (f"{path}{key}." if key else place), pipeline


def within(step: Step) -> Iterator[Step]:
    """A step and every step inside it, as written."""
    yield step
    if isinstance(step, Composite) or step.on_failure:
        for _, pipeline in inside(step):
            for _, found in walk(pipeline):
                yield found


def files_of(task: Step) -> Catalog:
    """The files of a task; a stub does nothing, so it has none."""
    if isinstance(task, Task) and task.catalog and not isinstance(task, Stub):
        return task.catalog
    return _NO_FILES


def returns_of(task: Step) -> tuple[Return, ...]:
    """What a task gives back; a stub does nothing, so it gives nothing."""
    return task.outputs if isinstance(task, Task) and not isinstance(task, Stub) else ()
