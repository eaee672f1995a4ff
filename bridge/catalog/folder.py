"""A store in a folder, and the files of a working directory on their way into it and out of it."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from bridge.catalog.contents import ADD, SMALL, Contents
from bridge.catalog.copying import (
    check,
    copy,
    copy_hashed,
    create,
    hash_bytes,
    hash_file,
    part,
    read,
    write,
)
from bridge.catalog.seen import State, is_settled, recall, remember, state
from bridge.catalog.stores import GUARD

__all__ = ["Folder"]

_REFRESH = GUARD / 4
_PACK_BYTES = 16 << 20
_PLACED_AT_ONCE = 256


class Folder(Contents):
    """The store in a folder; threads and processes may use it at the same time."""

    # Into the store

    def put(self, folder: Path, paths: Collection[str]) -> dict[str, str]:
        """Store files below ``folder``; gives their references. Unchanged ones cost a look."""
        files = {path: state(os.stat(f"{folder}/{path}")) for path in paths}
        found = self._unchanged(files)
        batch: list[tuple[str, State]] = []
        room = _PACK_BYTES
        for path, file in files.items():
            if path in found:
                continue
            if file[2] > SMALL:
                found[path] = self._put_file(f"{folder}/{path}")
                continue
            batch.append((path, file))
            room -= file[2] + 1024
            if room < 0:
                found |= self._pack(folder, batch)
                batch, room = [], _PACK_BYTES
        if batch:
            found |= self._pack(folder, batch)
        return {path: found[path] for path in paths}

    def hashes(self, folder: Path, paths: Collection[str]) -> dict[str, str]:
        """The references that files would have; nothing is stored."""
        found = self._hashes([f"{folder}/{path}" for path in paths])
        return {path: found[f"{folder}/{path}"] for path in paths}

    def _hashes(self, paths: Iterable[str]) -> dict[str, str]:
        """The references of files, for those that are as they were from what was seen of them."""
        look = time.time_ns()
        files = {path: state(os.stat(path)) for path in paths}
        with self.index.reading() as index:
            seen = recall(index, files.values())
        found, new = {}, []
        for path, before in files.items():
            if before in seen:
                found[path] = seen[before].ref
                continue
            found[path] = hash_file(path)
            if is_settled(before, look) and self.state(path) == before:
                new.append((before, found[path]))
        self.note(new)
        return found

    def _unchanged(self, files: Mapping[str, State]) -> dict[str, str]:
        """Those of the files whose content was seen, and is in the store."""
        with self.index.reading() as index:
            seen = recall(index, files.values())
        old = time.time() - _REFRESH
        kept, stale = {}, set()
        for file, (ref, added) in seen.items():
            age = added or self._age(ref, file[2])
            if age is not None:
                kept[file] = ref
                if age < old:
                    stale.add(ref)
        lost = self._refresh(stale)
        return {
            path: kept[file]
            for path, file in files.items()
            if file in kept and kept[file] not in lost
        }

    def _age(self, ref: str, size: int) -> float | None:
        """When a file of the store was written, or None if it is not there or not whole."""
        found = self.stat(self.file(ref))
        return found.st_mtime if found and found.st_size == size else None

    def _refresh(self, refs: Collection[str]) -> set[str]:
        """Make content young again, so that it is safe; gives what is no longer there."""
        if not refs:
            return set()
        now = time.time()
        with self.index.writing() as index:
            return {ref for ref in refs if not self._touch(index, ref, now)}

    def _touch(self, index: sqlite3.Connection, ref: str, now: float) -> bool:
        if index.execute("UPDATE pack SET added = ? WHERE ref = ?", (now, ref)).rowcount:
            return True
        path = self.file(ref)
        before = self.state(path)
        if before is None:
            return False
        trusted = before in recall(index, [before])
        os.utime(path)
        if trusted:
            remember(index, [(state(os.stat(path)), ref)])
        return True

    def _put_file(self, path: str) -> str:
        look = time.time_ns()
        source = os.open(path, os.O_RDONLY)
        try:
            before = state(os.fstat(source))
            with self.part() as new:
                target = create(new)
                try:
                    ref = copy_hashed(source, target)
                finally:
                    os.close(target)
                whole = is_settled(before, look) and state(os.fstat(source)) == before
                self.adopt(new, ref, (before, ref) if whole else None)
        finally:
            os.close(source)
        return ref

    def _pack(self, folder: Path, files: Iterable[tuple[str, State]]) -> dict[str, str]:
        """Store small files, all in one transaction."""
        now, found, rows, seen = time.time(), {}, {}, []
        for path, before in files:
            look = time.time_ns()
            data = read(f"{folder}/{path}")
            ref = found[path] = hash_bytes(data)
            rows[ref] = data
            if is_settled(before, look) and state(os.stat(f"{folder}/{path}")) == before:
                seen.append((before, ref))
        with self.index.writing() as index:
            index.executemany(ADD, ((ref, now, data) for ref, data in rows.items()))
            remember(index, seen)
        return found

    # Out of the store

    def place(self, files: Mapping[str, str]) -> None:
        """Write content to the paths where it is wanted and not in place already.

        Each file is there whole or not at all. Raises FileNotFoundError for the first that the
        store does not hold, OSError for one that is damaged.
        """
        there = self._hashes(path for path in files if os.path.isfile(path))
        waiting = [path for path, ref in files.items() if there.get(path) != ref]
        for folder in {os.path.dirname(path) for path in waiting}:
            os.makedirs(folder, exist_ok=True)
        for start in range(0, len(waiting), _PLACED_AT_ONCE):
            paths = waiting[start : start + _PLACED_AT_ONCE]
            held = self.packed({files[path] for path in paths})
            for path in paths:
                self._place(path, files[path], held)

    def _place(self, path: str, ref: str, held: Mapping[str, bytes]) -> None:
        with part(os.path.dirname(path)) as new:
            if ref in held:
                check(hash_bytes(held[ref]), ref, self)
                write(new, held[ref])
            else:
                self._copy_out(ref, new)
            os.replace(new, path)

    def _copy_out(self, ref: str, new: str) -> None:
        try:
            source = os.open(self.file(ref), os.O_RDONLY)
        except FileNotFoundError:
            raise self.lacks(ref) from None
        target = create(new)
        try:
            before = state(os.fstat(source))
            if self.is_trusted(before, ref):
                copy(source, target, 0, before[2])
            else:
                check(copy_hashed(source, target), ref, self)
                self.note([(before, ref)])
        finally:
            os.close(source)
            os.close(target)
