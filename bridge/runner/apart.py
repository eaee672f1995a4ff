"""The local engine as one engine among others: in a process and a home of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from bridge.adapter import Job
from bridge.engine import run_apart, serve
from bridge.record import Run
from bridge.runner.execute import run_local

__all__ = ["run"]


def run(job: Job, path: Sequence[str] | None = None) -> Run:
    """Run the job's pipeline by the local engine, elsewhere.

    Its code is found by ``path`` (default: as it is found here).
    """
    found = os.pathsep.join(filter(None, sys.path if path is None else path))
    return run_apart(
        "bridge.runner.apart", job, {"BRIDGE_HOME": str(job.home), "PYTHONPATH": found}
    )


def _serve(job: Job) -> Run:
    return run_local(job.pipeline, job.parameters, job.run_id, lambda step: job.progress(step.name))


if __name__ == "__main__":
    serve(_serve)
