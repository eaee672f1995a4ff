"""Values on their way from task to task: what a function returned, by name, as JSON holds it."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

__all__ = ["to_json", "to_object", "unpack"]

DEEPEST = 100  # levels of nesting; Python reads no literal that is nested beyond 200
LONGEST = 14_000  # bits of an int; Python reads no int beyond 4,300 digits


def to_json(value: Any, name: str) -> Any:
    """Return ``value`` made of dict, list, str, int, float, bool and None, and of nothing else.

    NumPy scalars become plain ones, pydantic models their fields. Anything else that JSON would
    not bring back as it was (NaN, a tuple, a date, a DataFrame) raises a ValueError that says
    where it stands: ``metrics['loss'][3] is nan, ...``.
    """
    return _plain(value, name, ())


def _plain(value: Any, name: str, path: tuple[Any, ...]) -> Any:
    kind = type(value)
    if value is None or kind is bool or (kind is str and _is_unicode(value)):
        return value
    if (kind is int and value.bit_length() <= LONGEST) or (kind is float and math.isfinite(value)):
        return value
    if kind is list and len(path) < DEEPEST:
        return [_plain(item, name, (*path, i)) for i, item in enumerate(value)]
    if kind is dict and len(path) < DEEPEST:
        return {_key(k, name, path): _plain(item, name, (*path, k)) for k, item in value.items()}
    if _is_numpy_scalar(value) and type(value.item()) is not kind:
        return _plain(value.item(), name, path)
    if hasattr(kind, "model_validate"):
        return _plain(_fields(value, name, path), name, path)
    raise _refused(f"is {_description(value)}", name, path)


def _key(key: Any, name: str, path: tuple[Any, ...]) -> str:
    plain = key.item() if _is_numpy_scalar(key) else key
    if type(plain) is str and _is_unicode(plain):
        return plain
    raise _refused(f"has a key {_description(key)}", name, path)


def _is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold the text: it cannot hold one half of a surrogate pair."""
    return text.isascii() or text.encode(errors="ignore").decode() == text


def _is_numpy_scalar(value: Any) -> bool:
    return any(c.__name__ == "generic" and c.__module__ == "numpy" for c in type(value).__mro__)


def _fields(model: Any, name: str, path: tuple[Any, ...]) -> Any:
    """The fields of a pydantic model, provided that they make the same model again."""
    with suppress(TypeError, ValueError):
        fields = model.model_dump(mode="json", by_alias=True)
        if type(model).model_validate(fields) == model:
            return fields
    raise _refused(f"is {_description(model)}", name, path)


def _description(value: Any) -> str:
    if type(value) in (list, dict):
        return f"nested deeper than {DEEPEST} levels, or holds itself"
    if type(value) is float:
        return repr(value)
    if type(value) is int and value.bit_length() > LONGEST:
        return "an int of more than 4,000 digits"
    half = " with half of a surrogate pair" if type(value) is str else ""
    return f"of type {type(value).__qualname__}{half}"


def _refused(what: str, name: str, path: tuple[Any, ...]) -> ValueError:
    place = name + "".join(f"[{key!r}]" for key in path[:6]) + ("..." if path[6:] else "")
    return ValueError(
        f'{place} {what}; JSON would not bring it back as it is: declare it with pickled("{name}")'
    )


def to_object(value: Any, name: str) -> Any:
    """The value as another task would get it: a copy by way of pickle.

    Raises ValueError, which says ``name``, when it cannot be pickled.
    """
    try:
        return pickle.loads(pickle.dumps(value, protocol=5))
    except Exception as error:  # whatever the object's own __reduce__ may raise
        kind = type(value).__qualname__
        raise ValueError(f"'{name}' of type {kind} cannot be pickled: {error}") from error


def unpack(result: Any, names: Sequence[str]) -> tuple[Any, ...]:
    """The values of ``names``, two or more, in what a function returned.

    A dict whose keys are exactly the names is matched by key, a tuple or a list by position;
    anything else raises ValueError.
    """
    if isinstance(result, dict) and result.keys() == set(names):
        return tuple(result[name] for name in names)
    if isinstance(result, tuple | list) and len(result) == len(names):
        return tuple(result)
    given = f"a {type(result).__qualname__}"
    if isinstance(result, dict):
        given += f" with the keys {list(result)}"
    elif isinstance(result, tuple | list):
        given += f" of {len(result)}"
    raise ValueError(f"{given} was returned where {len(names)} values are declared: {list(names)}")
