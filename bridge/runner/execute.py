"""One run of a pipeline by the local engine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from bridge.configuration import store_place
from bridge.errors import Problem, RunError, UsageError
from bridge.flow import Flow, Node, analyse, walk
from bridge.model import ForeignTask, Pipeline
from bridge.record import Run, StepRun, now
from bridge.results import settle, settle_datasets, settle_list, skipped
from bridge.runner import history
from bridge.runner.cache import Cache
from bridge.runner.executors import Executor, Here, Kind
from bridge.runner.finished import Finished
from bridge.runner.journal import Journal
from bridge.runner.places import tasks
from bridge.runner.running import Ended, Frame, Running
from bridge.runner.together import Room
from bridge.runner.watch import Watch
from bridge.tasks import Place
from bridge.values import Kind as ValueKind

__all__ = ["run_local"]

Progress = Callable[[StepRun], None]


def run_local(
    pipeline: Pipeline,
    parameters: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    progress: Progress | None = None,
    resume: str | None = None,
    warn: Callable[[Problem], None] = lambda problem: None,
    *,
    jobs: int | None = None,
    workers: Kind = "processes",
    rerun_changed: bool = False,
    watch: Watch | None = None,
) -> Run:
    """The record of a run with ``parameters`` over those declared; a failed step is in it.

    At most ``jobs`` tasks are carried out at once (default: one a core), in ``workers`` of that
    kind. With ``resume`` it goes on where the run of that id stopped; if code or parameters have
    changed, only ``rerun_changed`` lets it. ``warn`` is told what is legal but seldom meant,
    ``progress`` or ``watch`` what happens. Raises ModelError, TranslationError or UsageError
    before anything runs, RunError when the run cannot be recorded.
    """
    values = {**pipeline.parameters, **(parameters or {})}
    flow = analyse(pipeline, values)
    _refuse_foreign(pipeline)
    for warning in flow.warnings:
        warn(warning)
    nodes = dict(tasks(flow))
    run_id = run_id or history.new_id()
    run = Run(run_id, "local", "succeeded", pipeline=pipeline.name, started=now())
    run.store = store_place()
    finished = Finished(run, nodes, Cache(history.home()))
    adopted = finished.take(history.stopped(resume), values, not rerun_changed) if resume else []
    folder = history.make(run_id)
    place = Place(run.store, folder / "artifacts")
    started = time.perf_counter()
    told = {"run": run_id, "pipeline": run.pipeline, "started": run.started, "resumes": resume}
    watch = watch or _Progress(progress)
    with _journal(folder, values, told) as journal:
        journal.adopt(adopted)
        room = Room(1 if workers == "inline" else _size(jobs))
        with _executor(workers, (pipeline, values), nodes, place, folder, watch) as executor:
            running = Running(run_id, place, executor, room, journal, finished, watch)
            given = {name: (ValueKind.JSON, value) for name, value in values.items()}
            ended = running.flow(Frame(flow, given=given))
        try:
            _record(run, flow, ended, running, values)
        except OSError as error:
            raise RunError(
                f"run '{run_id}' has ended, but what it gave cannot be read back: {error}; "
                f"go on with --resume {run_id} when that is mended"
            ) from error
        run.seconds = time.perf_counter() - started
        run.artifacts = {path.name: str(path) for path in sorted(place.artifacts.glob("*"))}
        history.save(run, folder)
    return run


def _refuse_foreign(pipeline: Pipeline) -> None:
    """Refuse what cannot run here; that are tasks in the terms of a framework, nothing else."""
    if any(isinstance(step, ForeignTask) for _, step in walk(pipeline)):
        from bridge.findings import require
        from bridge.runner.support import SUPPORT

        require(pipeline, SUPPORT, "the local engine cannot run this pipeline")


def _size(jobs: int | None) -> int:
    if jobs is not None and jobs < 1:
        raise UsageError(f"a run needs at least 1 job, not {jobs}")
    if jobs is None and hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return jobs or os.cpu_count() or 1


@contextmanager
def _journal(folder: Path, values: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Journal]:
    journal = Journal(folder, values, **told)
    try:
        yield journal
    except BaseException as error:
        with suppress(RunError):  # else the process of the run says that it is over, when it is
            journal.write({"over": type(error).__name__})
        raise
    finally:
        journal.close()


@contextmanager
def _executor(
    kind: Kind,
    told: tuple[Pipeline, Mapping[str, Any]],
    nodes: Mapping[str, Node],
    place: Place,
    folder: Path,
    watch: Watch,
) -> Iterator[Executor]:
    executor: Executor
    if kind == "processes":
        from bridge.runner.workers import Workers

        executor = Workers(told, nodes, place, folder / "logs", watch)
    else:
        executor = Here(nodes, place)
    try:
        yield executor
    finally:
        executor.close()


class _Progress(Watch):
    """Tells of the steps that have ended alone."""

    def __init__(self, tell: Progress | None) -> None:
        self._tell = tell

    def ended(self, step: StepRun) -> None:
        if self._tell:
            self._tell(step)


def _record(
    run: Run, flow: Flow, ended: Ended, running: Running, parameters: Mapping[str, Any]
) -> None:
    """Fill the record of a run from how it has ended."""
    run.status = "failed" if ended.error else "succeeded"
    run.error = ended.error
    run.frames = run.error.pop("frames") if run.error else []
    run.steps = ended.steps + [StepRun(n, "skipped", 0) for n in skipped(flow, ended.steps)]
    values = {name: (ValueKind.JSON, value) for name, value in parameters.items()} | ended.values
    if not ended.error:  # whichever way it took, a name is what the pipeline says it is
        values |= {n: (flow.sets[n].kind, held) for n, (_, held) in ended.values.items()}
    run.kept = {n: held for n, (kind, held) in values.items() if kind is ValueKind.PICKLED}
    lists = {n: held for n, held in run.kept.items() if isinstance(held, list)}
    settle(run, {n: (h[0], running.load(h)) for n, h in values.items() if n not in lists})
    for name, held in lists.items():
        settle_list(run, name, [partial(running.load, (ValueKind.PICKLED, h)) for h in held])
    for manifest in ended.files:
        run.files |= manifest
    settle_datasets(run, running.saved.values())
