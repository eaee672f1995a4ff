"""The runs that were made in a folder, each in a folder of its own below ``.bridge/runs``."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.configuration import home
from bridge.errors import RunError, UsageError
from bridge.record import Run, StepRun
from bridge.suggest import did_you_mean

__all__ = [
    "begin",
    "find",
    "folder",
    "home",
    "make",
    "new_id",
    "output",
    "runs",
    "save",
    "stopped",
    "written",
]

_RECORD = "run.json"
_RUN_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}")


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


def begin(
    folder: Path, engine: str, pipeline: str, started: str, parameters: Mapping[str, Any]
) -> None:
    """Note that a run on an engine is under way in this process, in case it does not end."""
    from bridge.runner.journal import Journal

    Journal(folder, parameters, pipeline=pipeline, started=started, on=engine).close()


def save(run: Run, folder: Path) -> None:
    """Write a run's record. Raises RunError when that is impossible."""
    draft = folder / f"{_RECORD}.part"
    try:
        draft.write_text(json.dumps(run.to_json()), encoding="utf-8")
        draft.replace(folder / _RECORD)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise RunError(
            f"run '{run.run_id}' {run.status}, but its record cannot be written: {error}"
        ) from error


def find(run_id: str) -> Run:
    """The record of a run, so far as there is one. Raises UsageError for an unknown id."""
    found = folder(run_id)
    if not found.is_dir():
        raise UsageError(f"there is no run '{run_id}' in {home()}; 'bridge runs' lists them")
    return _read(found)


def runs() -> Iterator[Run]:
    """The runs made here, the newest first."""
    found = (path for path in (home() / "runs").glob("*") if path.is_dir())
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        yield _read(path)


def stopped(run_id: str) -> Path:
    """The folder of a run that is no longer under way. Raises UsageError for any other."""
    found = folder(run_id)
    if not (found / _RECORD).is_file() and _read(found).status == "running":
        raise UsageError(f"run '{run_id}' cannot be resumed: it is still running")
    return found


def output(run_id: str, step: str) -> list[tuple[int, str]]:
    """What the attempts at a step have written, by their numbers; those alone that wrote.

    Raises UsageError when there was no such step, or when nothing was kept of it here.
    """
    run = find(run_id)
    names = [known.name for known in run.steps]
    if step not in names:
        raise UsageError(f"run '{run_id}' has no step '{step}'; {did_you_mean(step, names)}")
    if run.on != "local":
        kept = run.artifacts.get("log", "what the framework keeps")
        raise UsageError(f"run '{run_id}' was made on {run.on}; look into {kept}")
    from bridge.runner.journal import entries

    logs = [e for e in entries(folder(run_id)) if "log" in e and e["name"] == step]
    return [(entry["attempt"], written(entry["log"])) for entry in logs]


def written(log: Sequence[Any]) -> str:
    """What stands in a part of a log: its file, below the folder of runs, first and last byte."""
    file, begin, end = log
    with (home() / "runs" / file).open("rb") as stream:
        stream.seek(begin)
        return str(stream.read(end - begin), "utf-8", "replace")


def _read(folder: Path) -> Run:
    """The record of a run; before its end, what has been noted of it."""
    record = folder / _RECORD
    if record.is_file():
        return Run.from_json(json.loads(record.read_text(encoding="utf-8")))
    from bridge.runner.journal import entries
    from bridge.runner.owner import is_alive

    run = Run(folder.name, "local", "interrupted")
    try:
        begun, *found = entries(folder)
    except UsageError:
        return run
    is_over = any("over" in entry for entry in found[-1:])
    run.status = "running" if is_alive(begun["owner"]) and not is_over else "interrupted"
    if record.is_file():  # it has ended since
        return _read(folder)
    run.pipeline, run.started = begun["pipeline"], begun["started"]
    run.on = begun.get("on", run.on)
    run.parameters = begun["parameters"]
    run.steps = [StepRun(*(e[f] for f in _STEP)) for e in found if "status" in e]
    run.seconds = sum(step.seconds for step in run.steps)
    return run


_STEP = ("name", "status", "attempts", "seconds")


def folder(run_id: str) -> Path:
    """Where a run is kept. Raises UsageError when the id is malformed."""
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(
            f"run id {run_id!r} is malformed; use up to 128 letters, digits, '.', '_' and '-'"
        )
    return home() / "runs" / run_id
