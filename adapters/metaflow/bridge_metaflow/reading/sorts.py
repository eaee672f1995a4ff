"""Sorts of values, as far as a source says them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any, NamedTuple

__all__ = [
    "ANY",
    "BOOL",
    "FLOAT",
    "INT",
    "JSON",
    "NEVER",
    "NONE",
    "STR",
    "Sort",
    "annotated",
    "either",
    "either_of",
    "is_json",
    "sort_of_value",
]


class Sort(NamedTuple):
    """A sort of value: ``what`` it is, and the sorts of what it holds.

    ``never`` is what was not met yet, ``json`` any JSON value, ``any`` what nothing is known of.
    """

    what: str
    of: tuple[Sort, ...] = ()


NEVER, ANY, JSON = Sort("never"), Sort("any"), Sort("json")
STR, INT, BOOL, FLOAT, NONE = map(Sort, ("str", "int", "bool", "float", "none"))
_SCALARS = ("str", "int", "bool", "float", "none")
_ANNOTATED = {"str": STR, "int": INT, "bool": BOOL, "float": FLOAT, "None": NONE}
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
    alike = one.what == other.what and len(one.of) == len(other.of) > 0
    if alike and depth < _DEEPEST:
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


def annotated(node: ast.expr | None) -> Sort:
    """The sort that an annotation says."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return ANY
    if isinstance(node, ast.Constant) and node.value is None:
        return NONE
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
            return either(NONE, annotated(node.slice))
        if name in ("dict", "Dict") and isinstance(node.slice, ast.Tuple):
            key, value = node.slice.elts
            return Sort("dict", (annotated(value),)) if annotated(key) == STR else ANY
        if name in ("tuple", "Tuple") and isinstance(node.slice, ast.Tuple):
            return Sort("tuple", tuple(map(annotated, node.slice.elts)))
    return ANY
