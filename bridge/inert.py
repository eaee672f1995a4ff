"""Whether a source is being loaded just now; an ``execute()`` met then does nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["is_loading", "loading"]

_loading: ContextVar[bool] = ContextVar("bridge_loading", default=False)


def is_loading() -> bool:
    """Whether a source is being loaded."""
    return _loading.get()


@contextmanager
def loading() -> Iterator[None]:
    """Let every ``execute()`` inside be inert."""
    token = _loading.set(True)
    try:
        yield
    finally:
        _loading.reset(token)
