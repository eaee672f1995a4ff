"""The steps of the flow as Python methods."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.emit.body import Body, body, kept_notebook
from bridge.emit.python import comment, docstring, indent, literal
from bridge.flow import Node, Output, Parameter, Read
from bridge.model import NotebookTask, PythonTask, Stub
from bridge.values import Fact
from bridge_metaflow.layout import FlowStep
from bridge_metaflow.plan import Plan, can_change, changeable

__all__ = ["Steps"]

_TAKEN = ("current", "datetime", "deepcopy", "inputs", "self", "timezone")


@dataclass
class Steps:
    """Writes the steps of a plan.

    ``todos`` and ``notes`` are sentences to be put at a task, by its path. ``carries`` becomes the
    modules that the steps need beside the flow, ``imports`` what they need of Metaflow.
    """

    plan: Plan
    todos: Mapping[str, Sequence[str]]
    notes: Mapping[str, Sequence[str]]
    carries: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)

    def lines(self) -> Iterator[str]:
        """The methods of the flow's class, in the order in which they run."""
        for step in self.plan.steps:
            yield from self._step(step)
            if len(step.tasks) > 1:
                for place, path in enumerate(step.tasks):
                    yield from self._method(path, step.tasks[:place])

    def _step(self, step: FlowStep) -> Iterator[str]:
        names = self.plan.names
        imports, lines = self._task(step.tasks[0], None) if len(step.tasks) == 1 else ([], [])
        lines = [*imports, *self._begins(step), *self._joined(step), *lines]
        if len(step.tasks) > 1:
            lines += [f"self.{names.task[path]}()" for path in step.tasks]
        if step.next:
            following = ", ".join(f"self.{names.step[other]}" for other in step.next)
            lines.append(f"self.next({following})")
        yield ""
        yield from (comment(note) for path in step.tasks for note in self.notes.get(path, ()))
        yield "@step"
        yield f"def {names.step[step]}(self{', inputs' if step.joins else ''}):"
        yield from _suite(self._docstring(step), lines)

    def _method(self, path: str, before: Sequence[str]) -> Iterator[str]:
        """A task of a group: a method that the group's step calls."""
        yield ""
        yield f"def {self.plan.names.task[path]}(self):"
        imports, lines = self._task(path, before)
        yield from _suite(self._about(path), [*imports, *lines])

    def _begins(self, step: FlowStep) -> list[str]:
        """What the first step does beside its task."""
        reads = (r.source for node in self.plan.flow.nodes.values() for r in node.reads)
        if step is not self.plan.steps[0] or Fact("logical_date") not in reads:
            return []
        time = f"self.{self.plan.names.logical_date()} = datetime.now(timezone.utc).isoformat()"
        return ["from datetime import datetime, timezone", "", time]

    def _joined(self, step: FlowStep) -> list[str]:
        if not step.joins:
            return []
        names = self.plan.names.step
        chosen = [f"self.{a} = inputs.{names[source]}.{a}" for a, source in step.chosen.items()]
        return [*chosen, "self.merge_artifacts(inputs)"]

    def _docstring(self, step: FlowStep) -> str:
        if len(step.tasks) == 1:
            return self._about(step.tasks[0])
        if step.tasks:
            why = "Metaflow has room for some 900 steps in a row"
            return docstring(f"{len(step.tasks)} tasks in one step: {why}.")
        if step.origin:
            what = "Join" if step.joins else "Split into"
            return docstring(f"{what} the branches of '{step.origin}'.")
        return ""

    def _about(self, path: str) -> str:
        """What is known of a task: what its function says, or its name where it was changed."""
        task = self.plan.flow.nodes[path].task
        text = ""
        if isinstance(task, PythonTask):
            text = (inspect.getdoc(task.reference.load()) or "").partition("\n")[0]
        elif isinstance(task, NotebookTask):
            text = f"Run the notebook {task.notebook}."
        elif isinstance(task, Stub):
            text = "A stub: nothing is done here yet."
        if task.name != self.plan.names.task[path]:
            text = f"Task '{task.name}': {text}" if text else f"Task '{task.name}'."
        return docstring(text) if text else ""

    def _task(self, path: str, before: Sequence[str] | None) -> tuple[list[str], list[str]]:
        """The imports and statements of a task, after those ``before`` it in its group, if any."""
        node = self.plan.flow.nodes[path]
        names = self.plan.names
        todos = [f"# TODO: {text}" for text in self.todos.get(path, ())]
        if isinstance(node.task, Stub):
            return [], todos
        made = {names.artifact(o) for p in before or () for o in self.plan.flow.nodes[p].outputs}
        found = self._body(node, before)
        self.carries |= found.carries
        sets = {o.name: names.artifact(o) for o in node.outputs}
        lines = [*todos, *found.lines]
        lines += [f"self.{sets[name]} = {value}" for name, value in found.outputs.items()]
        read = dict.fromkeys(f"{names.artifact(o)}" for o in changeable(self.plan.flow, node))
        only_read = [f"self.{a}" for a in read if a not in made and a not in sets.values()]
        if only_read:
            lines += ["# Only read here: goes on as it was stored.", f"del {', '.join(only_read)}"]
        return [*found.imports, *([""] if found.imports else [])], lines

    def _body(self, node: Node, before: Sequence[str] | None) -> Body:
        copied = self._copied(node, before)
        values = {r.argument.name: self._value(node, r) for r in node.reads}
        values |= {name: f"deepcopy({values[name]})" for name in copied}
        files = [f"self.{self.plan.names.files(path)}" for path in node.files_from]
        found = body(self.plan.flow, node, values, files, _TAKEN, self._kept(node))
        if copied:
            found.imports.insert(0, "from copy import deepcopy")
        if found.manifest:
            # Set inside the block, whose end fills it, so that it is there after a failure too.
            artifact = self.plan.names.files(node.path)
            setting = f"self.{artifact} = {found.manifest}  # filled at the end"
            found.lines.insert(1, indent([setting])[0])
        return found

    def _kept(self, node: Node) -> str:
        """Where the executed notebook of a task goes."""
        if not isinstance(node.task, NotebookTask):
            return ""
        self.imports.add("current")
        return kept_notebook(node, "current.run_id")

    def _copied(self, node: Node, before: Sequence[str] | None) -> list[str]:
        """The arguments of which the task needs a copy, since it is not alone in using the value.

        That is so for a value given to two arguments, and in a group for what a task before has
        made and for parameters.
        """
        made = {o for path in before or () for o in self.plan.flow.nodes[path].outputs}
        found, seen = [], set()
        for read in node.reads:
            if can_change(self.plan.flow, node, read):
                shared = isinstance(read.source, Parameter) and before is not None
                if shared or read.source in made or (read.source, read.path) in seen:
                    found.append(read.argument.name)
                seen.add((read.source, read.path))
        return found

    def _value(self, node: Node, read: Read) -> str:
        """The expression by which the source of an argument's value is reached."""
        source, names = read.source, self.plan.names
        if isinstance(source, Parameter):
            return f"self.{names.parameters[source.name]}"
        if isinstance(source, Output):
            return f"self.{names.artifact(source)}"
        return self._fact(node, source.name) if isinstance(source, Fact) else ""

    def _fact(self, node: Node, name: str) -> str:
        if name == "step":
            return literal(node.path)
        if name == "logical_date":
            return f"self.{self.plan.names.logical_date()}"
        self.imports.add("current")
        return "current.run_id" if name == "run_id" else "current.retry_count + 1"


def _suite(text: str, lines: Sequence[str]) -> list[str]:
    """The body of a method: its docstring and its statements."""
    has_code = any(not line.startswith("#") for line in lines)
    return indent([*([text] if text else []), *lines, *([] if has_code or text else ["pass"])])
