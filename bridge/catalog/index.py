"""The index of a store in a folder: one SQLite file with small content, and what is known of files.

A process has one connection to each index, which threads take turns at. It is closed before the
process forks, since a child must not inherit it, and opened anew when the file has been replaced.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

__all__ = ["NAMES", "Index"]

NAMES = ("pack.db", "pack.db-wal", "pack.db-shm", "pack.db-journal")
"""The files that an index consists of, below the folder of the store."""

_PATIENCE = 60.0
"""Seconds to wait for another process that is writing."""

_AT_MOST = 8
"""Connections that a process keeps open."""

_NETWORK = {"nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "lustre", "glusterfs"}
"""File systems on which there is no write-ahead log."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pack (ref TEXT PRIMARY KEY, added REAL NOT NULL, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seen (
    device INTEGER, inode INTEGER, size INTEGER, modified INTEGER, changed INTEGER, boot TEXT,
    ref TEXT NOT NULL, PRIMARY KEY (device, inode)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pack_by_age ON pack (ref, added);
"""

_TURN = threading.RLock()
_connections: dict[Path, tuple[sqlite3.Connection, tuple[int, int]]] = {}


class Index:
    """The index in ``folder``; it is made by the first who writes."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._path = folder, folder / NAMES[0]

    @property
    def exists(self) -> bool:
        """Whether anything has been written."""
        return self._path.is_file()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read by; an index that is not there is empty. Raises OSError."""
        with _TURN, self._told("read"):
            if not self.exists:
                with closing(sqlite3.connect(":memory:")) as empty:
                    empty.executescript(_SCHEMA)
                    yield empty
                return
            yield self._connection()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction that counts when the block ends well. Raises OSError."""
        with _TURN, self._told("written"):
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def shrink(self) -> None:
        """Give the space of what was removed back to the file system."""
        with _TURN, self._told("written"):
            connection = self._connection()
            connection.execute("PRAGMA incremental_vacuum").fetchall()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _told(self, done: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OSError(f"the store {self._folder} cannot be {done}: {error}") from error

    def _connection(self) -> sqlite3.Connection:
        found = _connections.pop(self._path, None)
        if found is None or found[1] != _identity(self._path):
            if found:
                found[0].close()
            while len(_connections) >= _AT_MOST:
                _connections.pop(next(iter(_connections)))[0].close()
            connection = _opened(self._path)
            found = connection, _identity(self._path)
        _connections[self._path] = found  # now the one that was used last
        return found[0]


def _identity(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0
    return found.st_dev, found.st_ino


def _opened(path: Path) -> sqlite3.Connection:
    if path.exists() and not os.access(path.parent, os.W_OK):
        return _opened_to_read(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path.as_uri())
    try:
        if connection.execute("PRAGMA user_version").fetchone() != (1,):
            _make(connection, path.parent)
        connection.execute("PRAGMA synchronous=NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _make(connection: sqlite3.Connection, folder: Path) -> None:
    """Make the tables; of several processes that do it at once, one does."""
    connection.execute("PRAGMA page_size=16384")
    connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
    if not _is_shared_by_machines(folder):
        connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version=1; COMMIT;")


def _is_shared_by_machines(folder: Path) -> bool:
    """Whether the file system is one of a network, where a log in shared memory cannot be."""
    device = os.stat(folder).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
            fields = line.split()
            if fields[2] == number:
                kind = fields[fields.index("-") + 1]
                return kind in _NETWORK or kind.startswith("fuse.")
    return False


def _opened_to_read(path: Path) -> sqlite3.Connection:
    """A connection to an index that cannot be written, nor what SQLite puts beside it."""
    connection = _connect(f"{path.as_uri()}?mode=ro")
    try:
        connection.execute("SELECT 1 FROM pack LIMIT 1").fetchall()
    except sqlite3.OperationalError:
        connection.close()
        connection = _connect(f"{path.as_uri()}?mode=ro&immutable=1")
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(
        uri, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )


def _before_fork() -> None:
    _TURN.acquire()
    while _connections:
        _connections.popitem()[1][0].close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_TURN.release, after_in_child=_TURN.release
    )
