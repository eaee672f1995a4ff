"""Templates in texts: what of them is known here, as an expression or as a variable."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bridge_airflow.reading_dag.changes import Asked

__all__ = ["Part", "is_template", "parts", "quoted"]

_TEMPLATE = re.compile(r"\{\{(.*?)\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_DATE = Asked("fact", "logical_date")
_DAY = "{0}[:10]"
_SHORT_DAY = "{0}[:10].replace('-', '')"
_FACTS = {"run_id": "run_id", "ts": "logical_date", "dag_run.run_id": "run_id",
          "ti.run_id": "run_id", "ti.try_number": "attempt"}  # fmt: skip
_OWN = {"dag.dag_id": "dag_id", "task.task_id": "task_id", "ti.task_id": "task_id",
        "ti.dag_id": "dag_id", "task.dag_id": "dag_id"}  # fmt: skip
_DATES = ("logical_date", "dag_run.logical_date")


@dataclass(frozen=True)
class Part:
    """A piece of a text: itself, or what was asked for, of which ``code`` makes what is shown.

    ``asked`` is None for what only Airflow can render. In ``code``, an expression of Python,
    ``{0}`` stands for what was asked for, and ``uses`` are the imports that it needs.
    """

    text: str
    asked: Asked | None = None
    code: str = ""
    is_template: bool = False
    uses: tuple[str, ...] = ()


def is_template(text: object) -> bool:
    """Whether Airflow would render a text."""
    return isinstance(text, str) and bool(_TEMPLATE.search(text))


def parts(text: str) -> Iterator[Part]:
    """The pieces of a text."""
    at = 0
    text = _unrolled(text)
    for match in _TEMPLATE.finditer(text):
        if match.start() > at:
            yield Part(text[at : match.start()])
        yield from _known(match)
        at = match.end()
    if at < len(text):
        yield Part(text[at:])


def _unrolled(text: str) -> str:
    """The text with those loops and comments carried out that need nothing of the run."""
    if "{%" not in text and "{#" not in text:
        return text
    from jinja2 import StrictUndefined, TemplateError, meta
    from jinja2.sandbox import SandboxedEnvironment

    jinja = SandboxedEnvironment(undefined=StrictUndefined)

    def asks(piece: str) -> set[str]:
        return meta.find_undeclared_variables(jinja.parse(piece)) - {*jinja.globals}

    def kept(match: re.Match[str]) -> str:
        is_of_run = match[1] is not None and asks(match[0]) & of_run
        return f"{{% raw %}}{match[0]}{{% endraw %}}" if is_of_run else match[0]

    try:
        of_run = asks(text)
        kept_text = _TEMPLATE.sub(kept, text)
        return text if asks(kept_text) else jinja.from_string(kept_text).render()
    except TemplateError:
        return text


def _known(match: re.Match[str]) -> Iterator[Part]:
    said = re.sub(r"\btask_instance\b", "ti", (match[1] or "").strip().strip("-").strip())
    if said in ("task_instance_key_str", "ti.key_str"):
        yield Part("", Asked("constant", "dag_id"), is_template=True)
        yield Part("__")
        yield Part("", Asked("constant", "task_id"), is_template=True)
        yield Part("__")
        yield Part("", _DATE, _SHORT_DAY, True)
        return
    yield replace(_part(said), text=match[0], is_template=True)


def _part(said: str) -> Part:
    """What is known of the inside of a template."""
    if said in _FACTS:
        return Part("", Asked("fact", _FACTS[said]))
    if said == "ds":
        return Part("", _DATE, _DAY)
    if said == "ds_nodash":
        return Part("", _DATE, _SHORT_DAY)
    if said in _OWN:
        return Part("", Asked("constant", _OWN[said]))
    try:
        node = ast.parse(said, mode="eval").body
    except SyntaxError:
        return Part("")
    return Part("", found) if (found := _of_call(node)) else _of_date(node)


def _of_date(node: ast.expr) -> Part:
    """What is made of the date of a run: by a macro, or by methods that dates of Python have."""
    if isinstance(node, ast.Call) and not node.keywords:
        name, given = ast.unparse(node.func), [_constant(arg) for arg in node.args[1:]]
        of_day = bool(node.args) and ast.unparse(node.args[0]) == "ds"
        if of_day and name == "macros.ds_add" and len(given) == 1 and isinstance(given[0], int):
            code = f"(date.fromisoformat({_DAY}) + timedelta({given[0]})).isoformat()"
            return Part("", _DATE, code, uses=("from datetime import date, timedelta",))
        if of_day and name == "macros.ds_format" and [*map(type, given)] == [str, str]:
            code = f"datetime.strptime({_DAY}, {given[0]!r}).strftime({given[1]!r})"
            return Part("", _DATE, code, uses=("from datetime import datetime",))
    methods = _methods(node)
    if methods and methods[0][0] in ("strftime", "isoformat"):
        code = "".join(f".{name}({', '.join(map(repr, given))})" for name, given in methods)
        code = f"datetime.fromisoformat({{0}}){code}"
        return Part("", _DATE, code, uses=("from datetime import datetime",))
    return Part("")


def _methods(node: ast.expr) -> list[tuple[str, list[Any]]]:
    """The methods called one after the other on the date of a run, with constants alone."""
    found: list[tuple[str, list[Any]]] = []
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        given = [_constant(arg) for arg in node.args]
        kind: Any = datetime if node.func.attr in ("strftime", "isoformat") else str
        if node.keywords or None in given or not hasattr(kind, node.func.attr):
            return []
        found.insert(0, (node.func.attr, given))
        node = node.func.value
    return found if ast.unparse(node) in _DATES else []


def _constant(node: ast.AST) -> Any:
    try:
        value = ast.literal_eval(ast.unparse(node))
    except ValueError:
        return None
    return value if isinstance(value, str | int) and "{" not in str(value) else None


def _of_call(node: ast.expr) -> Asked | None:
    if isinstance(node, ast.Attribute) and _is(node.value, "params"):
        return Asked("conf", node.attr)
    if isinstance(node, ast.Subscript) and (_is(node.value, "params") or _is_conf(node.value)):
        name = getattr(node.slice, "value", None)
        return Asked("conf", name) if isinstance(name, str) else None
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return None
    if node.func.attr == "get" and (_is(node.func.value, "params") or _is_conf(node.func.value)):
        name = getattr(node.args[0], "value", None) if node.args else None
        return Asked("conf", name) if isinstance(name, str) and len(node.args) == 1 else None
    if node.func.attr == "xcom_pull" and _is(node.func.value, "ti"):
        return _pulled(node)
    if node.func.attr == "xcom_push" and _is(node.func.value, "ti"):
        words = {word.arg: _constant(word.value) for word in node.keywords}
        if words.keys() == {"key", "value"} and not node.args and None not in words.values():
            return Asked("push", str(words["key"]), json.dumps(words["value"]))
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
