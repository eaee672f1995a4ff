"""Operators that only Airflow can carry out, kept as the source text that makes them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from bridge.emit.python import literal
from bridge.findings import Feature
from bridge.model import ForeignTask, Step
from bridge.values import Input, json
from bridge_airflow.reading_dag.lifting import Lifting, UnliftableError
from bridge_airflow.reading_dag.making import Making, Task
from bridge_airflow.reading_dag.source_text import SourceText

__all__ = ["foreign_step"]


def foreign_step(making: Making, task: Task, name: str, read: set[str]) -> Step:
    """The step of an operator that is kept as it is; ``read`` are the values somebody reads."""
    definition: dict[str, Any] = {"operator": f"{task['module']}.{task['class']}"}
    inputs: dict[str, Input] = {}
    try:
        definition |= _written(making, task, inputs)
        making.carries(task, Feature.FOREIGN, task["class"], "kept for Airflow as it is written")
    except UnliftableError as error:
        making.refuses(task, task["class"], f"it cannot be written again: {error}", Feature.FOREIGN)
    for argument in task["given"]:
        making.carries(task, Feature.FOREIGN, argument, "written again with the operator")
    making.takes(task, inputs.values())
    held = making.names(task["id"])
    return ForeignTask(
        name=name,
        framework="airflow",
        definition=definition,
        inputs=inputs,
        returns=[json(held)] if held in read else [],
        where=making.where(task),
    )


def _written(making: Making, task: Task, inputs: dict[str, Input]) -> dict[str, Any]:
    """The call that makes the operator, and the source of all it uses."""
    text = making.lifting.text_of(making.dag["file"])
    call = _call_at(text, task["place"])
    if task["mapped"] or (task["groups"] and call is None):
        raise UnliftableError("it is mapped, or made in a way that cannot be followed")
    if call is None or any(word.arg is None for word in call.keywords):
        raise UnliftableError("its arguments are not written one by one")
    words = []
    for word in call.keywords:
        assert word.arg
        value = task["given"].get(word.arg, {})
        if word.arg == "task_id":
            continue
        if "xcom" in value:
            taken = making.pulled(*value["xcom"])
            if taken is not None:
                inputs[word.arg] = taken
                continue
        if _holds_xcom(value):
            raise UnliftableError(f"'{word.arg}' is made of results of other tasks")
        words.append((word.arg, word.value))
    lifting = Lifting("", lambda said, line: None)
    names = {n.id for n in ast.walk(call.func) if isinstance(n, ast.Name)}
    source: dict[str, str] = {}
    for argument, node in words:
        source[argument] = _expression(text, node, task["local"])
        names |= {n.id for n in ast.walk(ast.parse(source[argument])) if isinstance(n, ast.Name)}
    for found in sorted(names):
        lifting.take_name(found, text)
    return {
        "class": text.text(call.func),
        "arguments": source,
        "code": lifting.code(),
    }


def _call_at(text: SourceText, place: Any) -> ast.Call | None:
    line, column, last, end = place
    for node in ast.walk(text.tree):
        if not isinstance(node, ast.Call):
            continue
        if (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset) == (
            line,
            column,
            last,
            end,
        ):
            return node
    return None


def _expression(text: SourceText, node: ast.expr, local: Mapping[str, Any]) -> str:
    """The text of an argument, with the values of names that only stand at that place."""
    shown = text.text(node)
    names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    unknown = {n for n in names & local.keys() if not _is_constant(text, n)}
    if not unknown:
        return shown

    class Filled(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.AST:
            if name.id not in unknown:
                return name
            return ast.parse(literal(local[name.id]), mode="eval").body

    return ast.unparse(Filled().visit(ast.parse(shown, mode="eval")))


def _is_constant(text: SourceText, name: str) -> bool:
    found = text.bindings.get(name, [])
    return len(found) == 1 and not found[0].within


def _holds_xcom(value: Any) -> bool:
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, Mapping):
            if "xcom" in item or "item" in item or "map" in item:
                return True
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return False
