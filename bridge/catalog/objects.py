"""Objects on their way from task to task: pickled into the store, handed on by reference.

What is large in an object, as the data of an array, is written from where it is and mapped by who
reads it. An object without such parts is stored as ``bridge.carried.objects`` stores it, and what
that has stored is read.
"""

from __future__ import annotations

import mmap
import os
import pickle
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

from bridge.catalog.stores import open_store

__all__ = ["load_object", "save_object"]

_MAGIC = b"bridge object 1\n"
_COUNT = struct.Struct("<16sQ")
_ALIGNED = 64
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
    return opened.add_parts(_pieces(data, parts)) if parts else opened.add(data)


def load_object(ref: str, store: str | os.PathLike[str] | None = None) -> Any:
    """The object that ``save_object`` gave the reference for: the caller's own, to be changed.

    Raises FileNotFoundError when the store has none, OSError when it is damaged.
    """
    with open_store(store).open(ref) as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            file.seek(0)
            return pickle.load(file)
        return _mapped(file)


# One file: how many parts there are and how long each is, the pickle first; then the parts, each
# at a multiple of 64 bytes.


def _pieces(data: bytes, parts: Sequence[memoryview]) -> list[bytes | memoryview]:
    sizes = [len(data), *(part.nbytes for part in parts)]
    head = _COUNT.pack(_MAGIC, len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes)
    pieces: list[bytes | memoryview] = []
    for piece in [memoryview(head), memoryview(data), *parts]:
        pieces += [piece, bytes(-piece.nbytes % _ALIGNED)]
    return pieces


def _mapped(file: BinaryIO) -> Any:
    # Private pages: who writes into an array gets a copy of the page, and the file stays as it is.
    content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    _, count = _COUNT.unpack_from(content)
    sizes = struct.unpack_from(f"<{count}Q", content, _COUNT.size)
    start, parts = _COUNT.size + 8 * count, []
    for size in sizes:
        start += -start % _ALIGNED
        parts.append(content[start : start + size])
        start += size
    data, *buffers = parts
    return pickle.loads(data, buffers=buffers)
