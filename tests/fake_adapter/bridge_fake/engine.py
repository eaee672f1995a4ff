"""Runs a script, and makes the record from the values it leaves."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys

from bridge.adapter import Job
from bridge.engine import collect, kept_notebooks, serve
from bridge.flow import analyse
from bridge.record import Run, StepRun


def run(job: Job) -> Run:
    """The record of the script at ``job.project``."""
    left = job.home / "values.pickle"
    command = [sys.executable, str(job.project / "script.py"), json.dumps(dict(job.parameters))]
    done = subprocess.run([*command, str(left)], check=False)
    sys.path.insert(0, str(job.project))
    values = pickle.loads(left.read_bytes())
    flow = analyse(job.pipeline)
    steps = [StepRun(path, "succeeded") for path in flow.nodes if (path, True) in values]
    record = Run(job.run_id, "fake", "succeeded", artifacts=kept_notebooks(job, "latest"))
    if done.returncode:
        failed = next(path for path in flow.nodes if (path, True) not in values)
        kind, text = values["error"]
        record.status = "failed"
        record.error = {"step": failed, "attempt": 1, "type": kind, "text": text}
        steps.append(StepRun(failed, "failed"))
    record.parameters = {**job.pipeline.parameters, **job.parameters}
    return collect(
        flow,
        record,
        steps,
        lambda output: values[output.step, output.name],
        lambda path: values.get((path, None)),
        job.steps,
    )


if __name__ == "__main__":
    serve(run)
