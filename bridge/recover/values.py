"""What the variables and expressions of written code stand for in the model."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.emit.names import identifier
from bridge.recover.remarks import remarks, texts
from bridge.recover.source import UnlikeError, called, comment_of, literal_of
from bridge.values import At, Constant, Fact, Input

__all__ = ["Resolve", "Values"]

Resolve = Callable[[ast.expr], Input | None]
"""What an expression stands for where code is given something from outside; None for all else.

``At("")`` is a dict of names.
"""

_CHECKS = ("to_json", "to_object")


class Values:
    """The names for which the variables of a piece of code stand; ``checked`` are JSON."""

    def __init__(
        self, body: Sequence[ast.stmt], resolve: Resolve, names: Mapping[str, str]
    ) -> None:
        self.names: dict[str, str] = dict(names)
        self.checked: set[str] = set()
        self.stored: dict[ast.AST, str] = {}
        self._resolve = resolve
        self._renamed: list[tuple[str, str]] = []
        self._block(body)
        self._settle()

    def _block(self, body: Sequence[ast.stmt]) -> None:
        said: list[str] = []
        for statement in body:
            comment = comment_of(statement)
            if comment is not None:
                said.append(comment)
                continue
            if isinstance(statement, ast.For):
                self._loop(statement, said)
            elif isinstance(statement, ast.Assign):
                self._assign(statement)
            elif isinstance(statement, ast.Expr):
                self._append(statement.value)
            if any(called(n) in _CHECKS for n in ast.walk(statement)):
                self._note_checked(statement)
            if not isinstance(statement, ast.Assign):
                said = []
            for inner in _blocks(statement):
                self._block(inner)

    def _loop(self, loop: ast.For, said: Sequence[str]) -> None:
        """The name of an item, of which a remark tells where its variable is called otherwise."""
        target = loop.target
        if isinstance(target, ast.Tuple) and isinstance(target.elts[1], ast.Name):
            found = remarks(said)
            variable = target.elts[1].id
            self.names[variable] = texts(found["item"])[0] if "item" in found else variable
        elif isinstance(target, ast.Name) and called(loop.iter) == "range":
            first: Any = next((s for s in loop.body if comment_of(s) is None), None)
            context: Any = first.items[0].context_expr if isinstance(first, ast.With) else None
            found = remarks(said)
            if called(context) == "environment" and isinstance(context.args[0], ast.Dict):
                for key, value in zip(context.args[0].keys, context.args[0].values, strict=True):
                    if called(value) == "str" and key is not None:
                        self.names[target.id] = literal_of(key)
            elif "index" in found:
                self.names[target.id] = texts(found["index"])[0]

    def _assign(self, statement: ast.Assign) -> None:
        target, value = statement.targets[0], statement.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = [*zip(target.elts, value.elts, strict=True)]
        for left, right in pairs:
            if isinstance(left, ast.Name):
                self._name(left.id, right)

    def _name(self, variable: str, value: ast.expr) -> None:
        if isinstance(value, ast.Call) and called(value) in _CHECKS:
            self.names[variable] = literal_of(value.args[1])
        elif isinstance(value, ast.Subscript) and _is_of_results(value.value):
            self.names.setdefault(variable, str(literal_of(value.slice)))
        elif isinstance(value, ast.Name) and value.id != "ABSENT":
            self._renamed.append((variable, value.id))
        elif isinstance(value, ast.IfExp):
            self._name(variable, value.body)
        elif called(value) == "load_object":
            given = self._resolve(value.args[0])  # type: ignore[attr-defined]
            if isinstance(given, At):
                self.names[variable] = given.name

    def _append(self, value: ast.expr) -> None:
        """``every.append(one)``: a list is named like what is in it."""
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            pair = (value.func.value, *value.args)
            names = [part.id for part in pair if isinstance(part, ast.Name)]
            if value.func.attr == "append" and len(names) == 2:
                self._renamed.append((names[0], names[1]))

    def _note_checked(self, statement: ast.stmt) -> None:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and called(node) in _CHECKS:
                inner = node.args[0]
                if isinstance(inner, ast.Name):
                    self.names.setdefault(inner.id, literal_of(node.args[1]))
                    self.checked |= {inner.id} if called(node) == "to_json" else set()

    def _settle(self) -> None:
        """Let variables that are only other names for one another stand for the same."""
        changed = True
        while changed:
            changed = False
            for one, other in self._renamed:
                for left, right in ((one, other), (other, one)):
                    if left in self.names and right not in self.names:
                        self.names[right] = self.names[left]
                        changed = True

    def input(self, node: ast.expr, step: str = "") -> Input:
        """What an argument receives, in the step of this name."""
        given = self._resolve(node)
        if given is not None:
            return given
        if called(node) == "deepcopy":
            return self.input(node.args[0], step)  # type: ignore[attr-defined]
        if called(node) == "part":
            inside: Any = self.input(node.args[1], step)  # type: ignore[attr-defined]
            path = [literal_of(key) for key in node.args[2:]]  # type: ignore[attr-defined]
            return _deeper(inside, *path)
        if isinstance(node, ast.IfExp):
            return self.input(node.body, step)
        if node in self.stored:
            return At(self.stored[node])
        if isinstance(node, ast.Subscript):
            return _deeper(self.input(node.value, step), literal_of(node.slice))
        if isinstance(node, ast.Name):
            return At(self.name(node.id))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "attempt.number":
            return Fact("attempt")
        if isinstance(node, ast.JoinedStr):
            return Fact("step")
        return Constant(literal_of(node))

    def name(self, variable: str) -> str:
        """The name that a variable stands for."""
        if variable not in self.names:
            self.names[variable] = self._likely(variable)
        return self.names[variable]

    def _likely(self, variable: str) -> str:
        """The name after which a variable is called, where nothing is ever kept in it."""
        for known in dict.fromkeys(self.names.values()):
            if re.fullmatch(rf"{re.escape(identifier(known))}(_list|_item)*_?(_\d+)?", variable):
                return known
        if "ABSENT" in variable:
            raise UnlikeError("a value that is never there stands for nothing")
        return re.sub(r"(_list|_item)*_?(_\d+)?$", "", variable)


def _deeper(found: Input, *path: Any) -> Input:
    if isinstance(found, Constant):
        raise UnlikeError("a constant is written as it is")
    if not isinstance(found, At):
        raise UnlikeError("there is nothing in a fact")
    keys = (*found.path, *path)
    return At(found.name, keys) if found.name else At(keys[0], tuple(keys[1:]))


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    found = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    found += [handler.body for handler in getattr(statement, "handlers", ())]
    return [block for block in found if block]


def _is_of_results(node: ast.expr) -> bool:
    """Whether it is what a command or a notebook has given."""
    is_kept = isinstance(node, ast.Name) and node.id.startswith("results")
    return is_kept or called(node) in ("run_shell", "run_notebook")
