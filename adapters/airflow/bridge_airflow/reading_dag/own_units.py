"""Tasks that hold several steps, or one with what Airflow lacks: back to those steps."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import takewhile
from typing import Any

from bridge.model import Task
from bridge.policies import Dataset
from bridge.recover import (
    Recovered,
    Remarks,
    Resolve,
    UnlikeError,
    imported,
    known,
    parse,
    recover,
    recover_task,
)
from bridge.recover.remarks import heading, task_said, texts
from bridge.recover.source import called, comment_of, literal_of
from bridge.values import Input, Kind, Return
from bridge_airflow.reading_dag.bodies import Body, NotOursError
from bridge_airflow.reading_dag.source_text import Function, SourceText

__all__ = ["comments_of_groups", "headings", "plain", "said_of", "unit"]

_GIVEN = ("to_xcom", "save_object")


def unit(text: SourceText, body: Body, at: str) -> Recovered:
    """What a task holds, whose steps have names that begin with ``at``. Raises NotOursError."""

    source = text.bytes.decode()
    try:
        node = _with_comments(source, body.node)
        statements = [s for s in node.body if not _is_end(s)]
        users = imported(ast.Module(statements, []))
        return recover(statements, at, users, _resolve(body), source, dict(_named(node)))
    except UnlikeError as error:
        raise NotOursError(str(error)) from None


def plain(
    text: SourceText, body: Body, name: str, said: Remarks, more: Mapping[str, Any]
) -> tuple[Task, Mapping[str, Dataset]]:
    """The one task of a function, and the datasets that it loads and saves."""
    source = text.bytes.decode()
    try:
        node = _with_comments(source, body.node)
        statements = [inner for s in node.body for inner in _checked(s)]
        users = imported(ast.Module(statements, []))
        found = known(statements, users, _resolve(body), dict(_named(node)), source)
        return recover_task(statements, name, said, found, step=body.own, **more), found.datasets
    except UnlikeError as error:
        raise NotOursError(str(error)) from None


def _resolve(body: Body) -> Resolve:
    def resolve(node: ast.AST) -> Input | None:
        try:
            return body.value(node)
        except NotOursError:
            return None

    return resolve


def _checked(statement: ast.stmt) -> Iterator[ast.stmt]:
    """A statement; for one that returns values those that check them, as in other code."""
    if not (isinstance(statement, ast.Return) and isinstance(statement.value, ast.Dict)):
        yield statement
        return
    for value in statement.value.values:
        if called(value) == "to_xcom":
            yield ast.Expr(ast.Call(ast.Name("to_json"), value.args, []))  # type: ignore[attr-defined]
        elif called(value) == "save_object":
            yield ast.Expr(value)


def said_of(task: Task, said: Remarks) -> Task:
    """The task with what is said of it in the comments above its function."""
    more = task_said(said)
    more["inputs"] = {**task.bindings, **more.get("inputs", {})}
    metrics = texts(said.get("metrics", ""))
    kinds = dict.fromkeys(metrics, Kind.METRIC)
    more["returns"] = [Return(r.name, kinds.get(r.name, r.kind)) for r in task.outputs]
    return replace(task, **more)


def comments_of_groups(text: SourceText) -> Iterator[tuple[str, list[str]]]:
    """For each group, by its id, the comments above all else in it; those of the DAG by ''."""
    todo: list[tuple[str, list[ast.stmt]]] = [
        ("", node.body)
        for node in parse(text.bytes.decode()).body
        if isinstance(node, ast.FunctionDef) and "dag" in map(called, node.decorator_list)
    ]
    while todo:
        group, body = todo.pop()
        told = takewhile(lambda statement: comment_of(statement) is not None, body)
        yield group, [str(comment_of(statement)) for statement in told]
        inner = {_group(statement): getattr(statement, "body", []) for statement in body}
        todo += [(f"{group}.{name}" if group else name, b) for name, b in inner.items() if name]


def headings(comments: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Of comments those that name a branch, with its parallel."""
    return (found for found in map(heading, comments) if found)


def _group(statement: ast.stmt) -> str:
    """The last part of the id of the group that a statement makes."""
    if isinstance(statement, ast.With) and called(statement.items[0].context_expr) == "TaskGroup":
        return str(literal_of(statement.items[0].context_expr.args[0]))  # type: ignore[attr-defined]
    if not isinstance(statement, ast.FunctionDef):
        return ""
    words = [w for d in statement.decorator_list for w in getattr(d, "keywords", ())]
    return next((str(literal_of(w.value)) for w in words if w.arg == "group_id"), statement.name)


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
