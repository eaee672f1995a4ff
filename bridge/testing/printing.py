"""A pipeline as the Python that makes it, to be pasted into a test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

from bridge.emit.python import finish
from bridge.expressions import Expression
from bridge.frozen import Frozen
from bridge.model import Pipeline
from bridge.references import Reference
from bridge.values import At, Constant, Fact, Kind, Return

__all__ = ["source"]


def source(pipeline: Pipeline) -> str:
    """Statements after which ``pipeline`` is the name of an equal one, its imports first."""
    used: set[str] = set()
    text = _text(pipeline, used)
    return finish(f"from bridge import {', '.join(sorted(used))}\n\npipeline = {text}", "pipeline")


def _text(value: Any, used: set[str]) -> str:
    if isinstance(value, Reference | Expression):
        return repr(str(value))
    if isinstance(value, At | Constant | Fact | Return):
        return _of_value(value, used)
    if isinstance(value, Frozen):
        arguments = [f"{name}={_text(v, used)}" for name, v in _said(value)]
        return _call(type(value).__name__, arguments, used)
    if isinstance(value, Mapping):
        return (
            "{" + ", ".join(f"{_text(k, used)}: {_text(v, used)}" for k, v in value.items()) + "}"
        )
    if isinstance(value, list):
        return f"[{', '.join(_text(item, used) for item in value)}]"
    if isinstance(value, tuple):
        return f"({''.join(f'{_text(item, used)}, ' for item in value)})"
    return repr(value)


def _of_value(value: At | Constant | Fact | Return, used: set[str]) -> str:
    """A value by the short name of what makes it."""
    if isinstance(value, Return):
        maker = value.kind.value
        return repr(value.name) if value.kind is Kind.JSON else _value(maker, [value.name], used)
    if isinstance(value, At):
        return _value("at", [value.name, *value.path], used) if value.path else repr(value.name)
    if isinstance(value, Fact):
        return _value("fact", [value.name], used)
    return _value("constant", [value.value], used)


def _value(maker: str, arguments: list[Any], used: set[str]) -> str:
    return _call(maker, [_text(a, used) for a in arguments], used)


def _call(name: str, arguments: list[str], used: set[str]) -> str:
    used.add(name)
    return f"{name}({', '.join(arguments)})"


def _said(value: Frozen) -> Iterator[tuple[str, Any]]:
    """The fields of an object that are not as they are when nothing is said."""
    for f in fields(value):
        found = getattr(value, f.name)
        default = _default(f)
        if f.compare and (type(found) is not type(default) or found != default):
            yield f.name, list(found) if isinstance(found, tuple) else found


def _default(f: Field[Any]) -> Any:
    return f.default_factory() if f.default_factory is not MISSING else f.default
