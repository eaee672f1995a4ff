"""Who reads what from whom: the analysis of a pipeline that every consumer starts from.

``analyse`` walks the scopes of a pipeline once and tells, for every task, where each argument's
value comes from, which earlier tasks' files it may get, and what must have ended before it. All
that is wrong is collected and raised together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.checks import check_inner, check_parameters, check_task
from bridge.errors import ModelError, Problem
from bridge.frozen import Frozen
from bridge.model import Catalog, Composite, Parallel, Pipeline, PythonTask, Step, Stub, Task
from bridge.order import arrange
from bridge.scope import Output, Parameter, Puts, Scope, Source
from bridge.signatures import Argument, Signature, signature
from bridge.values import At, Constant, Fact, Kind, Return

__all__ = ["Flow", "Node", "Output", "Parameter", "Read", "Source", "analyse", "walk"]


class Read(Frozen):
    """One argument of a task, the source of its value, and the place inside that value."""

    argument: Argument
    source: Source
    path: tuple[str | int, ...] = ()


class Node(Frozen):
    """A task in its place.

    ``path`` names it in the whole pipeline (``parallel.branch.task``); ``files_from`` are the
    paths of earlier tasks whose files it may get, in order; ``after`` the paths of the steps,
    tasks or composites, that end just before it.
    """

    path: str
    task: Task
    signature: Signature
    reads: tuple[Read, ...]
    outputs: tuple[Output, ...]
    files_from: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def catalog(self) -> Catalog:
        """The files it gets and puts."""
        return files_of(self.task)

    @property
    def puts(self) -> bool:
        """Whether it stores files."""
        return bool(self.catalog.put)

    @property
    def gets(self) -> bool:
        """Whether it is given files."""
        return bool(self.catalog.get)


@dataclass
class Flow:
    """A pipeline understood: its tasks by path, in an order in which they can run.

    ``final`` tells the source of every name of the outermost scope after the last step;
    ``steps`` holds every step, composites too, by path; ``inside`` the paths of a composite's
    entry and exit tasks; ``warnings`` what is legal but seldom meant.
    """

    pipeline: Pipeline
    nodes: dict[str, Node] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    entries: dict[str, tuple[str, ...]] = field(default_factory=dict)
    exits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    final: dict[str, Source] = field(default_factory=dict)
    orders: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)
    warnings: list[Problem] = field(default_factory=list)

    def order_only(self, node: Node) -> tuple[str, ...]:
        """Those steps before ``node`` from which it takes neither a value nor a file."""
        sources = {r.source.step for r in node.reads if isinstance(r.source, Output)}
        sources.update(node.files_from)
        return tuple(p for p in node.after if not sources.issuperset(self.exits[p]))


def analyse(pipeline: Pipeline, parameters: Mapping[str, Any] | None = None) -> Flow:
    """The flow of ``pipeline``, with ``parameters`` known beside those it declares.

    Raises ModelError with all problems found: names that nobody produces, steps of one name,
    cycles, globs that leave the working directory, functions that cannot be imported.
    """
    analysis = _Analysis(pipeline)
    analysis.problems += check_parameters(pipeline, {**pipeline.parameters, **(parameters or {})})
    scope = Scope()
    for name in {**pipeline.parameters, **(parameters or {})}:
        scope.bind(name, Parameter(name))
    analysis.pipeline(pipeline, "", scope, ())
    if analysis.problems:
        raise ModelError(analysis.problems)
    analysis.flow.final = scope.names()
    return analysis.flow


def walk(pipeline: Pipeline, prefix: str = "") -> Iterator[tuple[str, Step]]:
    """Every step of a pipeline and of the pipelines inside it, with its path, as written."""
    todo = [(prefix + s.name, s) for s in reversed(pipeline.steps)]
    while todo:
        path, step = todo.pop()
        yield path, step
        if isinstance(step, Composite):
            for key, inner in reversed(step.pipelines().items()):
                start = f"{path}.{key}." if key else f"{path}."
                todo += [(start + s.name, s) for s in reversed(inner.steps)]


class _Analysis:
    """The walk; ``problems`` gathers what is wrong so that all of it is told at once."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.flow = Flow(pipeline)
        self.problems: list[Problem] = []
        self._place: dict[str, int] = {}
        self._known: dict[int, Signature | None] = {}
        self._by_data: set[str] = set()

    def pipeline(
        self, pipeline: Pipeline, prefix: str, scope: Scope, before: tuple[str, ...]
    ) -> None:
        """Analyse one scope's steps; ``before`` are the steps that end before it starts."""
        if not self._names_unique(pipeline):
            return
        order, problems = arrange(pipeline, self._reads, self._writes)
        self.problems += problems
        if problems:
            return
        self.flow.orders[prefix] = order
        if pipeline.order == "data":
            self._by_data.add(prefix)
        by_name = {step.name: step for step in pipeline.steps}
        for name, earlier in order.items():
            after = tuple(prefix + e for e in earlier) or before
            self._step(by_name[name], prefix + name, scope, after)

    def _names_unique(self, pipeline: Pipeline) -> bool:
        seen: dict[str, Step] = {}
        found = len(self.problems)
        for step in pipeline.steps:
            if step.name in seen:
                self._problem(f"two steps of '{pipeline.name}' are named '{step.name}'", step)
            seen[step.name] = step
        return len(self.problems) == found

    def _step(self, step: Step, path: str, scope: Scope, after: tuple[str, ...]) -> None:
        if path in self.flow.steps:
            self._problem(f"two steps have the path '{path}'; rename one", step)
            return
        self.flow.steps[path] = step
        if isinstance(step, Task):
            self._task(step, path, scope, after)
        elif isinstance(step, Parallel):
            self._parallel(step, path, scope, after)
        else:
            kind = type(step).__name__.lower()
            self._problem(f"{kind} '{path}' is a construct that cannot be run yet", step)

    def _parallel(self, step: Parallel, path: str, scope: Scope, after: tuple[str, ...]) -> None:
        branches = []
        for key, inner in step.branches.items():
            self.problems += check_inner(inner, path)
            child = Scope(scope)
            self.pipeline(inner, f"{path}.{key}.", child, after)
            branches.append((key, inner, child))
        self._warn_of_shared_names(step, path, [(key, child) for key, _, child in branches])
        for _, _, child in branches:
            scope.absorb(child)
        self._edges(path, [(f"{path}.{key}.", inner) for key, inner, _ in branches])

    def _edges(self, path: str, branches: list[tuple[str, Pipeline]]) -> None:
        """Note the first and last tasks of a composite."""
        entries: list[str] = []
        exits: list[str] = []
        for prefix, inner in branches:
            order = self.flow.orders.get(prefix, {})
            followed = {e for earlier in order.values() for e in earlier}
            for step in inner.steps:
                place = prefix + step.name
                if not order.get(step.name):
                    entries += self.flow.entries.get(place, ())
                if step.name not in followed:
                    exits += self.flow.exits.get(place, ())
        self.flow.entries[path], self.flow.exits[path] = tuple(entries), tuple(exits)

    def _warn_of_shared_names(
        self, step: Step, path: str, branches: list[tuple[str, Scope]]
    ) -> None:
        setter: dict[str, str] = {}
        puts = Puts()
        for key, child in branches:
            for name in child.own:
                if name in setter:
                    self._warn(
                        f"'{name}' is set by branches '{setter[name]}' and '{key}' of '{path}'; "
                        f"the value of '{key}' wins",
                        step,
                    )
                setter[name] = key
            for pattern in child.puts.patterns():
                for other in puts.find(pattern):
                    self._warn(
                        f"branches '{other}' and '{key}' of '{path}' both put '{pattern}'; "
                        f"the file of '{key}' wins",
                        step,
                    )
            puts.add(key, child.puts.patterns())

    def _task(self, task: Task, path: str, scope: Scope, after: tuple[str, ...]) -> None:
        found = self._signature(task)
        self.problems += check_task(task, files_of(task))
        before = self._steps_before(task, path)
        reads = tuple(self._bindings(task, found, scope, before)) if found else ()
        outputs = tuple(Output(path, r.name, r.kind) for r in _returns(task))
        node = Node(
            path=path,
            task=task,
            signature=found or Signature(),
            reads=reads,
            outputs=outputs,
            files_from=self._files_from(task, scope, before),
            after=after,
        )
        self._place[path] = len(self._place)
        self.flow.nodes[path] = node
        self.flow.entries[path] = self.flow.exits[path] = (path,)
        for output in outputs:
            scope.bind(output.name, output)
        if node.puts:
            scope.puts.add(path, node.catalog.put)

    def _signature(self, task: Task) -> Signature | None:
        if id(task) not in self._known:
            try:
                self._known[id(task)] = signature(task)
            except ModelError as error:
                self.problems += [Problem(p.message, p.where or task.where) for p in error.problems]
                self._known[id(task)] = None
        return self._known[id(task)]

    def _steps_before(self, task: Task, path: str) -> Callable[[str], bool]:
        """Whether the task at a path has ended when this one starts, and not by chance.

        Where the data decides the order, that a step stands before another says nothing.
        """
        prefix = path.removesuffix(task.name)
        if prefix not in self._by_data:
            return lambda other: True
        order, todo, found = self.flow.orders[prefix], [task.name], set[str]()
        while todo:
            fresh = [name for name in order[todo.pop()] if name not in found]
            found.update(fresh)
            todo += fresh

        def before(other: str) -> bool:
            parts = other.removeprefix(prefix).split(".")
            names = (".".join(parts[:i]) for i in range(1, len(parts) + 1))
            return not other.startswith(prefix) or any(name in found for name in names)

        return before

    def _bindings(
        self, task: Task, found: Signature, scope: Scope, before: Callable[[str], bool]
    ) -> Iterator[Read]:
        taken = set()
        for argument in found.arguments:
            asked = task.bindings.get(argument.name, At(argument.name))
            if isinstance(asked, Constant | Fact):
                yield Read(argument, asked)
                continue
            taken.add(asked.name)
            source = scope.find(asked.name)
            if source and self._fits(task, argument, asked, source):
                yield Read(argument, source, asked.path)
            elif source:
                continue
            elif argument.required or argument.name in task.bindings:
                self._nobody_produces(task, argument, asked, scope)
        if found.rest:
            taken |= {argument.name for argument in found.arguments}
            yield from self._rest(task, taken, scope, before)

    def _fits(self, task: Task, argument: Argument, asked: At, source: Source) -> bool:
        """Whether an object may go where it is asked for; only functions take objects."""
        if not (isinstance(source, Output) and source.kind is Kind.PICKLED):
            return True
        what = f"argument '{argument.name}' of '{task.name}' reads '{asked.name}', an object"
        if asked.path:
            self._problem(f"{what} into which no path leads; return that part as JSON", task)
        elif isinstance(task, PythonTask):
            return True
        elif argument.name in task.bindings:
            self._problem(f"{what}; a command or a notebook takes JSON values only", task)
        return False

    def _rest(
        self, task: Task, taken: set[str], scope: Scope, before: Callable[[str], bool]
    ) -> Iterator[Read]:
        """What ``**kwargs`` receives: its inputs, then all JSON names not otherwise consumed."""
        named = {name for name in task.bindings if name not in taken}
        for name in sorted(named):
            yield from self._bindings(task, Signature((Argument(name),)), scope, before)
        taken |= named | {asked.name for asked in task.bindings.values() if isinstance(asked, At)}
        for name, source in scope.names().items():
            if isinstance(source, Output):
                fits = source.kind is not Kind.PICKLED and before(source.step)
            else:
                fits = True
            if fits and name not in taken:
                yield Read(Argument(name, required=False), source)

    def _nobody_produces(self, task: Task, argument: Argument, asked: At, scope: Scope) -> None:
        known = ", ".join(f"'{n}'" for n in sorted(scope.names())) or "none"
        what = f"argument '{argument.name}' of '{task.name}'"
        if asked.name != argument.name:
            what += f" reads '{asked.name}', which"
        self._problem(
            f"{what} is produced by no earlier step and is no parameter; names there: {known}",
            task,
        )

    def _files_from(
        self, task: Task, scope: Scope, before: Callable[[str], bool]
    ) -> tuple[str, ...]:
        paths: dict[str, None] = {}
        for pattern in files_of(task).get:
            found = [path for path in scope.putters(pattern) if before(path)]
            if not found:
                self._problem(f"'{task.name}' gets '{pattern}', which no earlier step puts", task)
            paths |= dict.fromkeys(found)
        return tuple(sorted(paths, key=self._place.__getitem__))

    def _reads(self, step: Step) -> tuple[set[str], tuple[str, ...]]:
        """The names that a step may read, and the globs it gets."""
        names: set[str] = set()
        globs: list[str] = []
        for task in _tasks(step):
            found = self._signature(task)
            for argument in found.arguments if found else ():
                names.update(() if argument.name in task.bindings else [argument.name])
            names.update(asked.name for asked in task.bindings.values() if isinstance(asked, At))
            globs += files_of(task).get
        return names, tuple(globs)

    def _writes(self, step: Step) -> tuple[set[str], tuple[str, ...]]:
        """The names that a step sets, and the globs it puts."""
        tasks = list(_tasks(step))
        globs = [pattern for task in tasks for pattern in files_of(task).put]
        return {r.name for task in tasks for r in _returns(task)}, tuple(globs)

    def _problem(self, message: str, step: Step) -> None:
        self.problems.append(Problem(message, step.where))

    def _warn(self, message: str, step: Step) -> None:
        self.flow.warnings.append(Problem(message, step.where))


def _tasks(step: Step) -> Iterator[Task]:
    inside = walk(Pipeline([step], where=step.where)) if isinstance(step, Composite) else ()
    for found in [step, *(s for _, s in inside)]:
        if isinstance(found, Task):
            yield found


def files_of(task: Task) -> Catalog:
    """The files of a task; a stub does nothing, so it has none."""
    return (not isinstance(task, Stub) and task.catalog) or _NO_FILES


_NO_FILES = Catalog()


def _returns(task: Task) -> tuple[Return, ...]:
    """What a task gives back; a stub does nothing, so it gives nothing."""
    return () if isinstance(task, Stub) else task.outputs
