"""The steps of a pipeline from the statements that carry them out, loops and branches included."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.model import Conditional, Loop, Map, Parallel, Pipeline, Step
from bridge.policies import Dataset, Retry
from bridge.recover.remarks import (
    Remarks,
    heading,
    is_of_pipeline,
    pipeline_said,
    remarks,
    step_said,
    texts,
)
from bridge.recover.source import UnlikeError, called, comment_of, literal_of, name_in, name_of
from bridge.recover.tasks import Known, recover_task
from bridge.recover.values import Resolve, Values
from bridge.values import At

__all__ = ["Recovered", "recover"]


@dataclass
class Recovered:
    """The steps that a piece of code carries out, and what else it says of their pipeline.

    ``names`` are those for which its variables stand, ``datasets`` what it loads and saves itself.
    """

    steps: list[Step]
    on_failure: Pipeline | None
    more: Mapping[str, Any]
    names: Mapping[str, str]
    datasets: Mapping[str, Dataset]


def recover(
    body: Sequence[ast.stmt],
    at: str,
    imported: Mapping[str, str],
    resolve: Resolve,
    text: str = "",
    names: Mapping[str, str] | None = None,
) -> Recovered:
    """What the statements carry out, whose steps have names that begin with ``at``.

    ``imported`` tells what the names of functions stand for, ``resolve`` what expressions do where
    the code is given something; ``text`` is all that was parsed. Raises UnlikeError.
    """
    values = Values(body, resolve, names or {})
    reading = _Reading(Known(imported, values, text))
    said, statements = _head(body)
    steps, handler = reading.flow(statements, at)
    more, datasets = pipeline_said(said), reading.known.datasets
    return Recovered(_ordered(steps, said), handler, more, values.names, datasets)


def _head(body: Sequence[ast.stmt]) -> tuple[Remarks, list[ast.stmt]]:
    """What is said of a pipeline above its steps, and the statements below."""
    said: list[str] = []
    below: list[ast.stmt] = []
    for place, statement in enumerate(body):
        comment = comment_of(statement)
        if comment is not None and is_of_pipeline(comment):
            said.append(comment)
        elif comment is not None or name_in([statement]):
            return remarks(said), [*below, *body[place:]]
        else:
            below.append(statement)
    return remarks(said), below


def _ordered(steps: list[Step], said: Remarks) -> list[Step]:
    """The steps in the order in which they were written."""
    if "steps" not in said:
        return steps
    place = {name: i for i, name in enumerate(texts(said["steps"]))}
    if {*place} != {step.name for step in steps}:
        raise UnlikeError("the steps are not those that a remark tells of")
    return sorted(steps, key=lambda step: place[step.name])


@dataclass
class _Flow:
    """The steps found so far; ``said`` is about the next one."""

    steps: list[Step] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    on_failure: Pipeline | None = None

    def told(self) -> Remarks:
        found = remarks(self.said)
        self.said = []
        return found


@dataclass
class _Reading:
    known: Known

    def pipeline(self, body: Sequence[ast.stmt], at: str) -> Pipeline:
        """A pipeline that stands in another."""
        said, statements = _head(body)
        steps, handler = self.flow(statements, at)
        return Pipeline(_ordered(steps, said), on_failure=handler, **pipeline_said(said))

    def flow(self, statements: Sequence[ast.stmt], at: str) -> tuple[list[Step], Pipeline | None]:
        """The steps in statements, and what happens when any of them fails."""
        flow = _Flow()
        self._statements(list(statements), at, flow)
        return flow.steps, flow.on_failure

    def _statements(self, statements: list[ast.stmt], at: str, flow: _Flow) -> None:
        place = 0
        while place < len(statements):
            place += self._statement(statements[place:], at, flow)

    def _statement(self, rest: list[ast.stmt], at: str, flow: _Flow) -> int:
        """Read what begins here; gives how many statements that was."""
        statement = rest[0]
        comment = comment_of(statement)
        if branch := heading(comment):
            count = _count_of(rest, f"{at}{branch[0]}.")
            flow.steps.append(self._parallel(rest[:count], branch[0], at, flow.told()))
            return count
        if comment is not None:
            flow.said.append(comment)
        elif isinstance(statement, ast.With) and _is_call(statement, "step"):
            self._step(statement, at, flow)
        elif isinstance(statement, ast.For):
            return self._for(rest, at, flow)
        elif isinstance(statement, ast.Assign) and called(statement.value) == "choose":
            flow.steps.append(self._conditional(statement.value, rest[1], at, flow.told()))
            return 2
        elif isinstance(statement, ast.Try):
            self._try(statement, at, flow)
        elif isinstance(statement, ast.If) and name_in(statement.body):
            self._statements(statement.body, at, flow)
        elif name_in([statement]) and not isinstance(statement, ast.Assign | ast.Return):
            raise UnlikeError(f"line {statement.lineno} is no step")
        return 1

    # Tasks

    def _step(self, statement: ast.With, at: str, flow: _Flow) -> None:
        call: Any = statement.items[0].context_expr
        name = name_of(call.args[0])
        local = _local(name, at)
        last = flow.steps[-1] if flow.steps else None
        if last and last.name == local and _is_raise(statement.body[0]):
            flow.steps[-1] = replace(last, terminate_with_failure=True)
            return
        around = _around(statement)
        flow.steps.append(
            recover_task(statement.body, local, flow.told(), self.known, step=name, **around)
        )

    def _attempts(self, loop: ast.For, at: str, flow: _Flow) -> None:
        call: Any = loop.iter
        name = name_of(call.args[0])
        said = {k.arg: k.value for k in call.keywords}
        retry = Retry(
            literal_of(said["retries"]),
            *(
                literal_of(said[n]) if n in said else d
                for n, d in (("delay", 0.0), ("backoff", 1.0))
            ),
        )
        (block,) = loop.body
        if not isinstance(block, ast.With):
            raise UnlikeError("an attempt is a block")
        more = {"retry": retry, **_around(block)}
        flow.steps.append(
            recover_task(block.body, _local(name, at), flow.told(), self.known, step=name, **more)
        )

    # Composites

    def _for(self, rest: list[ast.stmt], at: str, flow: _Flow) -> int:
        loop: Any = rest[0]
        kind = called(loop.iter)
        if kind == "attempts":
            self._attempts(loop, at, flow)
        elif kind == "range":
            flow.steps.append(self._loop(loop, at, flow.told()))
        elif kind == "enumerate" and called(loop.iter.args[0]) == "each":
            flow.steps.append(self._map(loop, rest[1:], at, flow.told()))
        else:
            raise UnlikeError(f"line {loop.lineno} is no loop of a pipeline's")
        return 1

    def _map(self, loop: Any, rest: Sequence[ast.stmt], at: str, said: Remarks) -> Step:
        call = loop.iter.args[0]
        name = _local(name_of(call.args[0]), at)
        number, item = (target.id for target in loop.target.elts)
        listed = self.known.values.input(call.args[1])
        if not isinstance(listed, At):
            raise UnlikeError(f"map '{name}' has no list")
        reducer = said.pop("reducer", None)
        said.pop("item", None)
        return Map(
            name=name,
            branch=self.pipeline(loop.body, f"{at}{name}.\0{number}\0."),
            iterate_on=listed if listed.path else listed.name,
            iterate_as=self.known.values.name(item),
            reducer=texts(reducer)[0] if reducer else self._reducer(rest, f"{at}{name}"),
            **step_said(said),
        )

    def _reducer(self, rest: Sequence[ast.stmt], name: str) -> str | None:
        """What the values of a map are reduced by, in the statements behind it."""
        for statement in rest:
            for node in ast.walk(statement) if isinstance(statement, ast.Assign) else ():
                if called(node) == "reduced" and name_of(node.args[0]) == name:  # type: ignore[attr-defined]
                    return self._function(node.args[1])  # type: ignore[attr-defined]
        return None

    def _function(self, node: ast.expr) -> str:
        """A function of values: an expression as it is written, or the name of one."""
        if isinstance(node, ast.Lambda) and isinstance(node.body, ast.Call):
            starred = node.body.args
            if len(starred) == 1 and ast.unparse(starred[0]) == "*values":
                if isinstance(node.body.func, ast.Lambda):
                    return self._written(node.body.func)
                if ast.unparse(node.body.func).partition(".")[0] in self.known.imported:
                    return self._function(node.body.func)
        if isinstance(node, ast.Lambda):
            return self._written(node)
        top, _, rest = ast.unparse(node).partition(".")
        if top not in self.known.imported:
            raise UnlikeError(f"'{top}' is not imported")
        return self.known.imported[top] + (f".{rest}" if rest else "")

    def _written(self, node: ast.expr) -> str:
        found = ast.get_source_segment(self.known.text, node) if self.known.text else None
        return found if found and "\n" not in found else ast.unparse(node)

    def _conditional(self, call: Any, statement: ast.stmt, at: str, said: Remarks) -> Step:
        name = _local(name_of(call.args[0]), at)
        on = self.known.values.input(call.args[1])
        if not isinstance(on, At) or not isinstance(statement, ast.If):
            raise UnlikeError(f"conditional '{name}' has nothing to decide it")
        keys = literal_of(call.args[2])
        is_default = any(k.arg == "default" for k in call.keywords)
        bodies = _ways(statement, len(keys) + is_default)
        found = [
            self.pipeline(body, f"{at}{name}.{key}.")
            for key, body in zip([*keys, *(["default"] if is_default else [])], bodies, strict=True)
        ]
        return Conditional(
            name=name,
            parameter=on if on.path else on.name,
            branches=dict(zip(keys, found, strict=False)),
            default=found[-1] if is_default else None,
            **step_said(said),
        )

    def _loop(self, loop: Any, at: str, said: Remarks) -> Step:
        number = loop.target.id
        inside = _local(name_in(loop.body), at)
        name, found, _ = inside.partition(f".\0{number}\0.")
        if not found:
            raise UnlikeError(f"line {loop.lineno} is no loop of a pipeline's")
        body = list(loop.body)
        over: Any = body.pop() if _is_break(body[-1]) else None
        while body and comment_of(body[0]) is None and not name_in(body[:1]):
            body.pop(0)
        index = ""
        if isinstance(body[0], ast.With) and _is_call(body[0], "environment"):
            index = self.known.values.name(number)
            body = body[0].body
        elif "index" in said:
            index = texts(said.pop("index"))[0]
        said.pop("index", None)
        break_on: Any = self.known.values.input(_test(over.test)) if over else None
        return Loop(
            name=name,
            branch=self.pipeline(body, f"{at}{name}.\0{number}\0."),
            max_iterations=literal_of(loop.iter.args[0]),
            break_on=break_on.name if break_on else "",
            index_as=index,
            **step_said(said),
        )

    def _parallel(self, statements: Sequence[ast.stmt], name: str, at: str, said: Remarks) -> Step:
        branches: dict[str, list[ast.stmt]] = {}
        key = ""
        for i, statement in enumerate(statements):
            found = heading(comment_of(statement))
            inside = f"{at}{name}.{found[1]}." if found else ""
            if found and found[0] == name and name_in(statements[i:]).startswith(inside):
                key = found[1]
                branches[key] = []
            else:
                branches[key].append(statement)
        found_in = {key: self.pipeline(b, f"{at}{name}.{key}.") for key, b in branches.items()}
        return Parallel(name=name, branches=found_in, **step_said(said))

    # Failures

    def _try(self, statement: ast.Try, at: str, flow: _Flow) -> None:
        handler = statement.handlers[0].body
        name = name_in(handler)
        if name.startswith(f"{at}on_failure."):
            steps, inner = self.flow(statement.body, at)
            if inner or flow.steps:
                raise UnlikeError("a pipeline has two handlers")
            flow.steps += steps
            flow.on_failure = self.pipeline(handler, f"{at}on_failure.")
            return
        said, flow.said = flow.said, []
        inside = _Flow(said=said)
        self._statements(statement.body, at, inside)
        if len(inside.steps) != 1:
            raise UnlikeError(f"line {statement.lineno} handles the failure of one step")
        (step,) = inside.steps
        failed = self.pipeline(handler, f"{at}{step.name}.on_failure.")
        flow.steps.append(replace(step, on_failure=failed))


def _local(name: str, at: str) -> str:
    if not name.startswith(at) or name == at:
        raise UnlikeError(f"'{name}' stands where it should not")
    return name.removeprefix(at)


def _count_of(statements: Sequence[ast.stmt], inside: str) -> int:
    """How many of the statements belong to steps whose names begin so."""
    count = 1
    for i, statement in enumerate(statements):
        if name := name_in([statement]):
            if not name.startswith(inside):
                break
            count = i + 1
    return count


def _is_call(statement: ast.With, name: str) -> bool:
    return called(statement.items[0].context_expr) == name


def _is_raise(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise)


def _is_break(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Break)


def _test(node: ast.expr) -> ast.expr:
    """What a loop looks at, but for whether it is there."""
    return node.values[-1] if isinstance(node, ast.BoolOp) else node


def _around(statement: ast.With) -> dict[str, Any]:
    """The policy of a task, by what stands beside its step."""
    found: dict[str, Any] = {}
    for item in statement.items[1:]:
        call: Any = item.context_expr
        if called(call) == "secrets":
            found["secrets"] = [literal_of(a) for a in call.args]
        elif called(call) == "environment":
            found["environment"] = literal_of(call.args[0])
        elif called(call) == "time_limit":
            found["timeout"] = literal_of(call.args[0])
        else:
            raise UnlikeError(f"line {statement.lineno} has a block of another kind")
    return found


def _ways(statement: ast.If, count: int) -> list[list[ast.stmt]]:
    """The branches of an ``if``, so many."""
    found = [statement.body]
    while len(found) < count:
        rest = statement.orelse
        if len(rest) == 1 and isinstance(rest[0], ast.If) and len(found) < count - 1:
            statement = rest[0]
            found.append(statement.body)
        else:
            found.append(rest)
            break
    if len(found) != count:
        raise UnlikeError(f"line {statement.lineno} has not all of the branches")
    return found
