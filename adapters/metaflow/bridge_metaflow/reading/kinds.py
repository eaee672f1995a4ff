"""What sort of value an attribute holds, so far as the source is sure of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bridge_metaflow.reading.results import item_of, of_function, of_method, part_of
from bridge_metaflow.reading.sorts import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    JSON,
    NEVER,
    NONE,
    STR,
    Sort,
    annotated,
    either,
    either_of,
    is_json,
    sort_of_value,
)

__all__ = ["Body", "sorts"]


class Body(NamedTuple):
    """Statements that use ``self``; ``inputs`` is the name of those that it joins.

    ``item`` is the attribute of which ``self.input`` is an item. ``returned`` is what a function
    of the user says that it returns, ``harmless`` whether a call leaves its arguments as they are.
    """

    statements: list[ast.stmt]
    inputs: str
    item: str
    returned: Callable[[ast.expr], ast.expr | None]
    harmless: Callable[[ast.Call], bool]


def sorts(bodies: Iterable[Body], known: Mapping[str, Sort]) -> dict[str, Sort]:
    """The sort of each attribute, from all that any body does to it."""
    found = _Sorts(dict(known), set(known))
    todo = list(bodies)
    for _ in range(12):
        before = dict(found.attributes)
        for body in todo:
            _Body(found, body).look()
        if found.attributes == before:
            return {n: ANY if sort == NEVER else sort for n, sort in before.items()}
    return dict.fromkeys(found.attributes, ANY) | dict(known)


@dataclass
class _Sorts:
    attributes: dict[str, Sort]
    fixed: set[str]

    def join(self, name: str, sort: Sort) -> None:
        if name not in self.fixed:
            self.attributes[name] = either(self.attributes.get(name, NEVER), sort)


@dataclass
class _Body:
    """One body; a variable has the sort of all that is assigned to it.

    An attribute has that of the last statement that sets it, if nothing stands around that.
    """

    all: _Sorts
    body: Body
    variables: dict[str, Sort] = field(default_factory=dict)
    own: dict[str, Sort] = field(default_factory=dict)
    _strong: bool = False

    def look(self) -> None:
        returns = any(isinstance(n, ast.Return) for s in self.body.statements for n in ast.walk(s))
        for _ in range(4):
            before = dict(self.variables)
            self.own = {}
            for statement in self.body.statements:
                self._strong = isinstance(statement, ast.Assign) and not returns
                self._statement(statement)
                if not self._strong:
                    self._statement(statement)
            if self.variables == before:
                break
        for name, sort in self.own.items():
            self.all.join(name, sort)

    def _statement(self, statement: ast.stmt) -> None:
        for node in ast.walk(statement):
            if isinstance(node, ast.Assign):
                value = self.sort(node.value)
                for target in node.targets:
                    self._assign(target, value)
            elif isinstance(node, ast.AnnAssign):
                given = self.sort(node.value) if node.value else NEVER
                said = annotated(node.annotation)
                self._assign(node.target, said if is_json(said) and given == ANY else given)
            elif isinstance(node, ast.AugAssign):
                made = self._operation(node.op, self.sort(node.target), self.sort(node.value))
                self._assign(node.target, made)
            elif isinstance(node, ast.For):
                self._assign(node.target, item_of(self.sort(node.iter)))
            elif isinstance(node, ast.With):
                for item in node.items:
                    if item.optional_vars:
                        self._assign(item.optional_vars, ANY)
            elif isinstance(node, ast.NamedExpr):
                self._assign(node.target, self.sort(node.value))
            elif isinstance(node, ast.Call):
                self._changed(node)
            elif isinstance(node, ast.FunctionDef | ast.Lambda):
                given_ = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                self.variables |= {a.arg: ANY for a in given_}
            elif isinstance(node, ast.ExceptHandler) and node.name:
                self.variables[node.name] = ANY

    def _changed(self, call: ast.Call) -> None:
        """A method that puts something into what it is called on."""
        if not isinstance(call.func, ast.Attribute):
            self._may_change(call)
            return
        at, name = call.func.value, call.func.attr
        given = [self.sort(a) for a in call.args]
        if name in ("append", "add", "insert", "appendleft"):
            self._add(at, Sort(self.sort(at).what, (given[-1],)) if given else ANY)
        elif name in ("extend", "update"):
            self._add(at, given[0] if len(given) == 1 and not call.keywords else ANY)
        elif name == "setdefault":
            self._add(at, Sort("dict", (given[1] if len(given) > 1 else NONE,)))
        elif not is_json(self.sort(at)):
            self._may_change(call)

    def _may_change(self, call: ast.Call) -> None:
        """What a function is given may be changed by it, if it is something that can be."""
        if self.body.harmless(call):
            return
        for argument in (*call.args, *(k.value for k in call.keywords)):
            if self.sort(argument).what in ("list", "dict"):
                self._add(argument, ANY)

    def _assign(self, target: ast.expr, sort: Sort) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            for number, part in enumerate(target.elts):
                self._assign(part, part_of(sort, number))
        elif isinstance(target, ast.Starred):
            self._assign(target.value, Sort("list", (item_of(sort),)))
        elif isinstance(target, ast.Name):
            known = self.variables.get(target.id, NEVER)
            self.variables[target.id] = either(known, sort)
        elif isinstance(target, ast.Subscript):
            self._add(target.value, self._with(target, sort))
        elif isinstance(target, ast.Attribute):
            if isinstance(target.value, ast.Name) and target.value.id == "self":
                self._put(target.attr, sort)
            else:
                self._add(target.value, ANY)

    def _add(self, target: ast.expr, sort: Sort) -> None:
        """Note what is put into something, which stays what it was besides."""
        strong, self._strong = self._strong, False
        self._assign(target, sort)
        self._strong = strong

    def _put(self, name: str, sort: Sort) -> None:
        if name in self.all.fixed:
            return
        known = self.own.get(name, self.all.attributes.get(name, NEVER))
        self.own[name] = sort if self._strong else either(known, sort)

    def _with(self, target: ast.Subscript, sort: Sort) -> Sort:
        """The sort of what something is put into at a key."""
        held = self.sort(target.value)
        if isinstance(target.slice, ast.Slice):
            return sort
        if held.what == "dict":
            text = self.sort(target.slice) in (STR, NEVER)
            return Sort("dict", (sort,)) if text else ANY
        if held.what == "list":
            return Sort("list", (sort,))
        return held if held in (NEVER, ANY) else JSON if held == JSON and is_json(sort) else ANY

    # Expressions

    def sort(self, node: ast.expr | None) -> Sort:
        """The sort of an expression."""
        if node is None:
            return NONE
        found = getattr(self, f"_{type(node).__name__.lower()}", None)
        return found(node) if found else ANY

    def _constant(self, node: ast.Constant) -> Sort:
        return sort_of_value(node.value)

    def _joinedstr(self, node: ast.JoinedStr) -> Sort:
        return STR

    def _name(self, node: ast.Name) -> Sort:
        if self.body.inputs and node.id == self.body.inputs:
            return Sort("list", (Sort("input"),))
        return self.variables.get(node.id, ANY)

    def _attribute(self, node: ast.Attribute) -> Sort:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            if node.attr == "index":
                return INT
            if node.attr == "input":
                return item_of(self.all.attributes.get(self.body.item, NEVER))
            return self.own.get(node.attr, self.all.attributes.get(node.attr, NEVER))
        if isinstance(node.value, ast.Name) and node.value.id == self.body.inputs:
            return Sort("input")
        held = self.sort(node.value)
        return self.all.attributes.get(node.attr, NEVER) if held.what == "input" else ANY

    def _list(self, node: ast.List) -> Sort:
        return Sort("list", (either_of(self._element(e) for e in node.elts),))

    def _tuple(self, node: ast.Tuple) -> Sort:
        return Sort("tuple", tuple(self._element(e) for e in node.elts))

    def _set(self, node: ast.Set) -> Sort:
        return Sort("set", (either_of(self._element(e) for e in node.elts),))

    def _element(self, node: ast.expr) -> Sort:
        return item_of(self.sort(node.value)) if isinstance(node, ast.Starred) else self.sort(node)

    def _dict(self, node: ast.Dict) -> Sort:
        found = NEVER
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.sort(value)
                found = either(found, inner.of[0] if inner.what == "dict" else ANY)
            elif self.sort(key) != STR:
                return ANY
            else:
                found = either(found, self.sort(value))
        return Sort("dict", (found,))

    def _comprehension(self, node: Any, made: Callable[[], Sort]) -> Sort:
        before = dict(self.variables)
        for part in node.generators:
            item = item_of(self.sort(part.iter))
            for name in ast.walk(part.target):
                if isinstance(name, ast.Name):
                    self.variables.pop(name.id, None)
            self._assign(part.target, item)
        found = made()
        self.variables = before
        return found

    def _listcomp(self, node: ast.ListComp) -> Sort:
        return self._comprehension(node, lambda: Sort("list", (self.sort(node.elt),)))

    _generatorexp = _listcomp

    def _setcomp(self, node: ast.SetComp) -> Sort:
        return self._comprehension(node, lambda: Sort("set", (self.sort(node.elt),)))

    def _dictcomp(self, node: ast.DictComp) -> Sort:
        return self._comprehension(
            node,
            lambda: Sort("dict", (self.sort(node.value),)) if self.sort(node.key) == STR else ANY,
        )

    def _ifexp(self, node: ast.IfExp) -> Sort:
        return either(self.sort(node.body), self.sort(node.orelse))

    def _boolop(self, node: ast.BoolOp) -> Sort:
        return either_of(map(self.sort, node.values))

    def _unaryop(self, node: ast.UnaryOp) -> Sort:
        if isinstance(node.op, ast.Not):
            return BOOL
        found = self.sort(node.operand)
        return INT if found == BOOL else found if found in (INT, FLOAT) else ANY

    def _compare(self, node: ast.Compare) -> Sort:
        plain = ast.Is | ast.IsNot | ast.In | ast.NotIn
        if all(isinstance(op, plain) for op in node.ops):
            return BOOL
        return BOOL if all(is_json(self.sort(n)) for n in (node.left, *node.comparators)) else ANY

    def _binop(self, node: ast.BinOp) -> Sort:
        return self._operation(node.op, self.sort(node.left), self.sort(node.right))

    def _operation(self, op: ast.operator, left: Sort, right: Sort) -> Sort:
        if NEVER in (left, right):
            return NEVER
        if isinstance(op, ast.Mod) and left == STR:
            return STR
        numbers = (INT, BOOL, FLOAT)
        if left in numbers and right in numbers:
            if isinstance(op, ast.Div) or FLOAT in (left, right):
                return ANY if isinstance(op, ast.Pow) else FLOAT
            return ANY if isinstance(op, ast.Pow) else INT
        if isinstance(op, ast.Add) and left.what == right.what and left.what in ("str", "list"):
            return either(left, right)
        if isinstance(op, ast.Mult) and left.what in ("str", "list") and right == INT:
            return left
        return ANY

    def _subscript(self, node: ast.Subscript) -> Sort:
        held = self.sort(node.value)
        if isinstance(node.slice, ast.Slice):
            return held if held.what in ("list", "str") else ANY
        if held.what == "tuple" and isinstance(node.slice, ast.Constant):
            return part_of(held, node.slice.value) if type(node.slice.value) is int else ANY
        return (
            held.of[0]
            if held.what in ("list", "dict")
            else JSON
            if held == JSON
            else (STR if held == STR else NEVER if held == NEVER else ANY)
        )

    def _call(self, node: ast.Call) -> Sort:
        annotation = self.body.returned(node.func)
        if annotation is not None:
            return annotated(annotation)
        given = [self.sort(argument) for argument in node.args]
        if isinstance(node.func, ast.Name):
            own = node.func.id in self.variables
            return ANY if own else of_function(node.func.id, given)
        if not isinstance(node.func, ast.Attribute):
            return ANY
        if ast.unparse(node.func) == "csv.DictReader":
            return Sort("list", (Sort("dict", (STR,)),))
        return of_method(self.sort(node.func.value), node.func.attr, given)
