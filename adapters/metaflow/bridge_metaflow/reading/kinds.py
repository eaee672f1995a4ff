"""What sort of value an attribute holds, so far as the source is sure of it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["ANY", "JSON", "NEVER", "Body", "Sort", "is_json", "sort_of_value", "sorts"]


class Sort(NamedTuple):
    """A sort of value: ``what`` it is, and the sorts of what it holds.

    ``never`` is what was not met yet, ``json`` any JSON value, ``any`` what nothing is known of.
    """

    what: str
    of: tuple[Sort, ...] = ()


NEVER, ANY, JSON = Sort("never"), Sort("any"), Sort("json")
_STR, _INT, _BOOL, _FLOAT, _NONE = map(Sort, ("str", "int", "bool", "float", "none"))
_SCALARS = ("str", "int", "bool", "float", "none")
_ANNOTATED = {"str": _STR, "int": _INT, "bool": _BOOL, "float": _FLOAT, "None": _NONE}
_TEXT = frozenset(
    ("lower", "upper", "strip", "lstrip", "rstrip", "title", "capitalize", "replace", "join")
) | {"format", "removeprefix", "removesuffix", "zfill", "ljust", "rjust", "center", "casefold"}
_TEXTS = frozenset(("split", "rsplit", "splitlines"))
_DEEPEST = 6


def is_json(sort: Sort) -> bool:
    """Whether every value of the sort is JSON."""
    if sort.what in ("list", "dict"):
        return all(is_json(part) for part in sort.of)
    return sort.what in ("json", "never", *_SCALARS)


def either(one: Sort, other: Sort, depth: int = 0) -> Sort:
    """The sort of what is of one of two sorts."""
    if one == other or other == NEVER:
        return one
    if one == NEVER:
        return other
    if one.what == other.what and one.of and depth < _DEEPEST:
        if len(one.of) == len(other.of):
            parts = zip(one.of, other.of, strict=True)
            return Sort(one.what, tuple(either(a, b, depth + 1) for a, b in parts))
    return JSON if is_json(one) and is_json(other) else ANY


def either_of(found: Iterable[Sort]) -> Sort:
    """The sort of what is of one of several sorts."""
    result = NEVER
    for sort in found:
        result = either(result, sort)
    return result


def sort_of_value(value: Any) -> Sort:
    """The sort of a value that is known."""
    if value is None or isinstance(value, bool | int | float | str):
        return Sort("none" if value is None else type(value).__name__)
    if isinstance(value, list):
        return Sort("list", (either_of(map(sort_of_value, value)),))
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return Sort("dict", (either_of(map(sort_of_value, value.values())),))
    return ANY


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
                self._assign(node.target, self._item(self.sort(node.iter)))
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
            self._add(at, Sort("dict", (given[1] if len(given) > 1 else _NONE,)))
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
                self._assign(part, self._part(sort, number))
        elif isinstance(target, ast.Starred):
            self._assign(target.value, Sort("list", (self._item(sort),)))
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
            text = self.sort(target.slice) in (_STR, NEVER)
            return Sort("dict", (sort,)) if text else ANY
        if held.what == "list":
            return Sort("list", (sort,))
        return held if held in (NEVER, ANY) else JSON if held == JSON and is_json(sort) else ANY

    # Expressions

    def sort(self, node: ast.expr | None) -> Sort:
        """The sort of an expression."""
        if node is None:
            return _NONE
        found = getattr(self, f"_{type(node).__name__.lower()}", None)
        return found(node) if found else ANY

    def _constant(self, node: ast.Constant) -> Sort:
        return sort_of_value(node.value)

    def _joinedstr(self, node: ast.JoinedStr) -> Sort:
        return _STR

    def _name(self, node: ast.Name) -> Sort:
        if self.body.inputs and node.id == self.body.inputs:
            return Sort("list", (Sort("input"),))
        return self.variables.get(node.id, ANY)

    def _attribute(self, node: ast.Attribute) -> Sort:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            if node.attr == "index":
                return _INT
            if node.attr == "input":
                return self._item(self.all.attributes.get(self.body.item, NEVER))
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
        return (
            self._item(self.sort(node.value)) if isinstance(node, ast.Starred) else self.sort(node)
        )

    def _dict(self, node: ast.Dict) -> Sort:
        found = NEVER
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.sort(value)
                found = either(found, inner.of[0] if inner.what == "dict" else ANY)
            elif self.sort(key) != _STR:
                return ANY
            else:
                found = either(found, self.sort(value))
        return Sort("dict", (found,))

    def _comprehension(self, node: Any, made: Callable[[], Sort]) -> Sort:
        before = dict(self.variables)
        for part in node.generators:
            item = self._item(self.sort(part.iter))
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
            lambda: Sort("dict", (self.sort(node.value),)) if self.sort(node.key) == _STR else ANY,
        )

    def _ifexp(self, node: ast.IfExp) -> Sort:
        return either(self.sort(node.body), self.sort(node.orelse))

    def _boolop(self, node: ast.BoolOp) -> Sort:
        return either_of(map(self.sort, node.values))

    def _unaryop(self, node: ast.UnaryOp) -> Sort:
        if isinstance(node.op, ast.Not):
            return _BOOL
        found = self.sort(node.operand)
        return _INT if found == _BOOL else found if found in (_INT, _FLOAT) else ANY

    def _compare(self, node: ast.Compare) -> Sort:
        plain = ast.Is | ast.IsNot | ast.In | ast.NotIn
        if all(isinstance(op, plain) for op in node.ops):
            return _BOOL
        return _BOOL if all(is_json(self.sort(n)) for n in (node.left, *node.comparators)) else ANY

    def _binop(self, node: ast.BinOp) -> Sort:
        return self._operation(node.op, self.sort(node.left), self.sort(node.right))

    def _operation(self, op: ast.operator, left: Sort, right: Sort) -> Sort:
        if NEVER in (left, right):
            return NEVER
        if isinstance(op, ast.Mod) and left == _STR:
            return _STR
        numbers = (_INT, _BOOL, _FLOAT)
        if left in numbers and right in numbers:
            if isinstance(op, ast.Div) or _FLOAT in (left, right):
                return ANY if isinstance(op, ast.Pow) else _FLOAT
            return ANY if isinstance(op, ast.Pow) else _INT
        if isinstance(op, ast.Add) and left.what == right.what and left.what in ("str", "list"):
            return either(left, right)
        if isinstance(op, ast.Mult) and left.what in ("str", "list") and right == _INT:
            return left
        return ANY

    def _subscript(self, node: ast.Subscript) -> Sort:
        held = self.sort(node.value)
        if isinstance(node.slice, ast.Slice):
            return held if held.what in ("list", "str") else ANY
        if held.what == "tuple" and isinstance(node.slice, ast.Constant):
            return self._part(held, node.slice.value) if type(node.slice.value) is int else ANY
        return (
            held.of[0]
            if held.what in ("list", "dict")
            else JSON
            if held == JSON
            else (_STR if held == _STR else NEVER if held == NEVER else ANY)
        )

    def _call(self, node: ast.Call) -> Sort:
        annotation = self.body.returned(node.func)
        if annotation is not None:
            return annotated(annotation)
        if isinstance(node.func, ast.Name):
            made = _FUNCTIONS.get(node.func.id)
            first = self.sort(node.args[0]) if node.args else NEVER
            if made is None or node.func.id in self.variables:
                return ANY
            if node.func.id in ("list", "sorted", "reversed", "set", "tuple", "iter"):
                return Sort("set" if node.func.id == "set" else "list", (self._item(first),))
            if node.func.id == "zip":
                each = tuple(self._item(self.sort(a)) for a in node.args)
                return Sort("list", (Sort("tuple", each),))
            if node.func.id == "enumerate":
                return Sort("list", (Sort("tuple", (_INT, self._item(first))),))
            if node.func.id in ("max", "min"):
                if len(node.args) > 1:
                    return either_of(map(self.sort, node.args))
                return self._item(first)
            if node.func.id in ("sum", "abs"):
                inner = self._item(first) if node.func.id == "sum" else first
                return _INT if inner in (_INT, _BOOL) else inner if inner == _FLOAT else ANY
            if node.func.id == "round":
                return (_INT if len(node.args) == 1 else first) if is_json(first) else ANY
            return made
        return self._method(node)

    def _method(self, node: ast.Call) -> Sort:
        assert not isinstance(node.func, ast.Name)
        if not isinstance(node.func, ast.Attribute):
            return ANY
        if ast.unparse(node.func) == "csv.DictReader":
            return Sort("list", (Sort("dict", (_STR,)),))
        held, name = self.sort(node.func.value), node.func.attr
        if held == NEVER:
            return NEVER
        if held in (_STR, JSON):
            if name in _TEXT:
                return _STR
            if name in _TEXTS:
                return Sort("list", (_STR,))
        if held.what == "dict":
            if name == "keys":
                return Sort("list", (_STR,))
            if name == "values":
                return Sort("list", held.of)
            if name == "items":
                return Sort("list", (Sort("tuple", (_STR, *held.of)),))
            if name == "get":
                default = self.sort(node.args[1]) if len(node.args) > 1 else _NONE
                return either(held.of[0], default)
        if name == "pop" and held.what in ("dict", "list"):
            return either_of([*held.of, *map(self.sort, node.args[1:])])
        if name in ("index", "count", "find") and is_json(held):
            return _INT
        return held if name == "copy" and held.what in ("dict", "list") else ANY

    def _item(self, sort: Sort) -> Sort:
        """The sort of the items of something."""
        if sort.what in ("list", "set"):
            return sort.of[0] if sort.of else ANY
        if sort.what == "tuple":
            return either_of(sort.of)
        if sort.what in ("dict", "str"):
            return _STR
        return sort if sort in (NEVER, JSON) else ANY

    def _part(self, sort: Sort, number: int) -> Sort:
        """The sort of a part of something that is taken apart."""
        if sort.what == "tuple" and -len(sort.of) <= number < len(sort.of):
            return sort.of[number]
        return self._item(sort)


_FUNCTIONS: dict[str, Sort] = {
    **{"len": _INT, "str": _STR, "int": _INT, "bool": _BOOL, "repr": _STR, "ord": _INT},
    **{
        "range": Sort("list", (_INT,)),
        "chr": _STR,
        "hash": _INT,
        "isinstance": _BOOL,
        "any": _BOOL,
    },
    **{"all": _BOOL, "hasattr": _BOOL, "callable": _BOOL, "type": ANY, "print": _NONE, "abs": ANY},
    **dict.fromkeys(
        ("list", "sorted", "reversed", "set", "tuple", "iter", "zip", "enumerate"), ANY
    ),
    **dict.fromkeys(("max", "min", "sum", "round", "float", "open", "dict", "map", "filter"), ANY),
    **dict.fromkeys(("deepcopy", "next", "format", "getattr", "id", "divmod", "sum"), ANY),
}


def annotated(node: ast.expr | None) -> Sort:
    """The sort that an annotation says."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return ANY
    if isinstance(node, ast.Constant) and node.value is None:
        return _NONE
    if isinstance(node, ast.Name):
        plain = {"list": Sort("list", (JSON,)), "dict": Sort("dict", (JSON,)), "JSON": JSON}
        return _ANNOTATED.get(node.id) or plain.get(node.id, ANY)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return either(annotated(node.left), annotated(node.right))
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        name = node.value.id
        if name in ("list", "List"):
            return Sort("list", (annotated(node.slice),))
        if name == "Optional":
            return either(_NONE, annotated(node.slice))
        if name in ("dict", "Dict") and isinstance(node.slice, ast.Tuple):
            key, value = node.slice.elts
            return Sort("dict", (annotated(value),)) if annotated(key) == _STR else ANY
        if name in ("tuple", "Tuple") and isinstance(node.slice, ast.Tuple):
            return Sort("tuple", tuple(map(annotated, node.slice.elts)))
    return ANY
