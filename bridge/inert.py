"""Whether a source is being loaded just now; an ``execute()`` met then does nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

__all__ = ["Met", "is_loading", "loading", "note"]


class Met(NamedTuple):
    """A pipeline that was to be executed, and the parameters that it was given."""

    pipeline: Any
    parameters: Mapping[str, Any]


_met: ContextVar[list[Met] | None] = ContextVar("bridge_met", default=None)


def is_loading() -> bool:
    """Whether a source is being loaded."""
    return _met.get() is not None


def note(pipeline: Any, parameters: Mapping[str, Any]) -> None:
    """Remember that ``pipeline`` was to be executed while a source is being loaded."""
    met = _met.get()
    if met is not None and not any(pipeline is known.pipeline for known in met):
        met.append(Met(pipeline, parameters))


@contextmanager
def loading() -> Iterator[list[Met]]:
    """Let every ``execute()`` inside be inert; gives the pipelines for which it was called."""
    met: list[Met] = []
    token = _met.set(met)
    try:
        yield met
    finally:
        _met.reset(token)
