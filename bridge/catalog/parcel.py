"""An object with large parts in one file, which can be hashed and mapped piece by piece.

The file is a head and a body. The body has the pickle and then the parts, each at a multiple of 64
bytes; the head has their sizes and the hash of every chunk of the body. The reference is the hash
of the head, so it vouches for all of it, while chunks are hashed at the same time.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import pickle
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO

from bridge.catalog.copying import hash_bytes, hash_file

__all__ = ["hash_content", "is_parcel", "pack", "unpack"]

_MAGIC = b"bridge object 1\n"
_COUNTS = struct.Struct("<16sQQ")
_ALIGNED = 64
_CHUNK = 4 << 20
_DIGEST = 32

Stretch = tuple[int, memoryview]
"""A piece of the body, and where it begins there."""


def pack(target: int, data: bytes, parts: Sequence[memoryview]) -> str:
    """Write an object, its pickle and its parts, to an open file; gives its reference."""
    sizes = [len(data), *(part.nbytes for part in parts)]
    stretches, end = _laid_out([memoryview(data), *parts])
    start = _body(len(sizes), end)

    def write(chunk: int) -> bytes:
        digest = hashlib.sha256()
        for at, piece in _within(stretches, chunk * _CHUNK, min((chunk + 1) * _CHUNK, end)):
            digest.update(piece)
            while piece:
                done = os.pwrite(target, piece, start + at)
                at, piece = at + done, piece[done:]
        return digest.digest()

    digests = b"".join(_each(write, _chunks(end)))
    counts = _COUNTS.pack(_MAGIC, len(sizes), end)
    head = counts + struct.pack(f"<{len(sizes)}Q", *sizes) + digests
    head += bytes(start - len(head))
    os.pwrite(target, head, 0)
    return hash_bytes(head)


def is_parcel(file: BinaryIO) -> bool:
    """Whether an open file, read from its start again afterwards, is such an object."""
    found = file.read(len(_MAGIC))
    file.seek(0)
    return found == _MAGIC


def unpack(file: BinaryIO) -> Any:
    """The object in an open file, its parts mapped."""
    # Private pages: who writes into an array gets a copy of the page, and the file stays as it is.
    content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    sizes, end = _sizes(content)
    at, parts = _body(len(sizes), end), []
    for size in sizes:
        parts.append(content[at : at + size])
        at += size + -size % _ALIGNED
    data, *buffers = parts
    return pickle.loads(data, buffers=buffers)


def hash_content(path: str, ref: str) -> str:
    """The reference of what is in a file: ``ref`` if it is such an object and this is its own.

    Else it is that of the bytes as they are, also of a file that only looks like an object.
    """
    with open(path, "rb") as file:
        if is_parcel(file):
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            with mapped, memoryview(mapped) as content:
                if _hash_mapped(content) == ref:
                    return ref
    return hash_file(path)


def _hash_mapped(content: memoryview) -> str | None:
    try:
        sizes, end = _sizes(content)
    except struct.error:
        return None
    start = _body(len(sizes), end)
    if len(content) != start + end:
        return None
    digests = bytes(content[_COUNTS.size + 8 * len(sizes) : start])

    def is_whole(chunk: int) -> bool:
        first = start + chunk * _CHUNK
        with content[first : min(first + _CHUNK, start + end)] as data:
            expected = digests[chunk * _DIGEST : (chunk + 1) * _DIGEST]
            return hashlib.sha256(data).digest() == expected

    if not all(_each(is_whole, _chunks(end))):
        return None
    with content[:start] as head:
        return hash_bytes(head)


def _sizes(content: memoryview) -> tuple[tuple[int, ...], int]:
    """The sizes of the pickle and the parts, and that of the body."""
    _, count, end = _COUNTS.unpack_from(content)
    if count > len(content):
        raise struct.error("cut off")
    return struct.unpack_from(f"<{count}Q", content, _COUNTS.size), end


def _body(count: int, end: int) -> int:
    """Where the body begins."""
    head = _COUNTS.size + 8 * count + _DIGEST * len(_chunks(end))
    return head + -head % _ALIGNED


def _chunks(end: int) -> range:
    return range(-(-end // _CHUNK))


def _laid_out(parts: Sequence[memoryview]) -> tuple[list[Stretch], int]:
    """The parts with what fills the space between them, and where the last one ends."""
    stretches, at = [], 0
    for part in parts:
        fill = memoryview(bytes(-part.nbytes % _ALIGNED))
        stretches += [(at, part), (at + part.nbytes, fill)]
        at += part.nbytes + fill.nbytes
    return stretches, at


def _within(stretches: Sequence[Stretch], first: int, last: int) -> Iterator[Stretch]:
    """What of the stretches is between two places."""
    from bisect import bisect_right

    index = max(bisect_right(stretches, first, key=lambda stretch: stretch[0]) - 1, 0)
    while index < len(stretches) and stretches[index][0] < last:
        at, piece = stretches[index]
        begin, end = max(first - at, 0), min(last - at, piece.nbytes)
        if begin < end:
            yield at + begin, piece[begin:end]
        index += 1


def _each(do: Callable[[int], Any], chunks: range) -> list[Any]:
    """Do something with every chunk, on all cores."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        return list(pool.map(do, chunks))
