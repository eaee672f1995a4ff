"""Running an engine in a process of its own, and making the record of what it did.

An adapter's ``run`` calls ``run_apart`` with the name of its engine module; that module ends with
``if __name__ == "__main__": serve(run)``. What the engine prints goes to a log in the job's home.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from bridge.adapter import Job
from bridge.emit.body import NOTEBOOKS
from bridge.errors import RunError
from bridge.record import Run
from bridge.results import collect

__all__ = ["collect", "kept_notebooks", "run_apart", "serve"]

STORE_VARIABLE = "PIPELINE_STORE"
"""The environment variable by which an exported project is told where its store is."""

STEPS_VARIABLE = "PIPELINE_STEPS"
"""The environment variable that names the file in which tasks inside a task are noted."""

_LOG_TAIL = 4_000
_STEP = "step ended: "


def run_apart(module: str, job: Job, environment: Mapping[str, str]) -> Run:
    """Run ``python -m module`` for ``job`` and give the record that it answers with.

    The process sees the caller's environment with ``environment`` over it and the job's store,
    and starts in the job's working directory. Raises RunError when it dies without an answer.
    """
    for folder in (job.home, job.workdir, job.store):
        folder.mkdir(parents=True, exist_ok=True)
    job.steps.unlink(missing_ok=True)
    question, answer = job.home / "job.pickle", job.home / "run.json"
    answer.unlink(missing_ok=True)
    question.write_bytes(pickle.dumps(replace(job, progress=print)))
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", module, str(question), str(answer)],
        cwd=job.workdir,
        env={
            **os.environ,
            STORE_VARIABLE: str(job.store),
            STEPS_VARIABLE: str(job.steps),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(_STEP):  # a framework may print when it is imported
                job.progress(line.removeprefix(_STEP).rstrip("\n"))
    if not answer.exists():
        raise RunError(_died(module, process.returncode, job.home / "engine.log"))
    run = Run.from_json(json.loads(answer.read_text(encoding="utf-8")))
    run.seconds = run.seconds or time.monotonic() - started
    run.artifacts.setdefault("log", str(job.home / "engine.log"))
    return run


def kept_notebooks(job: Job, run_id: str) -> dict[str, str]:
    """The notebooks that an export kept of the run that its engine calls ``run_id``, by name."""
    found = sorted((job.workdir / NOTEBOOKS / run_id).glob("*.ipynb"))
    return {path.name: str(path) for path in found}


def _died(module: str, code: int, log: Path) -> str:
    tail = log.read_text(errors="replace")[-_LOG_TAIL:].strip() if log.exists() else ""
    return f"the engine {module} ended with code {code} and no record; the end of {log}:\n{tail}"


def serve(run: Callable[[Job], Run]) -> None:
    """Answer one job in the process that ``run_apart`` started.

    Everything the engine and the user's code print goes to the log; the steps that end are told to
    the parent through the original standard output.
    """
    question, answer = map(Path, sys.argv[1:3])
    job: Job = pickle.loads(question.read_bytes())
    told = os.fdopen(os.dup(1), "w", buffering=1)
    log = os.open(job.home / "engine.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    record = run(replace(job, progress=lambda step: print(f"{_STEP}{step}", file=told)))
    draft = answer.with_suffix(".part")
    draft.write_text(json.dumps(record.to_json()), encoding="utf-8")
    draft.replace(answer)
