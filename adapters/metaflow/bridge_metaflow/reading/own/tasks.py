"""What a step of a written flow carries out: its task or tasks."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.lower.rebuild import rebuilt
from bridge.model import Pipeline, Step, Stub, Task
from bridge.policies import Dataset, Retry
from bridge.recover import imported, recover, recover_task
from bridge.recover.remarks import stub_said, texts
from bridge.recover.source import comment_of
from bridge.recover.tasks import Known
from bridge.recover.values import Values
from bridge.values import Input
from bridge_metaflow.reading.decorators import Policy
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.idioms import attribute
from bridge_metaflow.reading.own.names import Names, about, assigned, code, localised
from bridge_metaflow.reading.source import FlowSource

__all__ = ["Done", "Tasks", "Within", "imported_by"]

_NAMED = re.compile(r"Task '(.*?)'(?:\.\Z|: (.*))", re.DOTALL)
_UNIT = re.compile(r"'.*' in one step: .*", re.DOTALL)
_LOOPED = re.compile(r"(?:Loop '.*?': )?'(.*?)',(?: until '.*?',)? \d+ times at most")
_STUB = "A stub: nothing is done here yet."


@dataclass(frozen=True)
class Within:
    """Where a step stands: how the names of steps begin there, and the items around it.

    A number in the names stands for that map.
    """

    begins: tuple[str | int, ...] = ()
    items: tuple[str, ...] = ()

    def inside(self, name: str, item: str = "") -> Within:
        """In a composite of this name; in a map over such items."""
        if not item:
            return Within((*self.begins, f"{name}."), self.items)
        return Within((*self.begins, f"{name}.", len(self.items), "."), (*self.items, item))

    @property
    def text(self) -> str:
        """How names begin, with NUL characters around what is worked out in the run."""
        return "".join(p if isinstance(p, str) else f"\0{self._number(p)}\0" for p in self.begins)

    def _number(self, depth: int) -> str:
        innermost = depth == len(self.items) - 1
        return "self.index" if innermost else f"self.foreach_stack()[{depth}][0]"

    @property
    def item(self) -> str:
        """The item of the map around it."""
        return self.items[-1] if self.items else ""


@dataclass
class Done:
    """What a step carries out, what handles a failure of it, and what else is said of that
    pipeline."""

    steps: list[Step]
    on_failure: Pipeline | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Tasks:
    """Reads them; ``datasets`` are those that they load and save. Raises UnlikeError."""

    source: FlowSource
    names: Names
    policies: Mapping[str, Policy]
    datasets: dict[str, Dataset] = field(default_factory=dict)

    def of(self, step: FlowStep, said: dict[str, str], within: Within) -> Done:
        """The tasks of a step, none if it does nothing of its own."""
        if _UNIT.fullmatch(about(step)) and not about(step).startswith("Task '"):
            return self._unit(step, said, within)
        calls = [self._method(s) for s in code(step.body)]
        if calls and all(calls):
            return Done([self._one(step, m, {}, within) for m in calls if m])
        statements = self._work(step.body)
        if not statements and not (_STUB in about(step) or _LOOPED.match(about(step))):
            return Done([])
        return Done([self._one(step, step.function, said, within)])

    def _method(self, statement: ast.stmt) -> ast.FunctionDef | None:
        """The method that a step calls for one of its tasks."""
        value = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(value, ast.Call) and (name := attribute(value.func)) and not value.args:
            member = self.source.members.get(name)
            return member.node if member and isinstance(member.node, ast.FunctionDef) else None
        return None

    def _one(
        self, step: FlowStep, function: ast.FunctionDef, said: dict[str, str], within: Within
    ) -> Task:
        doc = ast.get_docstring(function) or ""
        match = _NAMED.match(doc)
        name = match[1] if match else function.name
        loop = _LOOPED.match(doc)
        name = loop[1] if loop else name
        more = self._policy(step, said) if function is step.function else {}
        more["where"] = step.module.where(function)
        body = self._work(function.body)
        if not body:
            stub = stub_said(name, said)
            assert isinstance(stub, Stub)
            return replace(stub, **more)
        for statement in body:
            if isinstance(statement, ast.With):
                statement.body = [s for s in statement.body if not _is_manifest(s)] or [ast.Pass()]
        body = [localised(s) for s in body]
        values = Values(body, lambda node: self._given(node, within), self.names.variables)
        known = Known(imported_by(function), values, step.module.text)
        task = recover_task(body, name, said, known, step=f"{within.text}{name}", **more)
        self.datasets |= known.datasets
        return task

    def _given(self, node: ast.expr, within: Within) -> Input | None:
        return self.names.input(node, within.item)

    def _policy(self, step: FlowStep, said: dict[str, str]) -> dict[str, Any]:
        policy = self.policies[step.name]
        found = policy.arguments()
        if backoff := said.pop("backoff", ""):
            retry: Retry = found["retry"]
            found["retry"] = replace(retry, backoff=ast.literal_eval(backoff))
        if policy.kept and "overrides" not in said:
            found["overrides"] = {"metaflow": {"decorators": policy.kept}}
        return found

    def _work(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """The statements of a task, without those that serve the flow."""
        return [s for s in code(body) if not self._serves(s)]

    def _serves(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.Delete):
            return True
        if isinstance(statement, ast.For):
            return ast.unparse(statement.body[0]) == "vars(self).pop(name, None)"
        text = ast.unparse(statement)
        if text.startswith(("self.merge_artifacts(inputs", "self.next(")):
            return True
        if isinstance(statement, ast.If):
            return text.startswith("if hasattr(inputs.")
        said = assigned(statement)
        if not said:
            return False
        own, value = said
        copied = isinstance(value, ast.Attribute) and ast.unparse(value).startswith("inputs.")
        return own in self.names.dates or attribute(value) == "input" or copied

    # Units

    def _unit(self, step: FlowStep, said: dict[str, str], within: Within) -> Done:
        body = [
            s for s in step.body if comment_of(s) is not None or (code([s]) and not self._serves(s))
        ]
        body = [s for s in body if comment_of(s) != "Only read here: goes on as it was stored."]
        body = [localised(s) for s in body]
        found = recover(
            body,
            within.text,
            imported_by(step.function),
            lambda node: self._given(node, within),
            step.module.text,
            self.names.variables,
        )
        steps = [_placed(s, step) for s in found.steps]
        if "after" in said and steps:
            steps[0] = replace(steps[0], after=[*steps[0].after, *texts(said["after"])])
        self.datasets |= found.datasets
        handler = found.on_failure
        return Done(steps, _all_placed(handler, step) if handler else None, found.more)


def imported_by(function: ast.FunctionDef) -> Mapping[str, str]:
    """What the names stand for that a method imports of the user's."""
    return imported(ast.Module(function.body, []))


def _placed(step: Step, at: FlowStep) -> Step:
    """The step, and all in it, with the place where it is written."""
    found = rebuilt(step, lambda pipeline, _: _all_placed(pipeline, at))
    return replace(found, where=at.where)


def _all_placed(pipeline: Pipeline, at: FlowStep) -> Pipeline:
    handler = _all_placed(pipeline.on_failure, at) if pipeline.on_failure else None
    steps = [_placed(step, at) for step in pipeline.steps]
    return replace(pipeline, steps=steps, on_failure=handler, where=at.where)


def _is_manifest(statement: ast.stmt) -> bool:
    said = assigned(statement)
    return said is not None and ast.unparse(said[1]).endswith(".manifest")
