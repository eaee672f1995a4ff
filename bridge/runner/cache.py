"""What tasks with ``cache=True`` gave, by what they are and what they were given.

It is one SQLite file beside the runs, which several of them may use at once; it holds values as
JSON, and references to objects and files.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import RunError
from bridge.flow import Node, Stored
from bridge.record import StepRun
from bridge.runner.work import Outcome
from bridge.values import Fact

if TYPE_CHECKING:
    import sqlite3

__all__ = ["Cache", "never_same"]

_TABLE = """
create table if not exists results (
    signature text primary key, place text, run text, key text, inputs text, result text
);
create index if not exists places on results (place);
"""
_NEWEST = "select key, inputs from results where place = ? and run != ? order by rowid desc limit 1"
_KEEP = "insert or replace into results values (?, ?, ?, ?, ?, ?)"
_ALIKE = ("step", "attempt")


class Cache:
    """The results kept in a folder; nothing is there until one is."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "cache.sqlite"

    def find(
        self, place: str, key: str, inputs: str, run: str
    ) -> tuple[dict[str, Any] | None, str]:
        """What a task gave, and of which run that is; or None, and why it is not there.

        ``place`` names the pipeline and the task in it, ``run`` is the one that asks.
        """
        if not self._file.exists():
            return None, "it has not run before"
        with closing(self._open()) as cache:
            found = cache.execute(
                "select result from results where signature = ?", [_signature(place, key, inputs)]
            ).fetchone()
            if found:
                result = json.loads(found[0])
                return result, f"unchanged since run {result['run']}"
            newest = cache.execute(_NEWEST, [place, run]).fetchone()
        if not newest:
            return None, "it has not run before"
        return None, "its code has changed" if newest[0] != key else "what it is given has changed"

    def keep(
        self, place: str, key: str, inputs: str, run: str, step: StepRun, outcome: Outcome
    ) -> None:
        """Keep what a task gave. Raises RunError when that is impossible."""
        result = {
            "run": run,
            "attempts": step.attempts,
            "values": {name: value for name, (_, value) in outcome.values.items()},
            "files": dict(outcome.files),
        }
        row = [_signature(place, key, inputs), place, run, key, inputs, json.dumps(result)]
        import sqlite3

        try:
            with closing(self._open()) as cache, cache:
                cache.executescript(_TABLE)
                cache.execute(_KEEP, row)
        except sqlite3.Error as error:
            raise RunError(f"a result cannot be kept in '{self._file}': {error}") from error

    def _open(self) -> sqlite3.Connection:
        import sqlite3  # takes its time, and few tasks are cached

        return sqlite3.connect(self._file, timeout=60)


def never_same(node: Node) -> str:
    """Why a task must run each time, though it is to be cached; nothing if it need not."""
    for read in node.reads:
        if isinstance(read.source, Fact) and read.source.name not in _ALIKE:
            return f"it reads {read.source.name}, which is never the same"
        if isinstance(read.source, Stored):
            return f"it reads the dataset '{read.source.name}', which may have changed"
    if node.saves:
        return f"it writes the dataset '{node.saves[0].name}'"
    if not node.catalog.store_copy:
        return "of its files only the hashes are kept"
    return ""


def _signature(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
