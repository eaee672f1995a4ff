"""Whether two functions do the same: by their code, wherever they stand and whatever their name.

The digest of a function is of its syntax without docstrings, and of all that it uses of the user's
own: functions, classes and constants of its module and of those it imports.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from bridge.code import INSTALLED
from bridge.errors import ModelError
from bridge.expressions import Expression
from bridge.references import Reference
from bridge.signatures import notebook_path

__all__ = ["digest_of_function", "digest_of_notebook"]


def digest_of_function(function: Reference | Expression) -> str:
    """The digest of what a function does; empty text where its code cannot be seen."""
    if isinstance(function, Expression):
        return _hashed(ast.dump(ast.parse(function.text)))
    try:
        found = function.load()
    except ModelError:
        return ""
    tree = _tree(found)
    return _hashed("\n".join(_told(found, tree, set()))) if tree else ""


def digest_of_notebook(task: Any) -> str:
    """The digest of the code in a task's notebook; empty text where there is none to be read."""
    try:
        cells = json.loads(notebook_path(task).read_text(encoding="utf-8"))["cells"]
    except (ModelError, ValueError, KeyError, TypeError):
        return ""
    code = ["".join(cell["source"]) for cell in cells if cell.get("cell_type") == "code"]
    return _hashed(json.dumps(code))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _tree(thing: Any) -> ast.AST | None:
    """The syntax of a function or class, without its name and docstrings."""
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(thing)))
        (tree,) = ast.parse(source).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and _is_docstring(node, body):
            del body[0]
    if isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        tree.name = ""
    return tree


def _is_docstring(node: ast.AST, body: list[ast.stmt]) -> bool:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None


def _told(thing: Any, tree: ast.AST, known: set[int]) -> Iterator[str]:
    """All that decides what a function or class does, as texts."""
    known.add(id(thing))
    yield ast.dump(tree)
    around = getattr(inspect.unwrap(thing), "__globals__", None)
    if around is None:
        module = inspect.getmodule(thing)
        around = vars(module) if module else {}
    for name, used in sorted(_used(tree, around).items()):
        if id(used) in known:
            continue
        inner = _tree(used) if _is_the_users(used) else None
        if inner:
            yield f"{name}:"
            yield from _told(used, inner, known)
        else:
            yield f"{name}: {_called(used)}"


def _used(tree: ast.AST, around: dict[str, Any]) -> dict[str, Any]:
    """What the names in it stand for that are those of its module, or stand in a module there."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in around:
            if not node.id.startswith("__"):  # __file__ and the like say where, not what
                found[node.id] = around[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = around.get(node.value.id)
            if isinstance(module, ModuleType) and hasattr(module, node.attr):
                found[f"{node.value.id}.{node.attr}"] = getattr(module, node.attr)
    return {name: used for name, used in found.items() if not isinstance(used, ModuleType)}


def _is_the_users(thing: Any) -> bool:
    if not (inspect.isfunction(thing) or inspect.isclass(thing)):
        return False
    try:
        file = Path(inspect.getfile(inspect.unwrap(thing))).resolve()
    except (TypeError, OSError):
        return False
    return not any(file.is_relative_to(place) for place in INSTALLED)


def _called(thing: Any) -> str:
    """A constant by its value, all else by its name, which is the same in every process."""
    if hasattr(thing, "__qualname__"):
        return f"{getattr(thing, '__module__', '')}.{thing.__qualname__}"
    try:
        return json.dumps(thing, sort_keys=True)
    except (TypeError, ValueError):
        return type(thing).__qualname__
