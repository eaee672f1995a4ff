"""Content on its way from one file to another, hashed as it goes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from bridge.boot import boot
from bridge.carried.files import _key

__all__ = [
    "check",
    "copy",
    "copy_hashed",
    "create",
    "hash_bytes",
    "hash_file",
    "is_left_behind",
    "key",
    "part",
    "read",
    "write",
]

CHUNK = 16 << 20
BLOCK = 1 << 20

key = _key


def hash_file(path: str) -> str:
    """The reference of what is in a file."""
    with open(path, "rb", buffering=0) as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def hash_bytes(*data: Any) -> str:
    """The reference of content that is given in parts."""
    digest = hashlib.sha256()
    for one in data:
        digest.update(one)
    return f"sha256:{digest.hexdigest()}"


def check(found: str, ref: str, store: object) -> None:
    """Raise OSError where what a store holds is not what it should be."""
    if found != ref:
        raise OSError(f"the store {store} is damaged: what it holds under {ref} is {found}")


@contextmanager
def part(folder: str) -> Iterator[str]:
    """A name for a file that is still being written; it is removed unless the block ends well.

    It tells the process, so that what a killed one has left can be known for that.
    """
    name = f"{folder}/.{boot()[:8] or 'here'}-{os.getpid()}-{os.urandom(6).hex()}.part"
    try:
        yield name
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise


def is_left_behind(name: str) -> bool:
    """Whether the process that was writing such a file is known to be gone."""
    found = re.fullmatch(r"\.([^-]+)-([0-9]+)-[0-9a-f]+\.part", name)
    if not found or found[1] != boot()[:8]:
        return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def create(path: str) -> int:
    """A new file, opened to be read and written."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)


def write(path: str, data: bytes) -> None:
    """Write a new file."""
    with open(create(path), "wb") as file:
        file.write(data)


def read(path: str) -> bytes:
    """The content of a file."""
    with open(path, "rb", buffering=0) as file:
        return file.read()


def copy(source: int, target: int, start: int, size: int) -> None:
    """Copy a stretch of an open file to the same place in another, by reference where possible."""
    end = start + size
    with suppress(OSError):  # across file systems, or one that cannot: as below
        while start < end:
            done = os.copy_file_range(source, target, end - start, start, start)
            if not done:
                break
            start += done
    while start < end:
        block = os.pread(source, min(BLOCK, end - start), start)
        if not block:
            raise OSError("a file became shorter while it was being copied")
        start += os.pwrite(target, block, start)


def copy_hashed(source: int, target: int) -> str:
    """Copy an open file and give the reference of what has arrived.

    One thread copies; behind it the copy is read and hashed, so it costs little more than the
    dearer of the two.
    """
    from concurrent.futures import ThreadPoolExecutor

    size = os.fstat(source).st_size
    digest, buffer = hashlib.sha256(), bytearray(BLOCK)

    def copied(start: int) -> int:
        copy(source, target, start, min(CHUNK, size - start))
        return start

    with ThreadPoolExecutor(1) as copier:
        for start in copier.map(copied, range(0, size, CHUNK)):
            _hash_stretch(target, start, min(start + CHUNK, size), digest, buffer)
    return f"sha256:{digest.hexdigest()}"


def _hash_stretch(file: int, start: int, end: int, digest: Any, buffer: bytearray) -> None:
    view = memoryview(buffer)
    while start < end:
        done = os.preadv(file, [view[: min(BLOCK, end - start)]], start)
        if not done:
            raise OSError("a file became shorter while it was being read")
        digest.update(view[:done])
        start += done
