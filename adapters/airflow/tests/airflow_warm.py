"""An Airflow that is imported once: each run of a DAG is a process forked from it.

What runs is the engine of the adapter, as ever, in a process with an Airflow home, a database and
a working directory of its own; it is spared the seconds in which Airflow is imported. The end of
this file is what the process that has imported Airflow does.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from bridge_airflow import engine
from bridge_airflow.home import settings

from bridge.adapter import Job
from bridge.engine import STEPS_VARIABLE, STORE_VARIABLE, serve
from bridge.errors import RunError
from bridge.record import Run

__all__ = ["warm"]

_ENDED = "ended\n"


@contextmanager
def warm() -> Iterator[None]:
    """Inside, jobs are run by forks of one process."""
    with tempfile.TemporaryDirectory(prefix="bridge-airflow-") as folder:
        home = Path(folder)
        with (
            subprocess.Popen(
                [sys.executable, __file__],
                env={**os.environ, **settings(home, home / "dags")},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as process,
            patch("bridge.engine.run_apart", _Runner(process)),
        ):
            yield
            process.communicate()


class _Runner:
    """Stands where ``run_apart`` does."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, module: str, job: Job, environment: Mapping[str, str]) -> Run:
        assert module == engine.__name__
        for folder in (job.home, job.workdir, job.store):
            folder.mkdir(parents=True, exist_ok=True)
        question, answer = job.home / "job.pickle", job.home / "run.json"
        question.write_bytes(pickle.dumps(replace(job, progress=print)))
        places = {STORE_VARIABLE: str(job.store), STEPS_VARIABLE: str(job.steps)}
        surroundings = {**os.environ, **places, **environment}
        asked = [str(question), str(answer), str(job.workdir), surroundings]
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        while (line := self._process.stdout.readline()) != _ENDED:
            if not line:
                raise RunError("the Airflow that was imported has ended")
        run = Run.from_json(json.loads(answer.read_text(encoding="utf-8")))
        run.artifacts.setdefault("log", str(job.home / "engine.log"))
        return run


def _serve() -> None:
    """Import Airflow, and run every job that is asked for in a fork."""
    import airflow.dag_processing.dagbag
    import airflow.sdk.execution_time.task_runner
    import airflow.serialization.serialized_objects  # noqa: F401

    for line in sys.stdin:
        asked = json.loads(line)
        if child := os.fork():
            os.waitpid(child, 0)
            print(_ENDED, end="", flush=True)
            continue
        try:
            _run(*asked)
        finally:
            os._exit(0)


def _run(question: str, answer: str, folder: str, surroundings: dict[str, str]) -> None:
    from airflow import settings as of_airflow

    os.environ.clear()
    os.environ.update(surroundings)
    os.chdir(folder)
    sys.path[:0] = surroundings["PYTHONPATH"].split(os.pathsep)
    sys.argv[1:] = [question, answer]
    of_airflow.configure_vars()
    of_airflow.configure_orm()
    serve(engine.run)


if __name__ == "__main__":
    _serve()
