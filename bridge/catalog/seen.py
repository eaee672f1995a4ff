"""What was read of files before: a file whose state is the same has the content it had.

A state is (device, inode, size, time of change, time of change of the inode). It counts within
one boot of the machine: after a loss of power a file may be what its state does not tell. Of the
caller's files a state counts only if it was old enough when it was looked at, since within a tick
of the clock a file may change twice; those of a store change no more once they have their name.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from bridge.boot import boot

__all__ = ["Seen", "State", "forget", "is_settled", "recall", "remember", "state"]

State = tuple[int, int, int, int, int]

_TICK = 20_000_000
_COARSE_TICK = 2_000_000_000


class Seen(NamedTuple):
    """The content of a file, by its reference; ``added`` is when the pack was given it, if so."""

    ref: str
    added: float | None


def state(found: os.stat_result) -> State:
    """The state of a file; numbers of devices and inodes as SQLite can hold them."""
    device, inode = (n - (1 << 64) if n >> 63 else n for n in (found.st_dev, found.st_ino))
    return device, inode, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_settled(file: State, look: int) -> bool:
    """Whether a file that was looked at (nanoseconds) could not change without its state."""
    *_, modified, changed = file
    coarse = modified % 1_000_000_000 == 0
    return max(modified, changed) < look - (_COARSE_TICK if coarse else _TICK)


def recall(index: sqlite3.Connection, files: Iterable[State]) -> Mapping[State, Seen]:
    """What is known of files in these states."""
    by_device: dict[int, list[int]] = defaultdict(list)
    for device, inode, *_ in files:
        by_device[device].append(inode)
    found: dict[State, Seen] = {}
    for device, inodes in by_device.items():
        rows = index.execute(
            "SELECT s.device, s.inode, s.size, s.modified, s.changed, s.ref, p.added"
            " FROM json_each(?) AS j CROSS JOIN seen AS s ON s.device = ? AND s.inode = j.value"
            " LEFT JOIN pack AS p INDEXED BY pack_by_age ON p.ref = s.ref WHERE s.boot = ?",
            (json.dumps(inodes), device, boot()),
        )
        found |= {row[:5]: Seen(*row[5:]) for row in rows}
    return found


def remember(index: sqlite3.Connection, files: Iterable[tuple[State, str]]) -> None:
    """Note what files in these states contain."""
    index.executemany(
        "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((*file, boot(), ref) for file, ref in files),
    )


def forget(index: sqlite3.Connection) -> None:
    """Drop what was seen before the machine was last started."""
    index.execute("DELETE FROM seen WHERE boot <> ?", (boot(),))
