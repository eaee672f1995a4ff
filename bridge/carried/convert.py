"""Values fitted to annotations: text to numbers and paths, dicts to dataclasses, and so on."""

from __future__ import annotations

import reprlib
import types
import typing
from collections import abc
from collections.abc import Callable
from contextlib import suppress
from datetime import date, time
from enum import Enum
from pathlib import PurePath
from typing import Annotated, Any, Literal, Union

__all__ = ["convert"]


def convert(value: Any, annotation: Any, name: str) -> Any:
    """Return ``value`` fitted to the annotation of the argument ``name``.

    Text becomes the number, path, date or Enum member that it spells; a dict becomes the dataclass
    or pydantic model whose fields it holds; the same inside lists, dicts, tuples, sets and unions.
    A value that fits already is returned as it is, and so is one whose annotation is not known
    here. Raises ValueError otherwise: ``argument 'epochs' of type int cannot take 'abc'``.
    """
    if type(value) is annotation:
        return value
    annotation = _bare(annotation)
    rule = _rule(annotation)
    fitted = rule(value, annotation, name) if rule else value
    if fitted is _MISFIT:
        raise _misfit(value, annotation, name)
    return fitted


Rule = Callable[[Any, Any, str], Any]
_MISFIT: Any = object()


def _bare(annotation: Any) -> Any:
    """The type behind a NewType, an alias or an Annotated."""
    while inner := getattr(annotation, "__supertype__", getattr(annotation, "__value__", None)):
        annotation = inner
    if typing.get_origin(annotation) is Annotated:
        return _bare(annotation.__origin__)
    return type(None) if annotation is None else annotation


def _rule(annotation: Any) -> Rule | None:
    kind = typing.get_origin(annotation) or annotation
    if isinstance(kind, type):
        if hasattr(kind, "__dataclass_fields__"):
            return _to_dataclass
        if hasattr(kind, "model_validate"):
            return _to_model
        if kind in _SCALARS or issubclass(kind, _SCALAR_FAMILIES):
            return _to_scalar
    return next((rule for form, rule in _FORMS if kind is form), None)


def _misfit(value: Any, annotation: Any, name: str, why: str = "") -> ValueError:
    is_class = isinstance(annotation, type) and not typing.get_args(annotation)
    kind = annotation.__qualname__ if is_class else str(annotation).replace("typing.", "")
    shown = " ".join(reprlib.repr(value).split())
    return ValueError(f"argument '{name}' of type {kind} cannot take {shown}{why and ': '}{why}")


_SCALARS = (type(None), bool, int, float, str)
_SCALAR_FAMILIES = (Enum, PurePath, date, time)


def _to_scalar(value: Any, kind: Any, name: str) -> Any:
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return value
    if getattr(value, "shape", None) == () and type(value.item()) is not type(value):
        return _to_scalar(value.item(), kind, name)  # a scalar of NumPy or its like
    try:
        if issubclass(kind, Enum):
            return _member(value, kind)
        return _spelt(value, kind) if isinstance(value, str) else _number(value, kind)
    except (TypeError, ValueError, KeyError, OverflowError):
        return _MISFIT


def _member(value: Any, kind: Any) -> Any:
    try:
        return kind(value)
    except ValueError:
        return kind[value]


def _spelt(text: str, kind: Any) -> Any:
    """The number, path or time (in ISO 8601) that a text spells."""
    if kind is bool:
        return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
    return kind.fromisoformat(text) if issubclass(kind, date | time) else kind(text)


def _number(value: Any, kind: Any) -> Any:
    """3 as a float, 3.0 as an int, 0 and 1 as a bool; but no bool as a number."""
    if (type(value), kind) == (int, float):
        return float(value)
    is_exact = (type(value), kind) in ((int, bool), (float, int)) and kind(value) == value
    return kind(value) if is_exact else _MISFIT


def _to_union(value: Any, annotation: Any, name: str) -> Any:
    """A type that the value has already, else the first that takes it, else one not known here."""
    members = typing.get_args(annotation)
    if type(value) in members:
        return value
    ranked: list[tuple[int, Any]] = []
    for member in members:
        with suppress(ValueError):
            fitted = convert(value, member, name)
            rank = 2 if not _rule(_bare(member)) else 1 if fitted is not value else 0
            ranked.append((rank, fitted))
    return min(ranked, key=lambda pair: pair[0])[1] if ranked else _MISFIT


def _to_literal(value: Any, annotation: Any, name: str) -> Any:
    choices = typing.get_args(annotation)
    exact = [c for c in choices if type(c) is type(value) and c == value]
    for choice in exact or choices:
        with suppress(ValueError):
            if convert(value, type(choice), name) == choice:
                return choice
    return _MISFIT


def _to_items(value: Any, annotation: Any, name: str) -> Any:
    """A list, tuple or set; a list stands for any of them."""
    kind = typing.get_origin(annotation) or annotation
    parts = typing.get_args(annotation) or (Any, ...)
    if not isinstance(value, (list, tuple, kind)):
        return _MISFIT
    if kind is not tuple or parts[1:] == (...,):
        parts = parts[:1] * len(value)
    if len(parts) != len(value):
        return _MISFIT
    pairs = list(zip(value, parts, strict=True))
    items = [convert(item, part, f"{name}[{i}]") for i, (item, part) in enumerate(pairs)]
    if isinstance(value, kind) and all(a is b for a, b in zip(value, items, strict=True)):
        return value
    try:
        return kind(items)
    except TypeError:  # a set of what cannot be hashed
        return _MISFIT


def _to_sequence(value: Any, annotation: Any, name: str) -> Any:
    """An abstract collection: the items of a list are fitted, anything else stays as it is."""
    parts = typing.get_args(annotation)
    if parts and type(value) is list:
        return convert(value, types.GenericAlias(list, parts), name)
    return value if isinstance(value, typing.get_origin(annotation) or annotation) else _MISFIT


def _to_mapping(value: Any, annotation: Any, name: str) -> Any:
    if not isinstance(value, typing.get_origin(annotation) or annotation):
        return _MISFIT
    key_part, part = typing.get_args(annotation) or (Any, Any)
    keys = [convert(key, key_part, f"{name}.keys()") for key in value]
    items = [convert(item, part, f"{name}[{key!r}]") for key, item in value.items()]
    if all(a is b for a, b in zip([*value, *value.values()], keys + items, strict=True)):
        return value
    fitted = dict(zip(keys, items, strict=True))
    return fitted if len(fitted) == len(value) else _MISFIT


def _to_dataclass(value: Any, annotation: Any, name: str) -> Any:
    from inspect import signature

    kind = typing.get_origin(annotation) or annotation
    if isinstance(value, kind) or not isinstance(value, dict):
        return value if isinstance(value, kind) else _MISFIT
    hints: dict[str, Any] = {}
    with suppress(NameError):  # a type that was imported for the type checker only
        hints = typing.get_type_hints(kind, include_extras=True)
    fields = {key: convert(v, hints.get(key, Any), f"{name}.{key}") for key, v in value.items()}
    try:
        signature(kind).bind(**fields)  # its error names the field that is unknown or missing
        return kind(**fields)
    except (TypeError, ValueError) as error:
        raise _misfit(value, annotation, name, str(error)) from error


def _to_model(value: Any, annotation: Any, name: str) -> Any:
    try:
        return annotation.model_validate(value)
    except ValueError as error:
        reasons: Any = getattr(error, "errors", list)()
        why = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in reasons)
        raise _misfit(value, annotation, name, why) from error


_FORMS: tuple[tuple[Any, Rule], ...] = (
    (Union, _to_union),
    (types.UnionType, _to_union),
    (Literal, _to_literal),
    *((kind, _to_items) for kind in (list, tuple, set, frozenset)),
    *((kind, _to_sequence) for kind in (abc.Sequence, abc.Collection, abc.Iterable)),
    *((kind, _to_mapping) for kind in (dict, abc.Mapping, abc.MutableMapping)),
)
