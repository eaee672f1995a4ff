"""Objects on their way from task to task: pickled into the store, handed on by reference.

What is large in an object, as the data of an array, is written from where it is and mapped by who
reads it. An object without such parts is stored as ``bridge.carried.objects`` stores it, and what
that has stored is read.
"""

from __future__ import annotations

import os
import pickle
from typing import Any

from bridge.catalog.parcel import is_parcel, unpack
from bridge.catalog.stores import open_store

__all__ = ["load_object", "save_object"]

_APART = 4096
"""A part of so many bytes or more is written beside the pickle, not into it."""
_SMALL = 64 << 10
"""An object of up to so many bytes is one pickle."""


def save_object(value: Any, name: str = "", store: str | os.PathLike[str] | None = None) -> str:
    """Pickle ``value`` into the store; returns the reference by which ``load_object`` finds it.

    Raises ValueError, which says ``name``, when it cannot be pickled, OSError when it cannot be
    stored.
    """
    parts: list[memoryview] = []

    def is_inside(found: pickle.PickleBuffer) -> bool:
        raw = found.raw()
        if raw.nbytes < _APART:
            return True
        parts.append(raw)
        return False

    try:
        data = pickle.dumps(value, protocol=5, buffer_callback=is_inside)
        if parts and len(data) + sum(part.nbytes for part in parts) <= _SMALL:
            data, parts = pickle.dumps(value, protocol=5), []
    except Exception as error:  # whatever the object's own __reduce__ may raise
        label = f"'{name}'" if name else "a value"
        kind = type(value).__qualname__
        raise ValueError(f"{label} of type {kind} cannot be pickled: {error}") from error
    opened = open_store(store)
    return opened.add_object(data, parts) if parts else opened.add(data)


def load_object(ref: str, store: str | os.PathLike[str] | None = None) -> Any:
    """The object that ``save_object`` gave the reference for: the caller's own, to be changed.

    Raises FileNotFoundError when the store has none, OSError when it is damaged.
    """
    with open_store(store).open(ref) as file:
        return unpack(file) if is_parcel(file) else pickle.load(file)
