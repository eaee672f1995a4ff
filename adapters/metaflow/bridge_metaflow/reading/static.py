"""What an expression is worth, where that can be told without running the user's code."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from bridge_metaflow.reading.text import Module

__all__ = ["UnknownError", "value_of"]


class UnknownError(Exception):
    """An expression of which the value cannot be told."""


def value_of(node: ast.expr, module: Module, known: Mapping[str, Any] | None = None) -> Any:
    """The value of literals, constants, places beside the file, and plain functions of these.

    Raises UnknownError.
    """
    return _Evaluation(module, dict(known or {})).value(node)


_BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_PATHS: dict[str, Callable[..., Any]] = {
    "os.path.join": lambda *parts: str(PurePath(*parts)),
    "os.path.dirname": lambda path: str(PurePath(path).parent),
    "os.path.basename": lambda path: PurePath(path).name,
    "os.path.abspath": lambda path: path,
    "os.path.realpath": lambda path: path,
    "os.path.normpath": lambda path: str(PurePath(path)),
    "Path": PurePath,
    "pathlib.Path": PurePath,
    "str": str,
    "int": int,
    "float": float,
    "len": len,
    "list": list,
    "dict": dict,
    "range": lambda *numbers: list(range(*numbers)),
    "sorted": sorted,
    "json.dumps": __import__("json").dumps,
}


class _Evaluation:
    def __init__(self, module: Module, known: dict[str, Any], depth: int = 0) -> None:
        self._module, self._known, self._depth = module, known, depth

    def value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        found = getattr(self, f"_{type(node).__name__.lower()}", None)
        if found is None:
            raise UnknownError
        try:
            return found(node)
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise UnknownError from error

    def _name(self, node: ast.Name) -> Any:
        if node.id in self._known:
            return self._known[node.id]
        if node.id == "__file__":
            return str(self._module.path.resolve())
        if self._depth > 20:
            raise UnknownError
        for statement in reversed(self._module.tree.body):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            if isinstance(target, ast.Name) and target.id == node.id:
                assert isinstance(statement, ast.Assign)
                return _Evaluation(self._module, {}, self._depth + 1).value(statement.value)
        raise UnknownError

    def _list(self, node: ast.List) -> list[Any]:
        return [self.value(part) for part in node.elts]

    def _tuple(self, node: ast.Tuple) -> tuple[Any, ...]:
        return tuple(self.value(part) for part in node.elts)

    def _set(self, node: ast.Set) -> set[Any]:
        return {self.value(part) for part in node.elts}

    def _dict(self, node: ast.Dict) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            found |= {self.value(key): self.value(value)} if key else self.value(value)
        return found

    def _binop(self, node: ast.BinOp) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(left, PurePath) and isinstance(node.op, ast.Div):
            return left / right
        return _BINARY[type(node.op)](left, right)

    def _unaryop(self, node: ast.UnaryOp) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.USub):
            return -value
        return not value if isinstance(node.op, ast.Not) else value

    def _joinedstr(self, node: ast.JoinedStr) -> str:
        return "".join(str(self.value(part)) for part in node.values)

    def _formattedvalue(self, node: ast.FormattedValue) -> str:
        if node.format_spec or node.conversion != -1:
            raise UnknownError
        return str(self.value(node.value))

    def _subscript(self, node: ast.Subscript) -> Any:
        return self.value(node.value)[self.value(node.slice)]

    def _attribute(self, node: ast.Attribute) -> Any:
        value = self.value(node.value)
        if isinstance(value, PurePath) and node.attr in ("parent", "name", "stem", "suffix"):
            return getattr(value, node.attr)
        if isinstance(value, dict):
            return value[node.attr]
        raise UnknownError

    def _call(self, node: ast.Call) -> Any:
        given = [self.value(argument) for argument in node.args]
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("resolve", "absolute"):
            return self.value(node.func.value)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "joinpath":
            return self.value(node.func.value).joinpath(*given)
        name = ast.unparse(node.func)
        bound = self._module.imported.get(name.partition(".")[0])
        if bound and bound[1]:  # from os.path import join
            name = ".".join([*bound, *name.split(".")[1:]]).replace("pathlib.Path", "Path")
        if name in _PATHS and not node.keywords:
            return _PATHS[name](*given)
        return self._user(node, given)

    def _user(self, node: ast.Call, given: list[Any]) -> Any:
        """A function of the module that does nothing but name things and return one."""
        function = next(
            (
                f
                for f in self._module.tree.body
                if isinstance(f, ast.FunctionDef)
                and isinstance(node.func, ast.Name)
                and f.name == node.func.id
            ),
            None,
        )
        if function is None or self._depth > 20:
            raise UnknownError
        names = [a.arg for a in function.args.args]
        known = dict(zip(names, given, strict=False))
        known |= {str(k.arg): self.value(k.value) for k in node.keywords}
        inner = _Evaluation(self._module, known, self._depth + 1)
        for statement in function.body:
            if isinstance(statement, ast.Return) and statement.value:
                return inner.value(statement.value)
            inner.do(statement)
        raise UnknownError

    def do(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            self._known[statement.targets[0].id] = self.value(statement.value)
        elif not (
            isinstance(statement, ast.Import | ast.ImportFrom | ast.Pass)
            or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        ):
            raise UnknownError
