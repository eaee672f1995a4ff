"""Whether a source is being loaded just now; an ``execute()`` met then does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["is_loading", "loading", "note"]

_met: ContextVar[list[Any] | None] = ContextVar("bridge_met", default=None)


def is_loading() -> bool:
    """Whether a source is being loaded."""
    return _met.get() is not None


def note(pipeline: Any) -> None:
    """Remember that ``execute()`` of this pipeline was met while a source is being loaded."""
    met = _met.get()
    if met is not None and not any(pipeline is known for known in met):
        met.append(pipeline)


@contextmanager
def loading() -> Iterator[list[Any]]:
    """Let every ``execute()`` inside be inert; gives the pipelines for which it was called."""
    met: list[Any] = []
    token = _met.set(met)
    try:
        yield met
    finally:
        _met.reset(token)
