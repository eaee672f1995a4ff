"""Which attributes of the flow a body changes in place, by their own name or by another.

Names are followed through assignments, loops and calls without regard to their order: a variable
may be a part of each attribute that anything was taken from to make it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bridge_metaflow.reading.effects import (
    CHANGERS,
    CHANGING_FUNCTIONS,
    FRESH,
    GATHERING,
    PARTS,
    READERS,
    SAFE_MODULES,
    TRAINERS,
)

__all__ = ["Called", "Change", "changes"]

Held = frozenset[tuple[str, int]]
"""What a value may have to do with, and how: see the constants."""

_PART, _HOLDS, _PERHAPS = 0, 1, 2
"""It is that or a part of it; it is something new that holds such parts; or it may be one of the
parts that something new holds."""

_NOTHING: Held = frozenset()


@dataclass(frozen=True)
class Change:
    """What changes something in place, and whether it is sure to."""

    node: ast.AST
    sure: bool


Called = Callable[[ast.expr], Sequence[bool] | None]
"""Whether a function of the user changes each of its arguments; None of one not known."""


def changes(body: Iterable[ast.AST], me: str, called: Called) -> dict[str, Change]:
    """The names that are changed: ``x`` for a variable, ``self.x`` for an attribute of ``me``."""
    found = _Changes(me, called)
    statements = list(body)
    size = -1
    while size != found.size:
        size = found.size
        for statement in statements:
            found.bind(statement)
    for statement in statements:
        found.look(statement)
    return found.changed


@dataclass
class _Changes:
    me: str
    called: Called
    changed: dict[str, Change] = field(default_factory=dict)
    _of: dict[str, Held] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return sum(map(len, self._of.values()))

    # What names stand for

    def bind(self, statement: ast.AST) -> None:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, self.held(node.value))
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr | ast.AugAssign):
                self._assign(node.target, self.held(node.value) if node.value else _NOTHING)
            elif isinstance(node, ast.For | ast.comprehension | ast.AsyncFor):
                self._assign(node.target, _parts(self.held(node.iter)))
            elif isinstance(node, ast.withitem) and node.optional_vars:
                self._assign(node.optional_vars, self.held(node.context_expr))
            elif isinstance(node, ast.Call):
                self._put_in(node)

    def _assign(self, target: ast.expr, held: Held) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self._assign(part, _parts(held))
        elif isinstance(target, ast.Starred):
            self._assign(target.value, _new(held))
        elif name := self._name(target):
            self._of[name] = self._of.get(name, _NOTHING) | held
        elif isinstance(target, ast.Subscript | ast.Attribute):
            for name, _ in self.held(target.value):
                self._of[name] = self._of.get(name, _NOTHING) | _new(held)

    def _put_in(self, call: ast.Call) -> None:
        """What is appended to a list is a part of it."""
        if isinstance(call.func, ast.Attribute) and call.func.attr in CHANGERS:
            given = self._given(call)
            for name, _ in self.held(call.func.value):
                self._of[name] = self._of.get(name, _NOTHING) | _new(given)

    def _name(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name) and node.id != self.me:
            return node.id
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return f"self.{node.attr}" if node.value.id == self.me else ""
        return ""

    def held(self, node: ast.expr | None) -> Held:
        """What a value may be a part of, or hold."""
        if node is None:
            return _NOTHING
        if name := self._name(node):
            return self._of.get(name, _NOTHING) | {(name, _PART)}
        if isinstance(node, ast.Attribute | ast.Subscript):
            return _parts(self.held(node.value))
        if isinstance(node, ast.Starred | ast.Await | ast.NamedExpr):
            return self.held(node.value)
        if isinstance(node, ast.IfExp):
            return self.held(node.body) | self.held(node.orelse)
        if isinstance(node, ast.BoolOp):
            return self._all(node.values)
        if isinstance(node, ast.Call):
            return self._result(node)
        if isinstance(node, ast.Compare | ast.Constant | ast.JoinedStr | ast.Lambda | ast.UnaryOp):
            return _NOTHING
        return _new(self._all(n for n in ast.iter_child_nodes(node) if isinstance(n, ast.expr)))

    def _all(self, nodes: Iterable[ast.expr]) -> Held:
        return frozenset(part for node in nodes for part in self.held(node))

    def _given(self, call: ast.Call) -> Held:
        return self._all([*call.args, *(k.value for k in call.keywords)])

    def _result(self, call: ast.Call) -> Held:
        function, name = call.func, _last(call.func)
        if isinstance(function, ast.Attribute) and not self._is_module(function):
            if name in ("get", "pop", "setdefault", "popitem", "__getitem__"):
                return _parts(self.held(function.value)) | self._given(call)
            if name in ("copy", "items", "keys", "values", "union", "difference"):
                return _new(self.held(function.value))
            return _NOTHING if name in READERS else self.held(function.value) | self._given(call)
        if name in FRESH:
            return _NOTHING
        if name in GATHERING:
            return _new(self._given(call))
        return _parts(self._given(call)) if name in PARTS else self._given(call)

    def _is_module(self, function: ast.Attribute) -> bool:
        base = ast.unparse(function.value)
        return base in SAFE_MODULES or base in ("random", "copy", "heapq", "bisect", "functools")

    # What is changed

    def look(self, statement: ast.AST) -> None:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign | ast.Delete):
                for target in node.targets:
                    self._set(target)
            elif isinstance(node, ast.AugAssign | ast.AnnAssign | ast.For):
                self._set(node.target)
                if isinstance(node, ast.AugAssign) and (name := self._name(node.target)):
                    self._note(self._of.get(name, _NOTHING), node, False)
            elif isinstance(node, ast.Call):
                self._call(node)

    def _set(self, target: ast.expr) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self._set(part)
        elif isinstance(target, ast.Subscript | ast.Attribute) and not self._name(target):
            self._note(self.held(target.value), target, True)

    def _call(self, call: ast.Call) -> None:
        function, name = call.func, _last(call.func)
        user = self.called(function)
        if user is not None:
            for argument, changed in zip(call.args, user, strict=False):
                if changed:
                    self._note(self.held(argument), call, False)
            if len(call.args) > len(user) or call.keywords:
                rest = [*call.args[len(user) :], *(k.value for k in call.keywords)]
                if any(user) or len(call.args) > len(user):
                    self._note(self._all(rest), call, False)
            return
        if isinstance(function, ast.Attribute) and not self._is_module(function):
            if isinstance(function.value, ast.Name) and function.value.id == self.me:
                return  # a method of the flow, followed on its own
            if name in CHANGERS:
                self._note(self.held(function.value), call, True)
                return
            if name in READERS:
                return
            self._note(self.held(function.value), call, False)
            if name in TRAINERS:
                return
        if name in CHANGING_FUNCTIONS:
            self._note(self.held(call.args[0]) if call.args else _NOTHING, call, True)
            return
        safe = isinstance(function, ast.Attribute) and ast.unparse(function.value) in SAFE_MODULES
        makes = name[:1].isupper()  # a class, which may keep what it is given
        if name in FRESH | GATHERING | PARTS or safe or makes:
            return
        self._note(self._given(call), call, False)

    def _note(self, held: Held, node: ast.AST, sure: bool) -> None:
        for name, how in held:
            if how == _HOLDS and sure:
                continue  # what it holds stays as it is
            known = self.changed.get(name)
            certain = sure and how == _PART
            if known is None or (certain and not known.sure):
                self.changed[name] = Change(node, certain)


def _parts(held: Held) -> Held:
    return frozenset((name, _PART if how == _PART else _PERHAPS) for name, how in held)


def _new(held: Held) -> Held:
    return frozenset((name, _HOLDS) for name, _ in held)


def _last(function: ast.expr) -> str:
    """The name by which something is called, without what it is a part of."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""
