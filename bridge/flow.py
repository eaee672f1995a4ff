"""Who reads what from whom: the analysis of a pipeline that every consumer starts from.

``analyse`` walks the scopes of a pipeline once and tells, for every step, where each argument's
value comes from, which earlier tasks' files it may get, and what must have ended before it. A
composite that runs as a whole (a map, a conditional, a loop) is one node, with a flow of its own
for each pipeline inside. All that is wrong is collected and raised together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bridge.blocks import leaves, names_left, never_run, runs_as_whole
from bridge.checks import check_composite, check_inner, check_parameters, check_task
from bridge.errors import ModelError, Problem
from bridge.model import (
    Composite,
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Step,
    Task,
)
from bridge.nodes import Flow, Node, Read, files_of, returns_of, walk
from bridge.order import arrange
from bridge.scope import Border, Given, Output, Parameter, Puts, Scope, Source
from bridge.signatures import Argument, Signature, signature
from bridge.touches import Touches
from bridge.unit import Unit
from bridge.values import At, Constant, Fact, Kind

__all__ = ["Flow", "Given", "Node", "Output", "Parameter", "Read", "Source", "analyse", "walk"]

Before = Callable[[str], bool]
"""Whether the step at a path has ended when another starts, and not by chance."""


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
    analysis.whole(scope)
    if analysis.problems:
        raise ModelError(list(dict.fromkeys(analysis.problems)))
    return analysis.flow


class _Analysis:
    """The walk; ``problems`` gathers what is wrong so that all of it is told at once."""

    def __init__(self, pipeline: Pipeline, around: _Analysis | None = None) -> None:
        self.flow: Flow = Flow(pipeline, outer=around.flow if around else None)
        self.problems: list[Problem] = around.problems if around else []
        self._known: dict[int, Signature | None] = around._known if around else {}
        self._place: dict[str, int] = {"": -1}
        self._by_data: set[str] = set()
        self._touches = Touches(self._signature)
        if around:
            self.flow.warnings = around.flow.warnings

    def whole(self, scope: Scope) -> None:
        """Analyse the pipeline, what happens when it fails, and what it leaves behind."""
        flow, begun = self.flow, dict(scope.own)
        self.pipeline(flow.pipeline, "", scope, ())
        if flow.pipeline.on_failure:
            flow.handler = self._nested(
                flow.pipeline.on_failure, _perhaps(scope, begun), "on_failure"
            )
        own = {n: s for n, s in scope.own.items() if begun.get(n) is not s}
        for found in names_left(flow, own):
            if isinstance(found, Problem):
                self.problems.append(found)
            else:
                flow.sets[found.name] = found
        flow.final = scope.names()

    def pipeline(
        self, pipeline: Pipeline, prefix: str, scope: Scope, before: tuple[str, ...]
    ) -> None:
        """Analyse one scope's steps; ``before`` are the steps that end before it starts."""
        if not self._names_unique(pipeline):
            return
        order, problems = arrange(pipeline, self._touches.reads, self._touches.writes)
        self.problems += problems
        if problems:
            return
        by_name = {step.name: step for step in pipeline.steps}
        dead = never_run(pipeline, order)
        for name, by in dead.items():
            self._warn(f"'{name}' never runs: '{by}' ends '{pipeline.name}'", by_name[name])
        self.flow.dead += [prefix + name for name in dead]
        order = {name: earlier for name, earlier in order.items() if name not in dead}
        self.flow.orders[prefix] = order
        if pipeline.order == "data":
            self._by_data.add(prefix)
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
            return
        assert isinstance(step, Composite)
        problems = list(check_composite(step))
        self.problems += problems
        if problems:
            return
        if isinstance(step, Parallel) and not runs_as_whole(step, flat=self.flow.outer is None):
            self._parallel(step, path, scope, after)
        else:
            self._composite(step, path, scope, after)

    # Branches that are part of this flow

    def _parallel(self, step: Parallel, path: str, scope: Scope, after: tuple[str, ...]) -> None:
        branches = []
        for key, inner in step.branches.items():
            self.problems += check_inner(inner, path)
            child = Scope(scope)
            self.pipeline(inner, f"{path}.{key}.", child, after)
            branches.append((key, inner, child))
        names = {key: list(child.own) for key, _, child in branches}
        puts = {key: child.puts.patterns() for key, _, child in branches}
        self._warn_of_shared(step, path, names, puts)
        for _, _, child in branches:
            scope.absorb(child)
        self._edges(path, [(f"{path}.{key}.", inner) for key, inner, _ in branches])

    def _edges(self, path: str, branches: list[tuple[str, Pipeline]]) -> None:
        """Note the first and last nodes of branches."""
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

    def _warn_of_shared(
        self,
        step: Step,
        path: str,
        names: Mapping[str, list[str]],
        puts: Mapping[str, list[str]],
    ) -> None:
        setter: dict[str, str] = {}
        files = Puts()
        for key, own in names.items():
            for name in own:
                if name in setter:
                    self._warn(
                        f"'{name}' is set by branches '{setter[name]}' and '{key}' of '{path}'; "
                        f"the value of '{key}' wins",
                        step,
                    )
                setter[name] = key
            for pattern in puts[key]:
                for other in files.find(pattern):
                    self._warn(
                        f"branches '{other}' and '{key}' of '{path}' both put '{pattern}'; "
                        f"the file of '{key}' wins",
                        step,
                    )
            files.add(key, puts[key])

    # Composites that run as a whole

    def _composite(self, step: Composite, path: str, scope: Scope, after: tuple[str, ...]) -> None:
        before = self._steps_before(step, path)
        border = Border(scope, before)  # for what the composite itself takes from outside
        own, control = self._begin(step, border)
        inner = {
            key: self._nested(
                pipeline,
                scope,
                "" if isinstance(step, Unit) else f"{path}.{key}" if key else path,
                before,
                own,
                border,
            )
            for key, pipeline in step.pipelines().items()
        }
        for flow in inner.values():
            flow.begins = {n: control for n, s in own.items() if getattr(s, "certain", True)}
            flow.carried = {n for n in own if n not in flow.begins and flow.takes(n)}
        left = leaves(step, path, inner, border.find)
        self.problems += left.problems
        if isinstance(step, Loop) and step.break_on and step.break_on not in inner[""].sets:
            self._control(step, "break_on", At(step.break_on), border)
        if isinstance(step, Parallel):
            names = {key: list(flow.sets) for key, flow in inner.items()}
            self._warn_of_shared(step, path, names, {key: _puts(f) for key, f in inner.items()})
        facts = set().union(*(flow.facts for flow in inner.values()))
        puts = list(dict.fromkeys(glob for flow in inner.values() for glob in _puts(flow)))
        self._node(
            Node(
                path=path,
                task=step,
                signature=Signature(),
                reads=(*_taken(border), *self._facts(facts, border)),
                outputs=tuple(left.outputs),
                files_from=tuple(sorted(border.files, key=self._place.__getitem__)),
                after=after,
                inner=inner,
                control=control,
                stores=bool(puts),
            ),
            scope,
            before,
            puts,
        )

    def _begin(self, step: Composite, border: Border) -> tuple[Mapping[str, Source], Read | None]:
        """The names that the pipelines inside begin with, and what decides how they run."""
        if isinstance(step, Map):
            found = self._control(step, "iterate_on", step.on, border)
            return {step.iterate_as: Given(step.iterate_as)}, found
        if isinstance(step, Conditional):
            return {}, self._control(step, "parameter", step.on, border)
        if isinstance(step, Loop):
            kinds = {r.name: r.kind for _, s in walk(step.branch) for r in returns_of(s)}
            own = {n: Given(n, k, False) for n, k in kinds.items() if not border.knows(n)}
            return own | ({step.index_as: Given(step.index_as)} if step.index_as else {}), None
        return {}, None

    def _control(self, step: Step, attribute: str, asked: At, border: Border) -> Read | None:
        source = border.find(asked.name)
        if source is None:
            known = ", ".join(f"'{n}'" for n in sorted(border.names())) or "none"
            self._problem(
                f"{attribute} of '{step.name}' is '{asked.name}', which is produced by no earlier "
                f"step and is no parameter; names there: {known}",
                step,
            )
        elif isinstance(source, Given) and source.kind is Kind.PICKLED:
            self._problem(
                f"{attribute} of '{step.name}' is '{asked.name}', an object; it must be JSON", step
            )
        elif not getattr(source, "certain", True):
            self._problem(f"{attribute} of '{step.name}' is '{asked.name}', {_PERHAPS}", step)
        else:
            return Read(Argument(asked.name), source, asked.path)
        return None

    def _nested(
        self,
        pipeline: Pipeline,
        scope: Scope,
        path: str,
        before: Before = lambda step: True,
        own: Mapping[str, Source] | None = None,
        takes: Border | None = None,
    ) -> Flow:
        """The flow of a pipeline that runs as a whole inside this one.

        ``own`` are the names it begins with; ``takes`` is told of all that it takes from outside.
        """
        if path:
            self.problems += check_inner(pipeline, path)
        border = Border(scope, before)
        for name, source in (own or {}).items():
            border.bind(name, source)
        found = _Analysis(pipeline, self)
        found.whole(border)
        found.flow.given = border.given
        found.flow.given_files = tuple(sorted(border.files, key=self._place.__getitem__))
        if takes:
            takes.given |= border.given
            takes.files |= border.files
        else:
            self.flow.facts |= found.flow.facts
        return found.flow

    def _facts(self, facts: set[str], border: Border) -> Iterator[Read]:
        for name in sorted(facts):
            argument = name
            while argument in border.given:
                argument += "_"
            yield Read(Argument(argument), Fact(name))
        self.flow.facts |= facts

    # Tasks

    def _task(self, task: Task, path: str, scope: Scope, after: tuple[str, ...]) -> None:
        found = self._signature(task)
        self.problems += check_task(task, files_of(task))
        before = self._steps_before(task, path)
        reads = tuple(self._bindings(task, found, scope, before)) if found else ()
        facts = {r.source.name for r in reads if isinstance(r.source, Fact)}
        self.flow.facts |= facts & {"run_id", "logical_date"}
        node = Node(
            path=path,
            task=task,
            signature=found or Signature(),
            reads=reads,
            outputs=tuple(Output(path, r.name, r.kind) for r in returns_of(task)),
            files_from=self._files_from(task, scope, before),
            after=after,
        )
        self._node(node, scope, before, node.catalog.put)

    def _node(self, node: Node, scope: Scope, before: Before, puts: Any) -> None:
        """Enter a node, what happens when it fails, and what it sets and stores."""
        path = node.path
        self._place[path] = len(self._place)
        if puts:
            scope.puts.add(path, puts)
        if node.step.on_failure:
            also = (lambda other: other == path or before(other)) if puts else before
            handler = self._nested(node.step.on_failure, scope, f"{path}.on_failure", also)
            node = Node(**{**vars(node), "handler": handler})
        self.flow.nodes[path] = node
        self.flow.entries[path] = self.flow.exits[path] = (path,)
        for output in node.outputs:
            scope.bind(output.name, output)

    def _signature(self, task: Task) -> Signature | None:
        if id(task) not in self._known:
            try:
                self._known[id(task)] = signature(task)
            except ModelError as error:
                self.problems += [Problem(p.message, p.where or task.where) for p in error.problems]
                self._known[id(task)] = None
        return self._known[id(task)]

    def _steps_before(self, step: Step, path: str) -> Before:
        """Whether the step at a path has ended when this one starts, and not by chance.

        Where the data decides the order, that a step stands before another says nothing.
        """
        prefix = path.removesuffix(step.name)
        if prefix not in self._by_data:
            return lambda other: True
        order, todo, found = self.flow.orders[prefix], [step.name], set[str]()
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
        self, task: Task, found: Signature, scope: Scope, before: Before
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
        """Whether a value may go where it is asked for; only functions take objects."""
        what = f"argument '{argument.name}' of '{task.name}' reads '{asked.name}'"
        if argument.required and not getattr(source, "certain", True):
            self._problem(f"{what}, {_PERHAPS}; give the argument a default", task)
            return False
        if not (isinstance(source, Output | Given) and source.kind is Kind.PICKLED):
            return True
        if asked.path:
            self._problem(
                f"{what}, an object into which no path leads; return that part as JSON", task
            )
        elif isinstance(task, PythonTask):
            return True
        elif argument.name in task.bindings:
            self._problem(f"{what}, an object; a command or a notebook takes JSON only", task)
        return False

    def _rest(self, task: Task, taken: set[str], scope: Scope, before: Before) -> Iterator[Read]:
        """What ``**kwargs`` receives: its inputs, then all JSON names not otherwise consumed."""
        named = {name for name in task.bindings if name not in taken}
        for name in sorted(named):
            yield from self._bindings(task, Signature((Argument(name),)), scope, before)
        taken |= named | {asked.name for asked in task.bindings.values() if isinstance(asked, At)}
        for name, source in scope.names().items():
            fits = getattr(source, "kind", None) is not Kind.PICKLED
            fits = fits and (not isinstance(source, Output) or before(source.step))
            if fits and name not in taken:
                found = scope.find(name)  # a border is told of what is taken
                assert found
                yield Read(Argument(name, required=False), found)

    def _nobody_produces(self, task: Task, argument: Argument, asked: At, scope: Scope) -> None:
        known = ", ".join(f"'{n}'" for n in sorted(scope.names())) or "none"
        what = f"argument '{argument.name}' of '{task.name}'"
        if asked.name != argument.name:
            what += f" reads '{asked.name}', which"
        self._problem(
            f"{what} is produced by no earlier step and is no parameter; names there: {known}",
            task,
        )

    def _files_from(self, task: Task, scope: Scope, before: Before) -> tuple[str, ...]:
        paths: dict[str, None] = {}
        for pattern in files_of(task).get:
            found = [path for path in scope.putters(pattern) if not path or before(path)]
            if not found:
                self._problem(f"'{task.name}' gets '{pattern}', which no earlier step puts", task)
            paths |= dict.fromkeys(found)
        return tuple(sorted(paths, key=self._place.__getitem__))

    def _problem(self, message: str, step: Step) -> None:
        self.problems.append(Problem(message, step.where))

    def _warn(self, message: str, step: Step) -> None:
        self.flow.warnings.append(Problem(message, step.where))


_PERHAPS = "which is set only on some ways through the pipeline"


def _perhaps(scope: Scope, begun: Mapping[str, Source]) -> Scope:
    """The scope when any step may have failed: what steps set is there, or not."""
    found = Scope(scope)
    for name, source in scope.own.items():
        if isinstance(source, Output) and begun.get(name) is not source:
            found.bind(name, Output(source.step, name, source.kind, certain=False))
    return found


def _taken(border: Border) -> list[Read]:
    """What a composite takes from outside, by name."""
    return [
        Read(Argument(name, required=getattr(source, "certain", True)), source)
        for name, source in border.given.items()
    ]


def _puts(flow: Flow) -> list[str]:
    """The globs that the tasks of a flow put, and the pipelines inside them."""
    found: list[str] = []
    for node in flow.nodes.values():
        found += node.catalog.put
        for inner in (*node.inner.values(), *((node.handler,) if node.handler else ())):
            found += _puts(inner)
    return found + (_puts(flow.handler) if flow.handler else [])
