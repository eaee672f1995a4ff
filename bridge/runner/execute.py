"""One run of a pipeline in this process."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from bridge.errors import Problem, StepError
from bridge.findings import require
from bridge.flow import Flow, Node, Output, Read, analyse
from bridge.inert import is_loading
from bridge.model import Pipeline
from bridge.parameters import overrides
from bridge.record import Run, Status, StepRun
from bridge.results import collect
from bridge.runner import history
from bridge.runner.journal import Journal, resumable
from bridge.runner.support import SUPPORT
from bridge.tasks import Done, Place, perform
from bridge.values import Constant, Fact, Kind

__all__ = ["execute", "run_local"]

Progress = Callable[[StepRun], None]


def execute(
    pipeline: Pipeline,
    parameters: Mapping[str, Any] | None = None,
    parameters_file: str | os.PathLike[str] | None = None,
    run_id: str | None = None,
) -> Run | None:
    """Run ``pipeline`` here and give its record; inert while a source is being loaded.

    Raises ModelError before anything runs, StepError when a step fails (its ``run`` is the record).
    """
    if is_loading():
        return None
    values = overrides(pipeline.parameters, parameters_file, parameters)
    run = run_local(pipeline, values, run_id)
    if run.error:
        error = StepError(
            run.error["step"], run.error["attempt"], run.error["type"], run.error["text"]
        )
        error.run = run
        raise error
    return run


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
    with closing(Journal(folder, values)) as journal:
        run = _Running(flow, values, run_id, place, progress, journal, done).run()
    run.artifacts = {path.name: str(path) for path in sorted(place.artifacts.glob("*"))}
    history.save(run, folder)
    return run


class _Running:
    """A run under way: the values made so far, what each step put, how each step ended."""

    def __init__(
        self,
        flow: Flow,
        parameters: dict[str, Any],
        run_id: str,
        place: Place,
        progress: Progress,
        journal: Journal,
        done: Mapping[str, Mapping[str, Any]],
    ) -> None:
        self.flow = flow
        self.parameters = parameters
        self.run_id = run_id
        self.place = place
        self.progress = progress
        self.journal = journal
        self.done = done
        self.made: dict[Output, Any] = {}
        self.manifests: dict[str, dict[str, str]] = {}
        self.steps: dict[str, StepRun] = {}
        self.error: dict[str, Any] | None = None
        self.began = datetime.now(UTC)
        self._ended: dict[str, bool] = {}

    def run(self) -> Run:
        started = time.perf_counter()
        for path, node in self.flow.nodes.items():
            ready = all(self._has_succeeded(earlier) for earlier in node.after)
            step = self._next(node) if ready else StepRun(path, "skipped", 0)
            self.steps[path] = step
            if ready:
                values = {o.name: self.made[o] for o in node.outputs if o in self.made}
                self.journal.note(node, step, values, self.manifests[path])
            self.progress(step)
        status: Status = "failed" if self.error else "succeeded"
        run = Run(self.run_id, "local", status, error=self.error)
        run.parameters = dict(self.parameters)
        collect(self.flow, run, self.steps.values(), self._made, self.manifests.get)
        run.seconds = time.perf_counter() - started
        return run

    def _has_succeeded(self, path: str) -> bool:
        """Whether a step, or all last tasks of a composite, have succeeded."""
        if path not in self._ended:
            tasks = self.flow.exits[path]
            self._ended[path] = all(self.steps[t].status == "succeeded" for t in tasks)
        return self._ended[path]

    def _next(self, node: Node) -> StepRun:
        """Do the work of a step, or take over what a run that is resumed has finished."""
        earlier = self.done.get(node.path)
        if earlier is None:
            return self._step(node)
        self.made |= {output: earlier["values"][output.name] for output in node.outputs}
        self.manifests[node.path] = earlier["files"]
        return StepRun(node.path, "succeeded", earlier["attempts"], earlier["seconds"])

    def _step(self, node: Node) -> StepRun:
        started = time.perf_counter()
        status: Status = "succeeded"
        done = Done()
        try:
            values = {read.argument.name: self._value(node, read) for read in node.reads}
            files = [self.manifests[path] for path in node.files_from]
            perform(node, values, files, self.place, done)
            for output in node.outputs:
                self.made[output] = self._keep(output, done.values[output.name])
        except (Exception, SystemExit) as error:
            status = "failed"
            self._failed(node, error)
        self.manifests[node.path] = done.manifest
        return StepRun(node.path, status, 1, time.perf_counter() - started)

    def _failed(self, node: Node, error: BaseException) -> None:
        """Note the first failure; it is the one that the run is told to have failed with."""
        text = str(error)
        found = {"step": node.path, "attempt": 1, "type": type(error).__name__, "text": text}
        self.error = self.error or found

    def _value(self, node: Node, read: Read) -> Any:
        source = read.source
        if isinstance(source, Constant):
            return _copy(source.value)
        if isinstance(source, Fact):
            return self._fact(node, source.name)
        if isinstance(source, Output) and source.kind is Kind.PICKLED:
            return self._made(source)
        value = self.made[source] if isinstance(source, Output) else self.parameters[source.name]
        for key in read.path:
            value = _inside(value, key, read)
        return _copy(value)

    def _fact(self, node: Node, name: str) -> Any:
        facts = {
            "run_id": self.run_id,
            "step": node.path,
            "attempt": 1,
            "logical_date": self.began.isoformat(),
        }
        return facts[name]

    def _keep(self, output: Output, value: Any) -> Any:
        """What is held of a value: JSON as it is, an object as a reference into the store."""
        if output.kind is not Kind.PICKLED:
            return value
        from bridge.carried.objects import save_object

        return save_object(value, output.name, self.place.store)

    def _made(self, output: Output) -> Any:
        """What a task gave back; an object is a new one at each call."""
        if output.kind is not Kind.PICKLED:
            return self.made[output]
        from bridge.carried.objects import load_object

        return load_object(self.made[output], self.place.store)


def _inside(value: Any, key: str | int, read: Read) -> Any:
    try:
        return value[key]
    except (LookupError, TypeError):
        raise ValueError(
            f"argument '{read.argument.name}' reads a place {read.path!r} that is not there"
        ) from None


def _copy(value: Any) -> Any:
    """A JSON value that shares nothing with ``value`` that could be changed."""
    return json.loads(json.dumps(value)) if isinstance(value, dict | list) else value
