"""Runs an exported flow by Metaflow's own command and reads the results with its client."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bridge.adapter import Job
from bridge.engine import collect, kept_notebooks, serve
from bridge.errors import RunError
from bridge.flow import analyse
from bridge.record import Run, Status
from bridge.unit import Unit
from bridge_metaflow.found import Found, items
from bridge_metaflow.places import Place
from bridge_metaflow.plan import Plan, plan
from bridge_metaflow.writer import parameter_type

__all__ = ["isolate", "output", "program", "run"]

_ENDED = re.compile(r"\[(\d+)/(\w+)/(\d+) \(pid \d+\)\] Task (finished successfully|failed)\.$")
_OWN = {f"METAFLOW_{name}" for name in ("HOME", "USER", "DATASTORE_SYSROOT_LOCAL")}


def run(job: Job) -> Run:
    """Run the flow at ``job.project``; a failed run is a record too.

    Raises RunError when Metaflow refuses to start.
    """
    isolate(job)
    laid = plan(analyse(job.pipeline))
    run_id, failed = _execute(job, laid)
    found = Found(laid, run_id, failed, job.steps)
    steps = found.steps()
    status: Status = "succeeded" if found.run.successful and not found.error else "failed"
    record = Run(job.run_id, "metaflow", status, error=found.error)
    record.parameters = {**job.pipeline.parameters, **job.parameters}
    record.artifacts["metaflow"] = f"{laid.class_name}/{run_id}"
    record.artifacts |= kept_notebooks(job, run_id)
    collect(laid.flow, record, steps, found.value, found.manifest, job.steps)
    found.handled(record)
    return record


def isolate(job: Job) -> None:
    """Take what would send the run elsewhere out of the environment; let objects be loaded."""
    for name in [n for n in os.environ if n.startswith("METAFLOW_") and n not in _OWN]:
        del os.environ[name]
    Path(os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"]).mkdir(parents=True, exist_ok=True)
    sys.path.insert(0, str(job.project))


def _execute(job: Job, laid: Plan) -> tuple[str, list[str]]:
    """Run the flow to its end; gives Metaflow's ids of the run and of the tasks that failed."""
    id_file = job.home / "metaflow-run-id"
    id_file.unlink(missing_ok=True)
    tail: deque[str] = deque(maxlen=10)
    watch = _Watch(job, laid)
    for line in output(_command(job, laid, id_file)):
        tail.append(line)
        watch.see(line.rstrip())
    if not id_file.exists():
        raise RunError(f"metaflow did not start the flow:\n{''.join(tail).strip()}")
    return id_file.read_text().strip(), watch.failed


class _Watch:
    """Tells of each step as it ends, by what Metaflow prints; ``failed`` are ids of its tasks."""

    def __init__(self, job: Job, laid: Plan) -> None:
        self.failed: list[str] = []
        self._job, self._plan = job, laid
        self._steps = {laid.names.step[step]: step for step in laid.steps}
        self._turns: Counter[Place] = Counter()
        self._read = 0

    def see(self, line: str) -> None:
        """Look at a line of the log."""
        ended = _ENDED.search(line)
        if ended is None:
            return
        run_id, step, task_id, how = ended.groups()
        if how == "failed":
            self.failed += [task_id] if task_id not in self.failed else []
            return
        for place in self._steps[step].tasks:
            if isinstance(place.node.task, Unit):
                self._tell_noted()
                continue
            numbers: tuple[int, ...] = ()
            if place.maps:
                numbers = _items(f"{self._plan.class_name}/{run_id}/{step}/{task_id}")
            elif place.repeats:
                numbers = (self._turns[place],)
                self._turns[place] += 1
            self._job.progress(place.name(numbers))

    def _tell_noted(self) -> None:
        """Tell of those that share a step and have noted how they ended."""
        if self._job.steps.exists():
            whole = self._job.steps.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
            for line in whole[self._read :]:
                self._job.progress(json.loads(line)["name"])
            self._read = len(whole)


def _items(pathspec: str) -> tuple[int, ...]:
    from metaflow import Task, namespace

    namespace(None)
    return items(Task(pathspec))


def output(command: list[str]) -> Iterator[str]:
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
    return [*program(flow), *quiet, *local, "run", *options, *given]


def program(flow: str) -> list[str]:
    """The command that runs the file of a flow; where processes can be copied, one that does so."""
    launch = [str(Path(__file__).with_name("launch.py"))] if sys.platform == "linux" else []
    return [sys.executable, "-u", *launch, flow]


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


if __name__ == "__main__":
    serve(run)
