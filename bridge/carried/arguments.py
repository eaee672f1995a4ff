"""Calling a function with values fitted to its annotations."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import cache
from typing import Any

from .convert import convert

__all__ = ["call", "convert", "is_namespace", "listener"]

listener: ContextVar[Callable[[Any], None] | None] = ContextVar("listener", default=None)
"""Who is told what asynchronous generators yield, as they yield it; nobody unless it is set."""


def call(function: Callable[..., Any], /, **values: Any) -> Any:
    """Call ``function`` with ``values`` by name, each fitted to the annotation of its argument.

    An argument annotated ``argparse.Namespace`` takes what no other does. What an asynchronous
    function gives is awaited; a generator of events gives what the one of type "done", or else the
    last, holds beside its type. Raises ValueError for a value that does not fit, and whatever the
    function raises.
    """
    positional, named, rest = [], {}, {}
    parameters, namespace = _parameters(function)
    for name, value in values.items():
        parameter = parameters.get(name)
        if parameter is not None and parameter.annotation is not parameter.empty:
            value = convert(value, parameter.annotation, name)
        if parameter is not None and parameter.kind is parameter.POSITIONAL_ONLY:
            positional.append(value)
        elif parameter is None and namespace:
            rest[name] = value
        else:
            named[name] = value
    if namespace:
        named[namespace.name] = namespace.annotation(**rest)
    result = function(*positional, **named)
    is_asynchronous = inspect.iscoroutine(result) or inspect.isasyncgen(result)
    return _waited_for(result) if is_asynchronous else result


@cache
def _parameters(
    function: Callable[..., Any],
) -> tuple[dict[str, inspect.Parameter], inspect.Parameter | None]:
    """The arguments that take one value each, and the one that takes the rest as attributes."""
    try:
        found = inspect.signature(function, eval_str=True)
    except (NameError, SyntaxError, TypeError, AttributeError):
        found = inspect.signature(function)
    except ValueError:
        return {}, None
    parameters = {p.name: p for p in found.parameters.values() if p.kind is not p.VAR_KEYWORD}
    if len(parameters) < len(found.parameters):
        return parameters, None
    namespaces = [p for p in parameters.values() if is_namespace(p.annotation)]
    return parameters, parameters.pop(namespaces[0].name) if namespaces else None


def is_namespace(annotation: Any) -> bool:
    """Whether it is ``argparse.Namespace``, which is not imported for the question."""
    names = getattr(annotation, "__module__", None), getattr(annotation, "__name__", None)
    return names == ("argparse", "Namespace")


def _waited_for(begun: Any) -> Any:
    """The result of a coroutine, or the values in the events of an asynchronous generator."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    work = _values(begun) if inspect.isasyncgen(begun) else begun
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:  # the loop here is the caller's, who waits for this
        return thread.submit(copy_context().run, asyncio.run, work).result()


async def _values(events: Any) -> Any:
    """The values in the event of type "done", else in the last; one by itself, several by name."""
    tell = listener.get()
    done = last = None
    async for event in events:
        if tell:
            tell(event)
        last = event
        if isinstance(event, dict) and event.get("type") == "done":
            done = event
    found = last if done is None else done
    if not isinstance(found, dict) or "type" not in found:
        return found
    values = {name: value for name, value in found.items() if name != "type"}
    return next(iter(values.values())) if len(values) == 1 else values
