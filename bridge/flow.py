"""Who reads what from whom: the analysis of a pipeline that every consumer starts from.

``analyse`` walks the scopes of a pipeline once and tells, for every step, where each argument's
value comes from, which earlier tasks' files it may get, and what must have ended before it. A
composite that runs as a whole (a map, a conditional, a loop) is one node, with a flow of its own
for each pipeline inside. All that is wrong is collected and raised together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.bindings import PERHAPS, Before, Bindings
from bridge.blocks import (
    leaves,
    names_left,
    never_run,
    puts_of,
    runs_as_whole,
    shared,
    taken,
)
from bridge.checks import (
    check_composite,
    check_datasets,
    check_inner,
    check_names,
    check_parameters,
    check_task,
)
from bridge.errors import ModelError, Problem
from bridge.model import (
    Composite,
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    Step,
    Task,
)
from bridge.nodes import Flow, Node, Read, files_of, returns_of, walk
from bridge.order import Earlier, arrange
from bridge.scope import Border, Given, Output, Parameter, Perhaps, Scope, Source, Stored
from bridge.signatures import Argument, Signature, signature
from bridge.touches import Touches
from bridge.unit import Unit
from bridge.values import At, Fact, Kind

__all__ = [
    "Flow",
    "Given",
    "Node",
    "Output",
    "Parameter",
    "Read",
    "Source",
    "Stored",
    "analyse",
    "walk",
]


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
    for name, dataset in pipeline.datasets.items():
        scope.bind(name, Stored(name, dataset))
    analysis.problems += [*check_names(pipeline), *check_datasets(pipeline)]
    if not analysis.problems:
        analysis.whole(scope)
    if analysis.problems:
        raise ModelError(list(dict.fromkeys(analysis.problems)))
    return analysis.flow


def _always(path: str) -> bool:
    return True


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
            handler = flow.pipeline.on_failure
            flow.handler = self._nested(handler, Perhaps(scope), "on_failure")
        own = {n: s for n, s in scope.own.items() if begun.get(n) is not s}
        for found in names_left(flow, own):
            if isinstance(found, Problem):
                self.problems.append(found)
            else:
                flow.sets[found.name] = found

    def pipeline(
        self, pipeline: Pipeline, prefix: str, scope: Scope, before: tuple[str, ...]
    ) -> None:
        """Analyse one scope's steps; ``before`` are the steps that end before it starts."""
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

    def _step(self, step: Step, path: str, scope: Scope, after: tuple[str, ...]) -> None:
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
        self, step: Step, path: str, names: Mapping[str, list[str]], puts: Mapping[str, list[str]]
    ) -> None:
        for message in shared(path, names, puts):
            self._warn(message, step)

    # Composites that run as a whole

    def _composite(self, step: Composite, path: str, scope: Scope, after: tuple[str, ...]) -> None:
        before = self._steps_before(step, path)
        border = Border(scope, before)  # for what the composite itself takes from outside
        own, control = self._begin(step, border)
        again = self._touches.writes(step)[1] if isinstance(step, Loop) else ()
        alone = isinstance(step, Map | Loop)
        inner = {
            key: self._nested(
                pipeline,
                scope,
                "" if isinstance(step, Unit) else path if alone else f"{path}.{key}",
                before,
                own,
                border,
                again,
            )
            for key, pipeline in step.pipelines().items()
        }
        for name in step.keeps if isinstance(step, Unit) else ():
            inner[""].sets.pop(name, None)
        for flow in inner.values():
            flow.begins = {n: control for n, s in own.items() if getattr(s, "certain", True)}
            flow.carried = {n for n in own if n not in flow.begins and flow.takes(n)}
        left = leaves(step, path, inner, border.find)
        self.problems += left.problems
        if isinstance(step, Loop) and step.break_on and step.break_on not in inner[""].sets:
            self._control(step, "break_on", At(step.break_on), border)
        if isinstance(step, Parallel):
            names = {key: list(flow.sets) for key, flow in inner.items()}
            self._warn_of_shared(step, path, names, {key: puts_of(f) for key, f in inner.items()})
        facts = set().union(*(flow.facts for flow in inner.values()))
        puts = list(dict.fromkeys(glob for flow in inner.values() for glob in puts_of(flow)))
        self._node(
            Node(
                path=path,
                task=step,
                signature=Signature(),
                reads=(*taken(border), *self._facts(facts, border)),
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
        elif getattr(source, "kind", None) is Kind.PICKLED:
            self._problem(
                f"{attribute} of '{step.name}' is '{asked.name}', an object; it must be JSON", step
            )
        elif not getattr(source, "certain", True):
            self._problem(f"{attribute} of '{step.name}' is '{asked.name}', {PERHAPS}", step)
        else:
            return Read(Argument(asked.name), border.given[asked.name], asked.path)
        return None

    def _nested(
        self,
        pipeline: Pipeline,
        scope: Scope,
        path: str,
        before: Before = _always,
        own: Mapping[str, Source] | None = None,
        takes: Border | None = None,
        again: Sequence[str] = (),
    ) -> Flow:
        """The flow of a pipeline that runs as a whole inside this one.

        ``own`` are the names it begins with; ``takes`` is told of all that it takes from outside;
        ``again`` are globs of files that it has put itself when it runs again.
        """
        if path:
            self.problems += check_inner(pipeline, path)
        border = Border(scope, before, again)
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
        files = files_of(task)
        self.problems += check_task(task, files)
        before = self._steps_before(task, path)
        bindings = Bindings(task, scope, before, self._problem)
        reads = tuple(bindings.reads(found)) if found else ()
        facts = [r.source.name for r in reads if isinstance(r.source, Fact)]
        self.flow.facts |= {"run_id", "logical_date"}.intersection(facts)
        returns = returns_of(task)
        saved = {r.name: dataset for r in returns if (dataset := scope.stored(r.name))}
        outputs = [Output(path, r.name, r.kind) for r in returns if r.name not in saved]
        files_from = sorted(bindings.files_from(), key=self._place.__getitem__)
        node = Node(
            path=path,
            task=task,
            signature=found or Signature(),
            reads=reads,
            outputs=tuple(outputs),
            saves=tuple(saved.values()),
            files_from=tuple(files_from),
            after=after,
        )
        self._node(node, scope, before, files.put)

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
            return _always
        return Earlier(self.flow.orders[prefix], step.name, prefix)

    def _problem(self, message: str, step: Step) -> None:
        self.problems.append(Problem(message, step.where))

    def _warn(self, message: str, step: Step) -> None:
        self.flow.warnings.append(Problem(message, step.where))
