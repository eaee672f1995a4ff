"""Runs an exported flow by Metaflow's own command and reads the results with its client."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.adapter import Job
from bridge.engine import collect, kept_notebooks, serve
from bridge.errors import RunError
from bridge.flow import Output, analyse
from bridge.record import Run, Status, StepRun
from bridge_metaflow.layout import FlowStep
from bridge_metaflow.plan import Plan, plan
from bridge_metaflow.writer import parameter_type

__all__ = ["run"]

_ENDED = re.compile(r"\[\d+/(\w+)/\d+ \(pid \d+\)\] Task (finished successfully|failed)\.$")
_OWN = {f"METAFLOW_{name}" for name in ("HOME", "USER", "DATASTORE_SYSROOT_LOCAL")}


def run(job: Job) -> Run:
    """Run the flow at ``job.project``; a failed run is a record too.

    Raises RunError when Metaflow refuses to start.
    """
    _isolate(job)
    laid = plan(analyse(job.pipeline))
    run_id, failed = _execute(job, laid)
    found = _Found(laid, run_id, failed)
    steps = [step for flow_step in laid.steps for step in found.steps(flow_step)]
    status: Status = "succeeded" if found.run.successful and not found.error else "failed"
    record = Run(job.run_id, "metaflow", status, error=found.error)
    record.parameters = {**job.pipeline.parameters, **job.parameters}
    record.artifacts["metaflow"] = f"{laid.class_name}/{run_id}"
    record.artifacts |= kept_notebooks(job, run_id)
    return collect(laid.flow, record, steps, found.value, found.manifest)


def _isolate(job: Job) -> None:
    """Take what would send the run elsewhere out of the environment; let objects be loaded."""
    for name in [n for n in os.environ if n.startswith("METAFLOW_") and n not in _OWN]:
        del os.environ[name]
    Path(os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"]).mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(job.project))


def _execute(job: Job, laid: Plan) -> tuple[str, list[str]]:
    """Run the flow to its end; gives Metaflow's id of the run and the steps that failed."""
    id_file = job.home / "metaflow-run-id"
    id_file.unlink(missing_ok=True)
    tasks = {laid.names.step[step]: step.tasks for step in laid.steps}
    tail: deque[str] = deque(maxlen=10)
    failed = []
    for line in _output(_command(job, laid, id_file)):
        tail.append(line)
        ended = _ENDED.search(line.rstrip())
        if ended and ended[2] == "failed":
            failed.append(ended[1])
        elif ended:
            for path in tasks[ended[1]]:
                job.progress(path)
    if not id_file.exists():
        raise RunError(f"metaflow did not start the flow:\n{''.join(tail).strip()}")
    return id_file.read_text().strip(), failed


def _output(command: list[str]) -> Iterator[str]:
    """The lines that a command prints, which also go to the log."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            yield line


def _command(job: Job, laid: Plan, id_file: Path) -> list[str]:
    flow = str(job.project / laid.file)
    workers = str(max(2, os.cpu_count() or 2))
    options = [f"--run-id-file={id_file}", f"--max-workers={workers}", "--max-num-splits=100000"]
    given = [
        f"--{own}={_as_text(name, laid.flow.pipeline.parameters[name], job.parameters[name])}"
        for name, own in laid.names.parameters.items()
        if name in job.parameters
    ]
    local = ["--datastore=local", "--metadata=local", "--environment=local"]
    quiet = ["--no-pylint", "--quiet"]
    return [sys.executable, "-u", flow, *quiet, *local, "run", *options, *given]


def _as_text(name: str, default: Any, value: Any) -> str:
    """A value as the command line takes it for a Parameter with this default.

    Raises RunError for one that Metaflow would refuse or, worse, silently take for another.
    """
    kind = parameter_type(default)
    if kind == "JSONType":
        if value is None and default is not None:
            raise RunError(f"'{name}' cannot be None: Metaflow would take its default instead")
        return json.dumps(value)
    fits = type(value) is type(default) or (kind == "float" and type(value) is int)
    if not fits:
        raise RunError(f"'{name}' is a Parameter of type {kind}, which cannot be {value!r}")
    return value if isinstance(value, str) else repr(value)


class _Found:
    """What Metaflow has recorded of a run; ``error`` is that of the first step that failed."""

    def __init__(self, laid: Plan, run_id: str, failed: list[str]) -> None:
        from metaflow import Run as MetaflowRun
        from metaflow import namespace

        namespace(None)
        self.plan = laid
        self.run = MetaflowRun(f"{laid.class_name}/{run_id}")
        self.error: dict[str, Any] | None = None
        self._failed = failed
        self._task = {step.id: step.task for step in self.run}
        self._place = {path: laid.names.step[s] for s in laid.steps for path in s.tasks}

    def steps(self, step: FlowStep) -> Iterator[StepRun]:
        """How each task of a step ended; nothing for those that did not."""
        name = self.plan.names.step[step]
        task = self._task.get(name)
        if task is None or not (task.successful or name in self._failed):
            return
        attempts, seconds = task.current_attempt + 1, _seconds(task) / max(1, len(step.tasks))
        failed = self._lost(step, task) if task.successful else self._failed_task(step, task)
        for path in step.tasks:
            yield StepRun(path, "failed" if path == failed else "succeeded", attempts, seconds)
            if path == failed:
                return

    def _failed_task(self, step: FlowStep, task: Any) -> str:
        """The path of the task that failed in a step; notes the error of the first step."""
        error = task.exception
        path = self._in_trace(step, getattr(error, "stacktrace", None) or "")
        if self._failed[0] == self.plan.names.step[step]:
            last = " ".join(task.stderr.split()).removesuffix("Task failed.").strip()
            kind = error.type.rpartition(".")[2] if error else "RuntimeError"
            self._note(
                path, task, kind, error.exception if error else last or "the step's process died"
            )
        return path

    def _in_trace(self, step: FlowStep, trace: str) -> str:
        """The task in whose method an exception arose; of a step with a single task, that one."""
        methods = {self.plan.names.task[path]: path for path in step.tasks}
        called = re.findall(rf'{re.escape(self.plan.file)}", line \d+, in (\w+)', trace)
        found = [methods[name] for name in called if name in methods]
        return [*step.tasks[:1], *found][-1] if step.tasks else self.plan.names.step[step]

    def _lost(self, step: FlowStep, task: Any) -> str:
        """The first task of which Metaflow has silently left out a value, if any."""
        for path in step.tasks:
            for output in self.plan.flow.nodes[path].outputs:
                if self.plan.names.artifact(output) not in task:
                    text = f"'{output.name}' is a function, which Metaflow keeps no artifact of"
                    self._note(path, task, "TypeError", text)
                    return path
        return ""

    def _note(self, path: str, task: Any, kind: str, text: str) -> None:
        found = {"step": path, "attempt": task.current_attempt + 1, "type": kind, "text": text}
        self.error = self.error or found

    def value(self, output: Output) -> Any:
        """What a task gave back."""
        return self._task[self._place[output.step]][self.plan.names.artifact(output)].data

    def manifest(self, path: str) -> Mapping[str, str] | None:
        """The files that a task put."""
        task, name = self._task[self._place[path]], self.plan.names.files(path)
        found: Mapping[str, str] | None = task[name].data if name in task else None
        return found


def _seconds(task: Any) -> float:
    """The time that all attempts of a task took, without the start of their processes."""
    began, total = None, 0.0
    for entry in sorted(task.metadata, key=lambda entry: entry.created_at):
        if entry.name == "attempt":
            began = entry.created_at
        elif entry.name == "attempt_ok" and began:
            total += (entry.created_at - began) / 1000
    return total


if __name__ == "__main__":
    serve(run)
