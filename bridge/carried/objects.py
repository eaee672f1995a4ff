"""Objects on their way from task to task: pickled into the store, handed on by reference."""

from __future__ import annotations

import os
import pickle
from typing import Any

from .files import load, save

__all__ = ["load_object", "save_object"]


def save_object(value: Any, name: str = "", store: str | os.PathLike[str] | None = None) -> str:
    """Pickle ``value`` into the store; returns the reference by which ``load_object`` finds it.

    Raises ValueError, which says ``name``, when it cannot be pickled.
    """
    try:
        data = pickle.dumps(value, protocol=5)
    except Exception as error:  # whatever the object's own __reduce__ may raise
        label = f"'{name}'" if name else "a value"
        kind = type(value).__qualname__
        raise ValueError(f"{label} of type {kind} cannot be pickled: {error}") from error
    return save(data, store)


def load_object(ref: str, store: str | os.PathLike[str] | None = None) -> Any:
    """The object that ``save_object`` gave the reference for.

    Raises FileNotFoundError when the store has none, OSError when it is damaged.
    """
    return pickle.loads(load(ref, store))
