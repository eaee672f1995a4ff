"""Small questions to the syntax of Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from bridge.emit.names import identifier

__all__ = ["argument", "ends_with", "inside", "own_returns", "returns", "single_target", "text_of"]


def argument(text: str) -> str:
    """The name of an argument that stands for what is called ``text``."""
    return identifier(text)


def text_of(node: ast.AST | None) -> str:
    """The text that a node is, if it is one."""
    value = getattr(node, "value", None)
    return value if isinstance(node, ast.Constant) and isinstance(value, str) else ""


def ends_with(node: ast.AST, name: str) -> bool:
    """Whether a node is a name, or an attribute of this name."""
    return getattr(node, "id", getattr(node, "attr", "")) == name


def single_target(statement: ast.stmt) -> str:
    """The one name to which a statement gives a value."""
    targets: list[Any] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return targets[0].id if len(targets) == 1 and isinstance(targets[0], ast.Name) else ""


def returns(node: ast.AST) -> Iterator[ast.Return]:
    """The returns of a function itself, not of those inside it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Return):
            yield child
        elif not isinstance(
            child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
        ):
            yield from returns(child)


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes of a function, its decorators apart."""
    decorators = {id(n) for d in getattr(node, "decorator_list", ()) for n in ast.walk(d)}
    return (found for found in ast.walk(node) if id(found) not in decorators)


def own_returns(node: ast.AST) -> list[ast.Return]:
    """The returns of a function itself that give a value."""
    return [found for found in returns(node) if found.value is not None]
