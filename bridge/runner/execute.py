"""One run of a pipeline in this process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from bridge.errors import Problem
from bridge.findings import require
from bridge.flow import Flow, analyse
from bridge.model import Pipeline
from bridge.record import Run, StepRun, now
from bridge.results import settle, settle_datasets, skipped
from bridge.runner import history
from bridge.runner.journal import Journal, resumable
from bridge.runner.running import Ended, Frame, Running
from bridge.runner.support import SUPPORT
from bridge.tasks import Place
from bridge.values import Kind

__all__ = ["run_local"]

Progress = Callable[[StepRun], None]


def run_local(
    pipeline: Pipeline,
    parameters: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    progress: Progress = lambda step: None,
    resume: str | None = None,
    warn: Callable[[Problem], None] = lambda problem: None,
) -> Run:
    """The record of a run with ``parameters`` over those declared; a failed step is in it.

    With ``resume`` it goes on where the run of that id stopped; ``warn`` is told what is legal
    but seldom meant. Raises ModelError, TranslationError or UsageError before anything runs.
    """
    values = {**pipeline.parameters, **(parameters or {})}
    flow = analyse(pipeline, values)
    require(pipeline, SUPPORT, "the local engine cannot run this pipeline")
    for warning in flow.warnings:
        warn(warning)
    done = resumable(history.folder(resume), flow, values) if resume else {}
    run_id = run_id or history.new_id()
    folder = history.make(run_id)
    place = Place(str(history.home() / "store"), folder / "artifacts")
    run = Run(run_id, "local", "succeeded", pipeline=pipeline.name, started=now())
    run.store = place.store
    started = time.perf_counter()
    with closing(Journal(folder, values)) as journal:
        running = Running(run_id, place, progress, journal, done)
        given = {name: (Kind.JSON, value) for name, value in values.items()}
        _record(run, flow, running.flow(Frame(flow, given=given)), running, values)
    run.seconds = time.perf_counter() - started
    run.artifacts = {path.name: str(path) for path in sorted(place.artifacts.glob("*"))}
    history.save(run, folder)
    return run


def _record(
    run: Run, flow: Flow, ended: Ended, running: Running, parameters: Mapping[str, Any]
) -> None:
    """Fill the record of a run from how it has ended."""
    run.status = "failed" if ended.error else "succeeded"
    run.error = ended.error
    run.frames = run.error.pop("frames") if run.error else []
    run.steps = running.steps + [StepRun(n, "skipped", 0) for n in skipped(flow, running.steps)]
    values = {name: (Kind.JSON, value) for name, value in parameters.items()} | ended.values
    if not ended.error:  # whichever way it took, a name is what the pipeline says it is
        values |= {n: (flow.sets[n].kind, held) for n, (_, held) in ended.values.items()}
    run.kept = {name: held for name, (kind, held) in values.items() if kind is Kind.PICKLED}
    settle(run, {name: (kind, running.load((kind, held))) for name, (kind, held) in values.items()})
    for manifest in ended.files:
        run.files |= manifest
    settle_datasets(run, running.saved.values())
