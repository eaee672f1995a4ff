"""Running a pipeline on one engine: here, by what an adapter writes, or by its own framework."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bridge import translate
from bridge.adapter import Job, Source, installed, load
from bridge.errors import UsageError
from bridge.flow import analyse
from bridge.model import Pipeline
from bridge.record import Run, StepRun
from bridge.results import skipped
from bridge.runner import history
from bridge.source import Loaded

__all__ = ["LOCAL", "SOURCE", "check_engines", "run_on"]

LOCAL = "local"
SOURCE = "source"
"""The framework that a pipeline was read from, running the source as it is."""

_LARGEST = 2**31  # bytes of a source's folder that are copied for each engine
_LEFT = ("venv", "__pycache__", "node_modules")


def check_engines(names: Sequence[str], origin: Loaded | None = None) -> list[str]:
    """The names, each once and known. Raises UsageError for one that is not.

    ``source`` is one for a pipeline whose ``origin`` the adapter that read it can run.
    """
    known = [LOCAL, *installed()]
    if origin and origin.by and hasattr(load(origin.by), "run_source"):
        known.append(SOURCE)
    for name in names:
        if name == SOURCE and name not in known:
            raise UsageError(
                "'source' is an engine only of what an adapter has read and can run itself; "
                f"there are {', '.join(known)}"
            )
        if name not in known:
            raise UsageError(f"no engine is named '{name}'; there are {', '.join(known)}")
    return list(dict.fromkeys(names))


def run_on(
    pipeline: Pipeline,
    engine: str,
    parameters: Mapping[str, Any],
    folder: Path,
    workdir: Path | None = None,
    run_id: str | None = None,
    progress: Callable[[str], None] = lambda step: None,
    group: str = "",
    origin: Loaded | None = None,
    unsupported: str = "raise",
) -> Run:
    """Run ``pipeline`` on one engine, its export and state in ``folder``.

    There its steps share tasks as ``group`` says, and what cannot be carried is ``unsupported``.
    Without a ``workdir`` it is a fresh one, for what has an ``origin`` a copy of that. Raises
    TranslationError when the engine cannot carry it, RunError when it dies.
    """
    found = origin.found if origin else None
    job = Job(
        project=folder / "project",
        pipeline=pipeline,
        home=folder / "home",
        workdir=workdir or folder / "work",
        parameters=parameters,
        run_id=run_id or history.new_id(),
        progress=progress,
    )
    path = list(filter(None, sys.path))
    if found and workdir is None:
        _copy(found.root, job.workdir)
        path = [str(_moved(Path(entry), found.root, job.workdir)) for entry in path]
    started = time.perf_counter()
    if engine == LOCAL:
        from bridge.runner.apart import run

        record = run(job, path)
    elif engine == SOURCE:
        record = _run_source(origin, job)
    else:
        translate.write(pipeline, engine, job.project, unsupported, group=group, read=found)
        lowered = translate.lowered(pipeline, engine, group, unsupported)
        started = time.perf_counter()
        record = load(engine).run(replace(job, pipeline=lowered.pipeline))
        flow = analyse(pipeline, parameters)
        record.steps += [StepRun(name, "skipped", 0) for name in skipped(flow, record.steps)]
    record.seconds = time.perf_counter() - started
    return record


def _run_source(origin: Loaded | None, job: Job) -> Run:
    assert origin
    assert origin.source
    assert origin.found
    adapter: Any = load(origin.by)
    path = _moved(origin.source.path, origin.found.root, job.workdir)
    sets = {
        name: output.kind for name, output in analyse(job.pipeline, job.parameters).sets.items()
    }
    source = Source(path, origin.source.name, origin.source.env)
    record: Run = adapter.run_source(source, replace(job, sets=sets))
    return record


def _moved(path: Path, root: Path, to: Path) -> Path:
    """The place of ``path`` in the copy of ``root``; itself when it is elsewhere."""
    whole, base = path.resolve(), root.resolve()
    return to.resolve() / whole.relative_to(base) if whole.is_relative_to(base) else path


def _copy(root: Path, folder: Path) -> None:
    """Copy the folder of a source, without what tools keep there; links stay links."""
    # the copy and its like may lie inside of what is copied
    own = {history.home().resolve(), folder.resolve(), folder.resolve().parents[1]}

    def left(place: str, names: list[str]) -> set[str]:
        folders = [name for name in names if Path(place, name).is_dir()]
        hidden = {name for name in folders if name.startswith(".") or name in _LEFT}
        return hidden | {name for name in folders if Path(place, name).resolve() in own}

    size = 0
    for place, names, files in os.walk(root):
        gone = left(place, names)
        names[:] = [name for name in names if name not in gone]
        size += sum(os.lstat(os.path.join(place, file)).st_size for file in files)  # noqa: PTH118
        if size > _LARGEST:
            raise UsageError(
                f"'{root}' holds more than {_LARGEST / 2**30:g} GB, of which each engine would get "
                "a copy; put the source into a folder of its own, with the data that it needs"
            )
    shutil.copytree(root, folder, symlinks=True, ignore=left, dirs_exist_ok=True)
