"""Looking after a store: what is in it, whether that is whole, and what nobody refers to."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from bridge.carried.files import _matches, _parts
from bridge.catalog.stores import GUARD, Content, Store
from bridge.errors import UsageError
from bridge.suggest import did_you_mean

__all__ = ["Removed", "collect_garbage", "damage", "fetch", "is_own", "references", "sizes"]

_REFERENCE = re.compile(rb"sha256:[0-9a-f]{64}")
_BLOCK = 1 << 22
_OVERLAP = 80
_SQLITE = b"SQLite format 3\0"
_AT_ONCE = 1000


class Removed(NamedTuple):
    """What was removed from a store, or would be: how many contents of how many bytes."""

    contents: int
    size: int


def sizes(store: Store, files: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The reference of each file and its size in bytes, None where the store does not hold it."""
    held = store.sizes(set(files.values()))
    return {path: {"ref": ref, "bytes": held.get(ref)} for path, ref in sorted(files.items())}


def fetch(
    store: Store, files: Mapping[str, str], globs: Collection[str], folder: Path
) -> list[str]:
    """Write the files that a glob matches, by default all, below ``folder``; gives their paths.

    Raises UsageError for a glob that matches none, or when the store does not hold a file.
    """
    paths = {path: _parts(path) for path in files}
    found = set()
    for glob in globs or files:
        matching = [path for path in files if path == glob or _matches(paths[path], _parts(glob))]
        if not matching:
            raise UsageError(f"the run has no file '{glob}'; {did_you_mean(glob, files)}")
        found.update(matching)
    root = Path(os.path.realpath(folder))
    try:
        store.place({f"{root}/{'/'.join(paths[path])}": files[path] for path in sorted(found)})
    except OSError as error:
        raise UsageError(str(error)) from error
    return sorted(found)


def damage(store: Store) -> Iterator[tuple[Content, str]]:
    """Read all that a store holds; gives what is damaged, and how it was found."""
    for content in store.contents():
        try:
            with store.open(content.ref, anew=True):
                pass
        except OSError as error:
            yield content, str(error)


def references(home: Path) -> set[str]:
    """All that the runs kept in ``home`` refer to, also those under way.

    Those are the hashes in the records and journals of runs: in any file directly in ``home`` or
    directly in the folder of a run. More are found than are meant, which does no harm. Raises
    OSError when one of the files cannot be read.
    """
    folders = [home, *sorted((home / "runs").glob("*/"))]
    found: set[str] = set()
    for folder in folders:
        for file in sorted(folder.glob("*")):
            if file.is_file() and not file.name.endswith(("-wal", "-shm")):
                found.update(_references(file))
    return found


def _references(file: Path) -> Iterator[str]:
    with file.open("rb") as opened:
        head = opened.read(len(_SQLITE))
        if head == _SQLITE:
            yield from _in_database(file)
            return
        kept = head
        while block := opened.read(_BLOCK):
            kept += block
            yield from _in_text(kept)
            kept = kept[-_OVERLAP:]
        yield from _in_text(kept)


def _in_text(data: bytes) -> Iterator[str]:
    return (found.decode("ascii") for found in _REFERENCE.findall(data))


def _in_database(file: Path) -> Iterator[str]:
    """The references in every cell of a database, whatever its tables."""
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=60)) as opened:
            tables = opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (name,) in tables.fetchall():
                quoted = name.replace('"', '""')
                for row in opened.execute(f'SELECT * FROM "{quoted}"'):
                    for cell in row:
                        data = cell.encode() if isinstance(cell, str) else cell
                        yield from _in_text(data) if isinstance(data, bytes) else ()
    except sqlite3.Error as error:
        raise OSError(f"'{file}' cannot be read: {error}") from error


def collect_garbage(
    store: Store, homes: Collection[Path], age: float = GUARD, dry_run: bool = False
) -> Removed:
    """Remove what no run kept in ``homes`` refers to and what was stored ``age`` seconds ago.

    What killed processes have left behind goes too. The store is good at any moment, also when
    this is interrupted. That no other runs use the store is for the caller to know.
    """
    before = time.time() - age
    referred = set().union(*map(references, homes))
    old = [
        content
        for content in store.contents()
        if content.added is not None and content.added <= before and content.ref not in referred
    ]
    if dry_run:
        return Removed(len(old), sum(content.size for content in old))
    # What was put or noted since stays: the store looks at ages again, and here are the records.
    referred = set().union(*map(references, homes))
    count = size = 0
    for batch in _batches([content for content in old if content.ref not in referred]):
        removed = store.remove([content.ref for content in batch], before)
        count += len(removed)
        size += sum(content.size for content in batch if content.ref in removed)
    store.sweep(before)
    return Removed(count, size)


def is_own(store: Store, home: Path) -> bool:
    """Whether a store is inside a folder of runs, so that no others use it."""
    return Path(os.path.realpath(str(store))).is_relative_to(home.resolve())


def _batches(contents: list[Content]) -> Iterable[list[Content]]:
    return (contents[i : i + _AT_ONCE] for i in range(0, len(contents), _AT_ONCE))
