"""The runs that were made in a folder, each in a folder of its own below ``.bridge/runs``."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from bridge.errors import RunError, UsageError
from bridge.record import Run

__all__ = ["find", "folder", "home", "make", "new_id", "runs", "save"]

_RUN_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}")


def home() -> Path:
    """The folder of bridge's own state: ``BRIDGE_HOME``, else ``.bridge`` here."""
    return Path(os.environ.get("BRIDGE_HOME") or ".bridge").absolute()


def new_id() -> str:
    """A fresh run id; later ones sort after earlier ones."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{os.urandom(3).hex()}"


def make(run_id: str) -> Path:
    """The new folder of a run. Raises UsageError when the id is malformed or taken."""
    found = folder(run_id)
    try:
        found.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"there is a run '{run_id}' already; choose another --run-id") from None
    except OSError as error:
        raise UsageError(f"the run cannot be recorded in '{found}': {error}") from error
    return found


def save(run: Run, folder: Path) -> None:
    """Write a run's record. Raises RunError when that is impossible."""
    draft = folder / "run.json.part"
    try:
        draft.write_text(json.dumps(run.to_json()), encoding="utf-8")
        draft.replace(folder / "run.json")
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RunError(
            f"run '{run.run_id}' {run.status}, but its record cannot be written: {error}"
        ) from error


def find(run_id: str) -> Run:
    """The record of a run. Raises UsageError when there is none of this id."""
    record = folder(run_id) / "run.json"
    if not record.is_file():
        raise UsageError(f"there is no run '{run_id}' in {home()}; 'bridge runs' lists them")
    return Run.from_json(json.loads(record.read_text(encoding="utf-8")))


def runs() -> Iterator[Run]:
    """The runs made here, the newest first."""
    records = (home() / "runs").glob("*/run.json")
    for record in sorted(records, key=lambda path: path.stat().st_mtime, reverse=True):
        yield Run.from_json(json.loads(record.read_text(encoding="utf-8")))


def folder(run_id: str) -> Path:
    """Where a run is kept. Raises UsageError when the id is malformed."""
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"run id {run_id!r} is malformed; use up to 128 letters, digits, '.', '_' and '-'"
        )
    return home() / "runs" / run_id
