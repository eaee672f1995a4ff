"""The user's own functions: where a name leads, and what a function does to its arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bridge_metaflow.reading.changes import changes
from bridge_metaflow.reading.source import FlowSource
from bridge_metaflow.reading.text import Module

__all__ = ["Found", "Library", "imported"]

Bound = dict[str, tuple[str, str]]
"""What imports bind: a module, and a name in it or empty text."""


@dataclass(frozen=True)
class Found:
    """A function of the user, in the module in which it is defined."""

    module: Module
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def reference(self) -> str:
        """Its name as a task has it."""
        return f"{self.module.name}:{self.node.name}"

    @property
    def arguments(self) -> list[str]:
        """The names of what it takes by position or by name."""
        given = self.node.args
        return [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


@dataclass
class Library:
    """Looks functions up; each one's changes are worked out once."""

    source: FlowSource
    _known: dict[int, list[bool]] = field(default_factory=dict)

    def find(self, module: Module, call: ast.expr, local: Bound) -> Found | None:
        """The function that an expression names in a module, with what a body has imported."""
        bound = {**module.imported, **local}
        if isinstance(call, ast.Name):
            if call.id not in local and (own := _function(module, call.id)):
                return Found(module, own)
            target = bound.get(call.id)
        elif isinstance(call, ast.Attribute) and isinstance(call.value, ast.Name):
            target = bound.get(call.value.id)
            target = (target[0], call.attr) if target and not target[1] else None
        else:
            return None
        return self._in(*target) if target and target[1] else None

    def _in(self, name: str, function: str) -> Found | None:
        other = self.source.find(name) if name else None
        if other is None:
            return None
        if own := _function(other, function):
            return Found(other, own)
        again = other.imported.get(function)
        return self._in(*again) if again and again[1] and again[0] != name else None

    def changed(self, found: Found) -> Sequence[bool]:
        """Whether the function may change each of its arguments."""
        key = id(found.node)
        if key not in self._known:
            self._known[key] = [False] * len(found.arguments)  # while it is looked into
            local = imported(found.node.body)

            def called(call: ast.expr) -> Sequence[bool] | None:
                inner = self.find(found.module, call, local)
                return self.changed(inner) if inner else None

            made = changes(found.node.body, "", called)
            self._known[key] = [name in made for name in found.arguments]
        return self._known[key]


def _function(module: Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    found = None
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            found = node
    return found


def imported(body: Iterable[ast.AST]) -> Bound:
    """What imports inside a body bind."""
    found: Bound = {}
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.ImportFrom) and not node.level:
                for alias in node.names:
                    found[alias.asname or alias.name] = (node.module or "", alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name if alias.asname else alias.name.partition(".")[0]
                    found[alias.asname or top] = (top, "")
    return found
