"""The steps of the flow as Python methods."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill

from bridge.emit.body import Body, body, kept_notebook
from bridge.emit.python import comment, docstring, imports, indent, literal
from bridge.flow import Parameter
from bridge.model import NotebookTask, PythonTask, Stub
from bridge.nodes import Node
from bridge.unit import Unit
from bridge.values import Fact, Kind
from bridge_metaflow.composites import Composites
from bridge_metaflow.decorators import decorators
from bridge_metaflow.layout import FlowStep
from bridge_metaflow.places import Place
from bridge_metaflow.plan import Plan, can_change
from bridge_metaflow.values import Values

__all__ = ["Steps"]

_WIDTH = 75
_TAKEN = ("current", "datetime", "deepcopy", "inputs", "self", "timezone")


@dataclass
class Steps:
    """Writes the steps of a plan.

    ``todos`` are sentences to be put at a step, by its path, ``remarks`` comments above one.
    ``carries`` becomes the modules that the steps need beside the flow, ``imports`` what they need
    of Metaflow.
    """

    plan: Plan
    todos: Mapping[str, Sequence[str]]
    remarks: Mapping[FlowStep, Sequence[str]]
    carries: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.values = Values(self.plan, self.imports)
        self.composites = Composites(self.plan, self.values)

    def lines(self) -> Iterator[str]:
        """The methods of the flow's class, in the order in which they run."""
        for step in self.plan.steps:
            yield from self._step(step)
            if len(step.tasks) > 1:
                for number, place in enumerate(step.tasks):
                    yield from self._method(place, step.tasks[:number])

    def _step(self, step: FlowStep) -> Iterator[str]:
        names = self.plan.names
        found = self._work(step)
        self.carries |= found.carries
        lines = _imports(found)
        lines += [*self._begins(step), *self._joined(step), *found.lines]
        if len(step.tasks) > 1:
            lines += [f"self.{names.task[place]}()" for place in step.tasks]
        if step.splits:
            keys = ", ".join(map(repr, step.splits.branches))
            lines.append(comment(f"The branches of {step.splits.name!r}: {keys}."))
        if step.next:
            lines.append(f"self.next({self._transition(step)})")
        yield ""
        yield from self.remarks.get(step, ())
        yield from self._decorators(step)
        yield "@step"
        yield f"def {names.step[step]}(self{', inputs' if step.joins else ''}):"
        yield from _suite(self._docstring(step), lines)

    def _decorators(self, step: FlowStep) -> Iterator[str]:
        for place in step.tasks if len(step.tasks) == 1 else ():
            for name, source in decorators(place):
                self.imports.add(name)
                caught = name == "catch" and place.node.handler
                error = f'(var="{self.plan.names.own(place, "error")}")' if caught else ""
                yield f"@{source}{error}"

    def _work(self, step: FlowStep) -> Body:
        """What the step does besides beginning, joining and going on."""
        found = Body()
        if len(step.tasks) == 1:
            found = self._task(step.tasks[0], None)
        if step.first and self.values.keeps_item(step.first):
            found.lines.insert(0, f"self.{self.values.kept_item(step.first)} = self.input")
        if step.does:
            self.composites.write(step, found)
        return found

    def _transition(self, step: FlowStep) -> str:
        following = [f"self.{self.plan.names.step[other]}" for other in step.next]
        if step.does == "fan" and step.of:
            return f"{following[0]}, foreach={literal(self.values.list_of(step.of))}"
        if step.does not in ("switch", "caught", "loop") or len(following) == 1:
            return ", ".join(following)
        assert step.of
        keys = map(repr, self.composites.keys(step))
        cases = ", ".join(f"{k}: {f}" for k, f in zip(keys, following, strict=True))
        return f'{{{cases}}}, condition="{self.composites.condition(step.of)}"'

    def _method(self, place: Place, before: Sequence[Place]) -> Iterator[str]:
        """A task of a group: a method that the group's step calls."""
        yield ""
        yield f"def {self.plan.names.task[place]}(self):"
        found = self._task(place, before)
        self.carries |= found.carries
        lines = [*_imports(found), *found.lines]
        yield from _suite(self._about(place), lines)

    def _begins(self, step: FlowStep) -> list[str]:
        """What the first step does beside its task."""
        reads = (r.source for place in self.plan.places.all for r in place.node.reads)
        if step is not self.plan.steps[0] or Fact("logical_date") not in reads:
            return []
        time = f"self.{self.plan.names.logical_date()} = datetime.now(timezone.utc).isoformat()"
        return ["from datetime import datetime, timezone", "", time]

    def _joined(self, step: FlowStep) -> list[str]:
        if not step.joins or step.does:
            return []
        names = self.plan.names.step
        lines = []
        for artifact, source in step.chosen.items():
            given = f"inputs.{names[source]}"
            line = f"self.{artifact} = {given}.{artifact}"
            perhaps = artifact in self.values.uncertain
            lines.append(f'if hasattr({given}, "{artifact}"):\n    {line}' if perhaps else line)
        return [*lines, "self.merge_artifacts(inputs)"]

    def _docstring(self, step: FlowStep) -> str:
        if step.does:
            return self.composites.docstring(step)
        if len(step.tasks) == 1:
            return self._about(step.tasks[0])
        if step.tasks:
            why = "Metaflow has room for some 900 steps in a row"
            return docstring(f"{len(step.tasks)} tasks in one step: {why}.")
        if step.origin:
            what = "Join" if step.joins else "Split into"
            return docstring(f"{what} the branches of '{step.origin}'.")
        return ""

    def _about(self, place: Place) -> str:
        """What is known of a task: what its function says, or its name where it was changed."""
        task = place.node.task
        if isinstance(task, Unit):
            names = ", ".join(f"'{step.name}'" for step in task.pipeline.steps)
            return docstring(fill(f"{names} in one step: {task.why}.", _WIDTH))
        text = ""
        if isinstance(task, PythonTask):
            text = (inspect.getdoc(task.reference.load()) or "").partition("\n")[0]
        elif isinstance(task, NotebookTask):
            text = f"Run the notebook {task.notebook}."
        elif isinstance(task, Stub):
            text = "A stub: nothing is done here yet."
        if task.name != self.plan.names.task[place]:
            text = f"Task '{task.name}': {text}" if text else f"Task '{task.name}'."
        return docstring(text) if text else ""

    def _task(self, place: Place, before: Sequence[Place] | None) -> Body:
        """The imports and statements of a task, after those ``before`` it in its group, if any."""
        node, names = place.node, self.plan.names
        todos = [f"# TODO: {text}" for text in self.todos.get(place.path, ())]
        if isinstance(node.task, Stub):
            return Body(lines=todos)
        found = self._body(place, before)
        sets = {o.name: names.artifact(place.flow, o) for o in node.outputs}
        certain = {o.name for o in node.outputs if o.certain}
        found.lines = [*todos, *found.lines]
        if node.handler and len(found.outputs) > 1:  # all of them, or none
            targets = ", ".join(f"self.{sets[name]}" for name in found.outputs)
            values = ", ".join(found.outputs.values())
            found.lines.append(f"{targets} = {values}{self._renamed(node, sets)}")
            return found
        for name, value in found.outputs.items():
            line = f"self.{sets[name]} = {value}{self._renamed(node, {name: sets[name]})}"
            if name not in certain:
                line = f"if {value} is not {found.need('steps', 'ABSENT')}:\n    {line}"
            found.lines.append(line)
        read = self.values.only_read(place) if not node.handler else []
        left = [a for a in read if a not in sets.values()]
        if left and before:
            made = {names.artifact(p.flow, o) for p in before for o in p.node.outputs}
            left = [a for a in left if a not in made]
        found.lines += _dropped(left, all(r.certain for r in node.reads) and not node.inner)
        return found

    def _renamed(self, node: Node, sets: Mapping[str, str]) -> str:
        """A comment that names the objects which have an artifact of another name."""
        kinds = {o.name: o.kind for o in node.outputs}
        other = [n for n, own in sets.items() if n != own and kinds[n] is Kind.PICKLED]
        return f"  # {', '.join(map(repr, other))}" if other else ""

    def _body(self, place: Place, before: Sequence[Place] | None) -> Body:
        node = place.node
        copied = self._copied(place, before)
        values = {r.argument.name: self.values.of(place, r) for r in node.reads}
        values |= {name: f"deepcopy({values[name]})" for name in copied}
        files = self.values.files(place)
        begins = self.values.begins(place)
        keep = None
        if isinstance(node.task, NotebookTask) or node.inner:
            keep = self._keep
        found = body(place.flow, node, values, files, _TAKEN, keep, within=begins)
        if copied and "from copy import deepcopy" not in found.imports:
            found.imports.insert(0, "from copy import deepcopy")
        if not all(read.certain for read in node.reads):
            found.need("steps", "ABSENT")
        if found.manifest:
            self._keep_manifest(place, found)
        return found

    def _keep(self, name: str) -> str:
        """Where an executed notebook goes."""
        self.imports.add("current")
        return kept_notebook("current.run_id")(name)

    def _keep_manifest(self, place: Place, found: Body) -> None:
        """Set inside the block, whose end fills it, so that it is there after a failure too."""
        artifact = self.plan.names.own(place, "files")
        if place.node.inner:
            found.lines.append(f"self.{artifact} = {found.manifest}")
            return
        setting = f"self.{artifact} = {found.manifest}  # filled at the end"
        found.lines.insert(1, indent([setting])[0])

    def _copied(self, place: Place, before: Sequence[Place] | None) -> list[str]:
        """The arguments of which the task needs a copy, since it is not alone in using the value.

        That is so for a value given to two arguments, for one that a handler of failures must find
        as it was, and in a group for what a task before has made and for parameters.
        """
        reads = [r for r in place.node.reads if can_change(self.plan.places, place, r)]
        made = {o for p in before or () for o in p.node.outputs} if reads else ()
        found, seen = [], set()
        for read in reads:
            shared = isinstance(read.source, Parameter) and before is not None
            known = read.source in made or (read.source, read.path) in seen
            if shared or known or not read.certain or place.node.handler:
                found.append(read.argument.name)
            seen.add((read.source, read.path))
        return found


def _dropped(artifacts: Sequence[str], loaded: bool) -> list[str]:
    """Let artifacts go on as they were stored, though a step may have changed what it got.

    They are attributes of the step only once they have been ``loaded``.
    """
    if not artifacts:
        return []
    text = "# Only read here: goes on as it was stored."
    if loaded:
        return [text, f"del {', '.join(f'self.{a}' for a in artifacts)}"]
    names = ", ".join(map(literal, artifacts))
    return [text, f"for name in [{names}]:", "    vars(self).pop(name, None)"]


def _imports(found: Body) -> list[str]:
    """The imports of a step, one line for each module, and an empty one behind them."""
    lines = []
    for line in found.imports:
        start, word, names = line.partition(" import ")
        lines += [f"{start}{word}{name}" for name in names.split(", ")] if word else [line]
    return [*imports(lines), ""] if lines else []


def _suite(text: str, lines: Sequence[str]) -> list[str]:
    """The body of a method: its docstring and its statements."""
    has_code = any(not line.startswith("#") for line in lines)
    return indent([*([text] if text else []), *lines, *([] if has_code or text else ["pass"])])
