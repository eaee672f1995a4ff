"""Values on their way from task to task: what may travel as JSON, and what an argument takes."""

from __future__ import annotations

import math
import reprlib
import types
import typing
from collections import abc
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, time
from enum import Enum
from pathlib import PurePath
from typing import Annotated, Any, Literal

__all__ = ["convert", "to_json", "unpack"]

DEEPEST = 100  # levels of nesting; Python itself reads no literal that is nested beyond 200
LONGEST = 14_000  # bits of an int; Python itself reads no int beyond 4,300 digits


def to_json(value: Any, name: str) -> Any:
    """Return ``value`` as made of dict, list, str, int, float, bool and None, and nothing else.

    NumPy scalars become plain ones, pydantic models their fields. Anything else that JSON would
    not bring back as it was (NaN, a tuple, a date, a DataFrame) raises ValueError, which says
    where it is: ``metrics['loss'][3] is nan, ...``.
    """
    return _plain(value, name, ())


def _plain(value: Any, name: str, path: tuple[Any, ...]) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is int and value.bit_length() <= LONGEST:
        return value
    if kind is float and math.isfinite(value):
        return value
    if kind is str and _is_unicode(value):
        return value
    if kind is list and len(path) < DEEPEST:
        return [_plain(item, name, (*path, i)) for i, item in enumerate(value)]
    if kind is dict and len(path) < DEEPEST:
        return {_key(k, name, path): _plain(item, name, (*path, k)) for k, item in value.items()}
    if _is_numpy_scalar(value) and type(value.item()) is not kind:
        return _plain(value.item(), name, path)
    if hasattr(kind, "model_validate"):
        return _plain(_fields(value, name, path), name, path)
    raise _refused(value, name, path)


def _key(key: Any, name: str, path: tuple[Any, ...]) -> str:
    plain = key.item() if _is_numpy_scalar(key) else key
    if type(plain) is str and _is_unicode(plain):
        return plain
    raise _refused(key, name, path, "has the key ")


def _is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold the text; half of a surrogate pair it cannot."""
    if text.isascii():
        return True
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def _is_numpy_scalar(value: Any) -> bool:
    return any(c.__name__ == "generic" and c.__module__ == "numpy" for c in type(value).__mro__)


def _fields(model: Any, name: str, path: tuple[Any, ...]) -> Any:
    """The fields of a pydantic model, provided that the same model can be made of them again."""
    with suppress(TypeError, ValueError):
        fields = model.model_dump(mode="json", by_alias=True)
        if type(model).model_validate(fields) == model:
            return fields
    raise _refused(model, name, path)


def _refused(value: Any, name: str, path: tuple[Any, ...], verb: str = "is ") -> ValueError:
    what = f"of type {type(value).__qualname__}"
    if type(value) is float:
        what = repr(value)
    elif type(value) is int and not verb.startswith("has"):
        what = "an int of more than 4,000 digits"
    elif type(value) is str:
        what = f"{value[:40]!r}, half of a surrogate pair"
    elif type(value) in (list, dict):
        what = f"nested more than {DEEPEST} deep, or holds itself"
    place = name + "".join(f"[{key!r}]" for key in path[:6]) + ("..." if len(path) > 6 else "")
    return ValueError(
        f"{place} {verb}{what}, which JSON cannot bring back as it is: "
        f'declare it with pickled("{name}")'
    )
