"""A store in a folder: large content in files of their own, small content packed in an index.

A file is at ``<store>/sha256/ab/cdef...``, read-only, and has that name only once it is complete.
"""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from bridge.catalog.copying import (
    check,
    create,
    hash_bytes,
    is_left_behind,
    key,
    part,
    read,
    write,
)
from bridge.catalog.index import NAMES, Index
from bridge.catalog.parcel import hash_content, pack
from bridge.catalog.seen import State, forget, recall, remember, state
from bridge.catalog.stores import Content

__all__ = ["ADD", "SMALL", "Contents"]

SMALL = 64 << 10
"""Content of up to so many bytes is packed."""

ADD = (
    "INSERT INTO pack (ref, added, data) VALUES (?, ?, ?)"
    " ON CONFLICT (ref) DO UPDATE SET added = excluded.added, data = excluded.data"
)


class Contents:
    """The content of a store in a folder; threads and processes may use it at the same time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.content = self.folder / "sha256"
        self.index = Index(self.folder)

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def hidden(self) -> list[Path]:
        """What is the store's own, where it may be inside a working directory."""
        return [self.content, *(self.folder / name for name in NAMES)]

    def file(self, ref: str) -> str:
        """Where content is that has a file of its own."""
        return f"{self.content}/{key(ref)}"

    # Bytes

    def add(self, data: bytes) -> str:
        """Keep ``data``; gives its reference."""
        ref = hash_bytes(data)
        if len(data) <= SMALL:
            with self.index.writing() as index:
                index.execute(ADD, (ref, time.time(), data))
            return ref
        with self.part() as new:
            write(new, data)
            self.adopt(new, ref)
        return ref

    def add_object(self, data: bytes, parts: Sequence[memoryview]) -> str:
        """Keep a pickle and the large parts beside it; gives the reference of both."""
        with self.part() as new:
            target = create(new)
            try:
                ref = pack(target, data, parts)
            finally:
                os.close(target)
            self.adopt(new, ref)
        return ref

    def open(self, ref: str, anew: bool = False) -> BinaryIO:
        """The content, verified: ``anew``, or as it was when it last was.

        Raises FileNotFoundError when it is not there, OSError when it is damaged.
        """
        data = self.packed([ref]).get(ref)
        if data is None:
            return open(self._verified(ref, anew), "rb")
        check(hash_bytes(data), ref, self)
        return io.BytesIO(data)

    def read(self, ref: str) -> bytes:
        """The content of a reference. Raises FileNotFoundError, or OSError when it is damaged."""
        data = self.packed([ref]).get(ref)
        if data is None:
            try:
                data = read(self.file(ref))
            except FileNotFoundError:
                raise self.lacks(ref) from None
        check(hash_bytes(data), ref, self)
        return data

    def packed(self, refs: Collection[str]) -> dict[str, bytes]:
        """Those of the references whose content is packed, with that content, unchecked."""
        marks = ", ".join("?" * len(refs))
        with self.index.reading() as index:
            return dict(
                index.execute(f"SELECT ref, data FROM pack WHERE ref IN ({marks})", [*refs])
            )

    def lacks(self, ref: str) -> FileNotFoundError:
        """What is to be raised of content that is not there."""
        return FileNotFoundError(f"the store {self} does not hold {ref}")

    # Files of the store

    @contextmanager
    def part(self) -> Iterator[str]:
        """A name for new content while it is being written. Raises OSError that names the store."""
        try:
            self.content.mkdir(parents=True, exist_ok=True)
            with part(str(self.content)) as new:
                yield new
        except OSError as error:
            if error.errno is None:
                raise
            raise OSError(f"the store {self} cannot be written: {error}") from error

    def adopt(self, new: str, ref: str, source: tuple[State, str] | None = None) -> None:
        """Give new content its name, also over the same content, which that repairs.

        It is noted what ``source`` has in it, the file that it is a copy of.
        """
        os.chmod(new, 0o444)
        target = self.file(ref)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with self.index.writing() as index:
            os.replace(new, target)
            remember(index, [(state(os.stat(target)), ref), *([source] if source else [])])

    def _verified(self, ref: str, anew: bool) -> str:
        path = self.file(ref)
        before = self.state(path)
        if before is None:
            raise self.lacks(ref)
        if anew or not self.is_trusted(before, ref):
            check(hash_content(path, ref), ref, self)
            self.note([(before, ref)])
        return path

    def state(self, path: str) -> State | None:
        """The state of a file, None when there is none."""
        found = self.stat(path)
        return state(found) if found else None

    def is_trusted(self, file: State, ref: str) -> bool:
        """Whether a file is as it was when this content was last seen in it."""
        with self.index.reading() as index:
            seen = recall(index, [file]).get(file)
        return seen is not None and seen.ref == ref

    def note(self, files: Iterable[tuple[State, str]]) -> None:
        """Note what files contain, where that can be written."""
        found = list(files)
        if found and self.index.exists:
            with suppress(OSError), self.index.writing() as index:
                remember(index, found)

    # Upkeep

    def contents(self) -> Iterator[Content]:
        """All that is there."""
        with self.index.reading() as index:
            packed = index.execute("SELECT ref, length(data), added FROM pack").fetchall()
        yield from (Content(*row) for row in packed)
        with suppress(FileNotFoundError):
            for first in sorted(os.listdir(self.content)):
                yield from self._contents_in(first)

    def _contents_in(self, first: str) -> Iterator[Content]:
        with suppress(NotADirectoryError, FileNotFoundError):
            for rest in sorted(os.listdir(f"{self.content}/{first}")):
                found = self.stat(f"{self.content}/{first}/{rest}")
                if len(first + rest) == 64 and found:
                    yield Content(f"sha256:{first}{rest}", found.st_size, found.st_mtime)

    def sizes(self, refs: Collection[str]) -> dict[str, int]:
        """How many bytes of content there are under each reference that is there."""
        found = self._packed_sizes(refs)
        files = {ref: self.stat(self.file(ref)) for ref in refs if ref not in found}
        return found | {ref: file.st_size for ref, file in files.items() if file}

    def _packed_sizes(self, refs: Collection[str]) -> dict[str, int]:
        with self.index.reading() as index:
            rows = index.execute(
                "SELECT ref, length(data) FROM json_each(?) AS j CROSS JOIN pack ON ref = j.value",
                (json.dumps([*refs]),),
            )
            return dict(rows.fetchall())

    def lost(self, refs: Collection[str]) -> set[str]:
        """Those whose content is not there, or is damaged, as files are that a power cut meets.

        What is packed is there whole or not at all, and what was seen since the boot is known.
        """
        packed = self._packed_sizes(refs)
        return {ref for ref in refs if ref not in packed and not self._is_whole(ref)}

    def _is_whole(self, ref: str) -> bool:
        try:
            self._verified(ref, anew=False)
        except OSError:
            return False
        return True

    def remove(self, refs: Collection[str], before: float) -> set[str]:
        """Remove content unless it was put after a time; gives what was removed.

        Who puts the same does so before this or after it, and then finds it gone.
        """
        removed = set()
        with self.index.writing() as index:
            for ref in refs:
                sql = "DELETE FROM pack WHERE ref = ? AND added <= ?"
                if index.execute(sql, (ref, before)).rowcount:
                    removed.add(ref)
                found = self.stat(self.file(ref))
                if found and found.st_mtime <= before:
                    os.unlink(self.file(ref))
                    removed.add(ref)
        return removed

    def sweep(self, before: float) -> None:
        """Remove what killed processes have left behind, and give free space back."""
        for name in os.listdir(self.content) if self.content.is_dir() else ():
            path = f"{self.content}/{name}"
            found = self.stat(path) if name.endswith(".part") else None
            if found and (found.st_mtime <= before or is_left_behind(name)):
                with suppress(FileNotFoundError):
                    os.unlink(path)
        if self.index.exists:
            with self.index.writing() as index:
                forget(index)
            self.index.shrink()

    def stat(self, path: str) -> os.stat_result | None:
        """What the file system tells of a file, None when there is none."""
        try:
            return os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
