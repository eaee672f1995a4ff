"""Functions that skip their own task: what they raise becomes something that they return."""

from __future__ import annotations

import ast

from bridge_airflow.reading_dag.changes import Rewritten
from bridge_airflow.reading_dag.source_text import Edit, Function, SourceText
from bridge_airflow.reading_dag.syntax import ends_with, inside, own_returns, returns

__all__ = ["SKIPS", "return_skips"]

SKIPS = "AirflowSkipException"
_COMMAND = 'return "exit 99"'


def return_skips(text: SourceText, node: Function, found: Rewritten, is_command: bool) -> None:
    """Let a function return besides whether it has done its work.

    One that gives a command gives a command that skips itself instead. A function is left as it
    is where somebody else may catch what it raises, or where it also pushes XComs.
    """
    raised = [inner for inner in inside(node) if isinstance(inner, ast.Raise) and _is_skip(inner)]
    if not raised or not _is_plain(node, raised) or (found.pushes and not is_command):
        return
    has_value = bool(own_returns(node))
    shown = "False, None" if has_value else "False"
    for statement in raised:
        said = _COMMAND if is_command else f"return {shown}"
        found.edits.append(Edit(*text.span(statement), said))
        found.carried.append((f"raise {SKIPS}", statement.lineno))
    found.skips = True
    if is_command:
        return
    for given in returns(node):
        shown = "True, None" if has_value else "True"
        if given.value is not None and has_value:
            is_tuple = isinstance(given.value, ast.Tuple)
            value = text.text(given.value)
            shown = f"True, ({value.strip('()')})" if is_tuple else f"True, {value}"
        found.edits.append(Edit(*text.span(given), f"return {shown}"))
    if node.returns is not None:
        kind = f"tuple[bool, {text.text(node.returns)} | None]" if has_value else "bool"
        found.edits.append(Edit(*text.span(node.returns), kind))
    if not isinstance(node.body[-1], ast.Return | ast.Raise):
        found.ending = "return True, None" if has_value else "return True"


def _is_skip(raised: ast.Raise) -> bool:
    what = raised.exc.func if isinstance(raised.exc, ast.Call) else raised.exc
    return what is not None and ends_with(what, SKIPS)


def _is_plain(node: Function, raised: list[ast.Raise]) -> bool:
    """Whether all that is raised leaves the function, and nothing else is made of it."""
    inner = [n for n in ast.walk(node) if n is not node]
    around = [n for n in inner if isinstance(n, ast.Try | Function | ast.Lambda | ast.ClassDef)]
    caught = {id(n) for other in around for n in ast.walk(other)}
    named = [n for n in inside(node) if ends_with(n, SKIPS)]
    return not any(id(r) in caught for r in raised) and len(named) == len(raised)
