"""Code as a tree in which comments are statements, and what is told from its parts."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator, Sequence
from typing import Any

from bridge.emit.carried import PACKAGE

__all__ = [
    "UnlikeError",
    "comment_of",
    "imported",
    "is_unit",
    "literal_of",
    "name_in",
    "name_of",
    "parse",
    "written",
]

_MARK = "# "
_OPENING, _CLOSING = "([{", ")]}"
_NAMED = ("attempts", "choose", "each", "part", "reduced", "step")
"""What is told the name of a step as its first argument."""


class UnlikeError(Exception):
    """Code that ``bridge.emit`` would not have written."""


def parse(text: str) -> ast.Module:
    """The module, in which each comment on a line of its own is a statement.

    Raises UnlikeError for what is no Python.
    """
    found = text.splitlines(keepends=True)
    try:
        for row, column, comment in _comments(text):
            found[row - 1] = f"{found[row - 1][:column]}{_MARK + comment!r}\n"
        return ast.parse("".join(found))
    except (SyntaxError, tokenize.TokenError, ValueError) as error:
        raise UnlikeError(f"this is no Python: {error}") from error


def _comments(text: str) -> Iterator[tuple[int, int, str]]:
    """The comments that stand between statements: row, column, text."""
    depth = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.OP:
            depth += (token.string in _OPENING) - (token.string in _CLOSING)
        elif token.type == tokenize.COMMENT and not depth:
            row, column = token.start
            if not token.line[:column].strip():
                yield row, column, token.string.removeprefix("#").removeprefix(" ")


def comment_of(statement: ast.stmt) -> str | None:
    """The text of a comment, if that is what a statement is."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        if isinstance(value, str) and value.startswith(_MARK):
            return value.removeprefix(_MARK)
    return None


def imported(tree: ast.Module) -> dict[str, str]:
    """What names stand for that a module imports, as ``module:name``; without carried helpers."""
    return {
        alias.asname or alias.name: f"{statement.module}:{alias.name}"
        for statement in ast.walk(tree)
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
        if not f"{statement.module}.".startswith(f"{PACKAGE}.")
    }


def called(node: ast.AST | None) -> str:
    """The plain name of the function that an expression calls; empty for all else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return ""


def literal_of(node: ast.AST) -> Any:
    """The value of a literal. Raises UnlikeError for another expression."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise UnlikeError(f"{ast.unparse(node)} is no literal") from None


def name_of(node: ast.AST) -> str:
    """The name of a step, in which NUL characters stand around variables."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_part, node.values))
    found = literal_of(node)
    if not isinstance(found, str):
        raise UnlikeError(f"{found!r} is no name of a step")
    return found


def _part(part: ast.expr) -> str:
    if isinstance(part, ast.FormattedValue):
        return f"\0{ast.unparse(part.value)}\0"
    return str(literal_of(part))


def name_in(statements: Sequence[ast.AST]) -> str:
    """The first name of a step in the code; empty where there is none."""
    for statement in statements:
        for node in written(statement):
            if called(node) in _NAMED and node.args:  # type: ignore[attr-defined]
                return name_of(node.args[0])  # type: ignore[attr-defined]
    return ""


def is_unit(body: Sequence[ast.stmt]) -> bool:
    """Whether the code carries out steps that it tells of, rather than one task alone."""
    return bool(name_in(body))


def written(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all that is in it, in the order in which it is written."""
    yield node
    for inner in ast.iter_child_nodes(node):
        yield from written(inner)
