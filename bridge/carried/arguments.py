"""Calling a function with values fitted to its annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

from .convert import convert

__all__ = ["call", "convert"]


def call(function: Callable[..., Any], /, **values: Any) -> Any:
    """Call ``function`` with ``values`` by name, each fitted to the annotation of its argument.

    Raises ValueError for a value that does not fit, and whatever the function raises.
    """
    positional, named = [], {}
    parameters = _parameters(function)
    for name, value in values.items():
        parameter = parameters.get(name)
        if parameter is not None and parameter.annotation is not parameter.empty:
            value = convert(value, parameter.annotation, name)
        if parameter is not None and parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        else:
            named[name] = value
    return function(*positional, **named)


@cache
def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        found = inspect.signature(function, eval_str=True)
    except (NameError, SyntaxError, TypeError, AttributeError):
        found = inspect.signature(function)
    except ValueError:
        return {}
    return {p.name: p for p in found.parameters.values() if p.kind is not p.VAR_KEYWORD}
