"""Templates in texts: what of them is known here, as an expression or as a variable."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bridge_airflow.reading_dag.changes import Asked

__all__ = ["Part", "is_template", "parts", "quoted"]

_TEMPLATE = re.compile(r"\{\{(.*?)\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_FACTS = {"run_id": "run_id", "ts": "logical_date", "dag_run.run_id": "run_id",
          "ti.run_id": "run_id", "ti.try_number": "attempt"}  # fmt: skip
_OWN = {"dag.dag_id": "dag_id", "task.task_id": "task_id", "ti.task_id": "task_id",
        "ti.dag_id": "dag_id", "task.dag_id": "dag_id"}  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A piece of a text: itself, or what was asked for, of which ``shown`` is kept.

    ``asked`` is None for what only Airflow can render.
    """

    text: str
    asked: Asked | None = None
    shown: str = ""
    is_template: bool = False


def is_template(text: object) -> bool:
    """Whether Airflow would render a text."""
    return isinstance(text, str) and bool(_TEMPLATE.search(text))


def parts(text: str) -> Iterator[Part]:
    """The pieces of a text."""
    at = 0
    for match in _TEMPLATE.finditer(text):
        if match.start() > at:
            yield Part(text[at : match.start()])
        yield from _known(match)
        at = match.end()
    if at < len(text):
        yield Part(text[at:])


def _known(match: re.Match[str]) -> Iterator[Part]:
    said = (match[1] or "").strip().strip("-").strip()
    if said in ("task_instance_key_str", "ti.key_str"):
        yield Part("", Asked("constant", "dag_id"), is_template=True)
        yield Part("__")
        yield Part("", Asked("constant", "task_id"), is_template=True)
        yield Part("__")
        yield Part("", Asked("fact", "logical_date"), "ds_nodash", True)
        return
    asked, shown = _asked(said)
    yield Part(match[0], asked, shown, True)


def _asked(said: str) -> tuple[Asked | None, str]:
    said = re.sub(r"\btask_instance\b", "ti", said)
    if said in _FACTS:
        return Asked("fact", _FACTS[said]), ""
    if said in ("ds", "ds_nodash"):
        return Asked("fact", "logical_date"), said
    if said in _OWN:
        return Asked("constant", _OWN[said]), ""
    try:
        node = ast.parse(said, mode="eval").body
    except SyntaxError:
        return None, ""
    return _of_call(node), ""


def _of_call(node: ast.expr) -> Asked | None:
    if isinstance(node, ast.Attribute) and _is(node.value, "params"):
        return Asked("param", node.attr)
    if isinstance(node, ast.Subscript) and (_is(node.value, "params") or _is_conf(node.value)):
        name = getattr(node.slice, "value", None)
        return Asked("param", name) if isinstance(name, str) else None
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    if node.func.attr == "get" and (_is(node.func.value, "params") or _is_conf(node.func.value)):
        name = getattr(node.args[0], "value", None) if node.args else None
        return Asked("param", name) if isinstance(name, str) and len(node.args) == 1 else None
    if node.func.attr == "xcom_pull" and _is(node.func.value, "ti"):
        return _pulled(node)
    return None


def _pulled(node: ast.Call) -> Asked | None:
    words = {word.arg: getattr(word.value, "value", None) for word in node.keywords}
    if node.args:
        words["task_ids"] = getattr(node.args[0], "value", None)
    task, key = words.get("task_ids"), words.get("key", "return_value")
    known = words.keys() <= {"task_ids", "key", "dag_id"} and len(node.args) < 2
    if known and isinstance(task, str) and isinstance(key, str):
        return Asked("pull", task, key)
    return None


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_conf(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "conf" and _is(node.value, "dag_run")


def quoted(text: str, quote: str = "") -> str:
    """The quotation mark, if any, that a command stands in after ``text``, begun in ``quote``.

    A sign of a comment counts as one to the end of its line.
    """
    at = 0
    while at < len(text):
        char = text[at]
        if quote == "#":
            quote = "" if char == "\n" else quote
        elif char == "\\" and quote != "'":
            at += 1
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and (at == 0 or text[at - 1] in " \t\n;"):
            quote = "#"
        at += 1
    return quote
