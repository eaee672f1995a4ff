"""The code of a function, and of what it uses: other functions, classes, constants of modules.

Only what is the user's own is followed: an installed package changes by its version. What is
looked up while the code runs, such as a function in a table, is not seen.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from bridge.frames import is_own

__all__ = ["digest"]

_PLAIN = (bool, int, float, complex, str, bytes, type(None))


def digest(found: Any) -> bytes:
    """Text that is another when the code is; comments and the place of the code do not count."""
    seen: set[int] = set()
    todo, parts = [found], list[str]()
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        told, used = _taken_apart(value)
        parts += told
        todo += used
    return "\n".join(parts).encode("utf-8", "surrogatepass")


def _taken_apart(value: Any) -> tuple[list[str], list[Any]]:
    """What is told of a function, a class or a constant, and what it uses itself."""
    if isinstance(value, FunctionType):
        defaults = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
        cells = [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
        used = [*_globals(value), *cells, getattr(value, "__wrapped__", None)]
        told = [*_code(value.__code__), *_constants([*defaults, *used])]
        return told, [part for part in used if _is_users(part)]
    if isinstance(value, type):
        inside = [vars(value)[name] for name in sorted(vars(value))]
        return [*_constants(inside)], [*filter(_is_users, value.__bases__), *_functions(inside)]
    return [], []


def _functions(values: list[Any]) -> Iterator[Any]:
    """The functions among the attributes of a class."""
    for value in values:
        parts = (value, *(getattr(value, name, None) for name in ("__func__", "fget", "fset")))
        yield from (part for part in parts if isinstance(part, FunctionType))


def _globals(function: FunctionType) -> Iterator[Any]:
    """What a function finds in its module, and in other modules of the user's."""
    names = list(_names(function.__code__))
    for name in names:
        value = function.__globals__.get(name)
        yield value
        if isinstance(value, ModuleType) and _is_users(value):
            yield from (vars(value).get(inner) for inner in names)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_users(value: Any) -> bool:
    """Whether something can be followed that is no part of an installed package."""
    if isinstance(value, FunctionType):
        return is_own(value.__code__.co_filename)
    if isinstance(value, ModuleType):
        return is_own(getattr(value, "__file__", None) or "")
    module = sys.modules.get(value.__module__) if isinstance(value, type) else None
    return module is not None and is_own(getattr(module, "__file__", None) or "")


def _constants(values: list[Any]) -> Iterator[str]:
    yield from (repr(value) for value in values if _is_plain(value))


def _is_plain(value: Any) -> bool:
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(map(_is_plain, (*value, *value.values())))
    return type(value) in _PLAIN


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _code(code: CodeType) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars))
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code(constant)
        elif isinstance(constant, frozenset):
            yield repr(sorted(map(repr, constant)))
        else:
            yield repr(constant)
