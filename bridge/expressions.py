"""Reducers of a map: functions by name, and small expressions written as text.

A text such as ``lambda *x: max(x)`` may hold nothing but an expression over its arguments, so that
it can be read from a file, compared and carried to an engine like any other value of a model.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bridge.errors import ModelError
from bridge.frozen import Frozen
from bridge.references import Reference, dotted, refer

__all__ = ["Expression", "parse", "reducing", "spreads", "to_reducer"]

Reducer = Callable[[Sequence[Any]], Any]

_FUNCTIONS = (
    *(abs, all, any, bool, dict, divmod, enumerate, filter, float, int, len, list, map, max, min),
    *(pow, range, reversed, round, sorted, str, sum, tuple, zip),
)
_BUILTINS: dict[str, Any] = {function.__name__: function for function in _FUNCTIONS}
_ALLOWED = (
    *(ast.Lambda, ast.arguments, ast.arg, ast.Name, ast.Constant, ast.expr_context, ast.keyword),
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.Call, ast.Starred),
    *(ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.Subscript, ast.Slice),
    *(ast.List, ast.Tuple, ast.Dict, ast.ListComp, ast.DictComp, ast.GeneratorExp),
    ast.comprehension,
)


class Expression(Frozen):
    """A lambda as text. Raises ModelError when it holds more than an expression."""

    text: str

    def __post_init__(self) -> None:
        tree = _lambda(self.text)
        known = {*_BUILTINS, *_bound(tree)}
        for wrong in filter(None, (_wrong(node, known) for node in ast.walk(tree))):
            raise ModelError(
                f"reducer {self.text!r} {wrong}; an expression knows its arguments and "
                f"{', '.join(_BUILTINS)}: for more, name a function, 'module:function'"
            )

    def __str__(self) -> str:
        return self.text

    def load(self) -> Reducer:
        """What the text says, as a function of the list of values.

        A single argument without a star is the list itself; others are the values in it.
        """
        tree = _lambda(self.text)
        names = {"__builtins__": {}, **_BUILTINS}
        function = eval(compile(ast.Expression(tree), "<reducer>", "eval"), names)
        return _spread(function) if _takes_values(tree.args) else function


def parse(text: str) -> Expression:
    """The expression in a text. Raises ModelError for whatever else it holds."""
    return Expression(text.strip())


def _lambda(text: str) -> ast.Lambda:
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"reducer {text!r} is not Python: {error}") from None
    if not isinstance(tree, ast.Lambda):
        raise ModelError(f"reducer {text!r} is no lambda; write 'lambda *values: ...'")
    return tree


def _bound(tree: ast.AST) -> Iterator[str]:
    """The names that stand for arguments and for the items of comprehensions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _wrong(node: ast.AST, known: set[str]) -> str:
    """What is wrong with a part of an expression; nothing when it is right."""
    if isinstance(node, ast.Attribute):
        return f"reads an attribute, '.{node.attr}'"
    if not isinstance(node, _ALLOWED):
        return f"holds a {type(node).__name__}"
    if isinstance(node, ast.Name) and node.id not in known:
        return f"names '{node.id}'"
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        return "" if called in _BUILTINS else "calls what is not a function it knows"
    return ""


def _takes_values(arguments: ast.arguments) -> bool:
    return bool(arguments.vararg) or len(arguments.posonlyargs + arguments.args) != 1


def to_reducer(given: Any) -> Expression | Reference:
    """The reducer that was given as a function, by its name, or as the text of a lambda.

    Raises ModelError for what is none of them.
    """
    if isinstance(given, Expression | Reference):
        return given
    if isinstance(given, str):
        return parse(given) if re.match(r"\s*lambda\b", given) else dotted(given)
    if getattr(given, "__name__", "") == "<lambda>":
        raise ModelError(
            "a lambda cannot be carried to an engine as a reducer; write it as text, "
            "reducer='lambda *values: max(values)', or as a function at the top of a module"
        )
    return refer(given)


def reducing(reducer: Expression | Reference) -> Reducer:
    """The reducer as a function of the list of values.

    A function that takes nothing but ``*values`` gets them one by one, any other the list.
    Raises ModelError when it cannot be imported.
    """
    function = reducer.load()
    if isinstance(reducer, Expression):
        return function
    return _spread(function) if spreads(reducer) else function


def spreads(reducer: Expression | Reference) -> bool:
    """Whether the reducer takes the values one by one rather than their list."""
    if isinstance(reducer, Expression):
        return _takes_values(_lambda(reducer.text).args)
    try:
        kinds = [p.kind for p in inspect.signature(reducer.load()).parameters.values()]
    except (ValueError, TypeError):  # max and its like tell nothing
        return False
    return kinds[:1] == [inspect.Parameter.VAR_POSITIONAL]


def _spread(function: Callable[..., Any]) -> Reducer:
    return lambda values: function(*values)
