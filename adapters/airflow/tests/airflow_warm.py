"""An Airflow that is started once, in which one DAG is run after the other.

What runs is the engine of the adapter, as ever, with a database, a store, a log and a working
directory for each run; it is spared the seconds in which Airflow starts. The end of this file is
what the process does that has the Airflow.
"""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from bridge.adapter import Job
from bridge.engine import STEPS_VARIABLE, STORE_VARIABLE
from bridge.errors import RunError
from bridge.modules import apart
from bridge.record import Run
from bridge_airflow import engine
from bridge_airflow.home import settings

__all__ = ["warm"]

_ENDED = "ended\n"


@contextmanager
def warm() -> Iterator[None]:
    """Inside, jobs are run by one process."""
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
                raise RunError("the Airflow of all runs has ended")
        log = job.home / "engine.log"
        if not answer.exists():
            raise RunError(log.read_text(encoding="utf-8", errors="replace"))
        run = Run.from_json(json.loads(answer.read_text(encoding="utf-8")))
        run.artifacts.setdefault("log", str(log))
        return run


def _serve() -> None:
    """Run every job that is asked for, one after the other."""
    told = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        _run(*json.loads(line))
        print(_ENDED, end="", file=told, flush=True)


def _run(question: str, answer: str, folder: str, surroundings: dict[str, str]) -> None:
    from airflow import settings as of_airflow

    os.environ.clear()
    os.environ.update(surroundings)
    os.chdir(folder)
    job: Job = pickle.loads(Path(question).read_bytes())
    log = os.open(job.home / "engine.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    of_airflow.configure_vars()
    of_airflow.dispose_orm(do_log=False)
    of_airflow.configure_orm()
    with apart():
        sys.path[:0] = surroundings["PYTHONPATH"].split(os.pathsep)
        try:
            record = engine.run(job)
        except RunError:
            traceback.print_exc()
        else:
            Path(answer).write_text(json.dumps(record.to_json()), encoding="utf-8")


if __name__ == "__main__":
    _serve()
