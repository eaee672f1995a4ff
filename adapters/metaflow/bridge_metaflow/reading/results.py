"""The sorts of what calls give, by the names of what is called."""

from __future__ import annotations

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
    either,
    either_of,
    is_json,
)

__all__ = ["item_of", "of_function", "of_method", "part_of"]

_TEXT = frozenset(
    ("lower", "upper", "strip", "lstrip", "rstrip", "title", "capitalize", "replace", "join")
) | {"format", "removeprefix", "removesuffix", "zfill", "ljust", "rjust", "center", "casefold"}
_TEXTS = frozenset(("split", "rsplit", "splitlines"))

_PLAIN = {
    **dict.fromkeys(("len", "int", "ord", "hash"), INT),
    **dict.fromkeys(("str", "repr", "chr"), STR),
    **dict.fromkeys(("bool", "isinstance", "any", "all", "hasattr", "callable"), BOOL),
    "print": NONE,
    "range": Sort("list", (INT,)),
}


def item_of(sort: Sort) -> Sort:
    """The sort of the items of something."""
    if sort.what in ("list", "set"):
        return sort.of[0] if sort.of else ANY
    if sort.what == "tuple":
        return either_of(sort.of)
    if sort.what in ("dict", "str"):
        return STR
    return sort if sort in (NEVER, JSON) else ANY


def part_of(sort: Sort, number: int) -> Sort:
    """The sort of a part of something that is taken apart."""
    if sort.what == "tuple" and -len(sort.of) <= number < len(sort.of):
        return sort.of[number]
    return item_of(sort)


def of_function(name: str, given: list[Sort]) -> Sort:
    """The sort of what a function of Python's own gives."""
    first = given[0] if given else NEVER
    if name in ("list", "sorted", "reversed", "set", "iter"):
        return Sort("set" if name == "set" else "list", (item_of(first),))
    if name == "zip":
        return Sort("list", (Sort("tuple", tuple(map(item_of, given))),))
    if name == "enumerate":
        return Sort("list", (Sort("tuple", (INT, item_of(first))),))
    if name in ("max", "min"):
        return either_of(given) if len(given) > 1 else item_of(first)
    if name in ("sum", "abs"):
        inner = item_of(first) if name == "sum" else first
        return INT if inner in (INT, BOOL) else inner if inner == FLOAT else ANY
    if name == "round":
        return (INT if len(given) == 1 else first) if is_json(first) else ANY
    return _PLAIN.get(name, ANY)


def of_method(held: Sort, name: str, given: list[Sort]) -> Sort:
    """The sort of what a method gives, of something of a sort."""
    if held == NEVER:
        return NEVER
    if held in (STR, JSON) and name in _TEXT:
        return STR
    if held in (STR, JSON) and name in _TEXTS:
        return Sort("list", (STR,))
    if held.what == "dict" and (found := _of_dict(held, name, given)):
        return found
    if name == "pop" and held.what in ("dict", "list"):
        return either_of([*held.of, *given[1:]])
    if name in ("index", "count", "find") and is_json(held):
        return INT
    return held if name == "copy" and held.what in ("dict", "list") else ANY


def _of_dict(held: Sort, name: str, given: list[Sort]) -> Sort | None:
    found = {
        "keys": Sort("list", (STR,)),
        "values": Sort("list", held.of),
        "items": Sort("list", (Sort("tuple", (STR, *held.of)),)),
    }
    if name == "get":
        return either(held.of[0], given[1] if len(given) > 1 else NONE)
    return found.get(name)
