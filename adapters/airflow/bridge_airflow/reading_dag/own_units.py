"""Tasks that hold several steps, or one with what Airflow lacks: back to those steps."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from bridge.model import Task
from bridge.recover import Recovered, Remarks, UnlikeError, imported, parse, recover
from bridge.recover.remarks import task_said, texts
from bridge.recover.source import called
from bridge.values import Input, Kind, Return
from bridge_airflow.reading_dag.bodies import Body, NotOursError
from bridge_airflow.reading_dag.source_text import Function, SourceText

__all__ = ["said_of", "unit"]

_GIVEN = ("to_xcom", "save_object")


def unit(text: SourceText, body: Body, at: str) -> Recovered:
    """What a task holds, whose steps have names that begin with ``at``. Raises NotOursError."""

    def resolve(node: ast.AST) -> Input | None:
        try:
            return body.value(node)
        except NotOursError:
            return None

    source = text.bytes.decode()
    try:
        node = _with_comments(source, body.node)
        statements = [s for s in node.body if not _is_end(s)]
        users = imported(ast.Module(statements, []))
        return recover(statements, at, users, resolve, source, dict(_named(node)))
    except UnlikeError as error:
        raise NotOursError(str(error)) from None


def said_of(task: Task, said: Remarks) -> Task:
    """The task with what is said of it in the comments above its function."""
    more = task_said(said)
    more["inputs"] = {**task.bindings, **more.get("inputs", {})}
    metrics = texts(said.get("metrics", ""))
    kinds = dict.fromkeys(metrics, Kind.METRIC)
    more["returns"] = [Return(r.name, kinds.get(r.name, r.kind)) for r in task.outputs]
    return replace(task, **more)


def _with_comments(source: str, node: Function) -> Function:
    """The same function, with its comments as statements."""
    for found in ast.walk(parse(source)):
        if isinstance(found, Function) and found.lineno == node.lineno and found.name == node.name:
            return found
    raise UnlikeError(f"no function '{node.name}'")


def _is_end(statement: ast.stmt) -> bool:
    """Whether a statement is one of those by which the task hands on what it has."""
    if isinstance(statement, ast.Return):
        return True
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
        return ast.unparse(statement.targets[0]) == "found"
    inner = statement.body[0] if isinstance(statement, ast.If) else None
    return isinstance(inner, ast.Assign) and ast.unparse(inner.targets[0]).startswith("found[")


def _named(node: Function) -> Iterator[tuple[str, str]]:
    """The names in the scope of the variables that the task hands on."""
    for call in ast.walk(node):
        if called(call) in _GIVEN and len(call.args) == 2:  # type: ignore[attr-defined]
            value, name = call.args  # type: ignore[attr-defined]
            if isinstance(value, ast.Name) and isinstance(name, ast.Constant):
                yield value.id, str(name.value)
