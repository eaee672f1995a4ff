"""An Airflow of one run's own: its home, its settings, and a database that is ready at once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from bridge.adapter import Job
from bridge.errors import RunError

__all__ = ["environment", "environment_of_source", "make_database", "settings"]

_DATABASE = "airflow.db"


def environment(job: Job) -> dict[str, str]:
    """The variables under which Airflow runs the job, apart from the user's own Airflow."""
    paths = [str(job.project.resolve()), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**settings(_home(job), job.project.resolve()), "PYTHONPATH": os.pathsep.join(paths)}


def environment_of_source(job: Job) -> dict[str, str]:
    """The variables under which Airflow runs a DAG file as it is; its dags folder is empty."""
    dags = _home(job) / "dags"
    dags.mkdir(parents=True, exist_ok=True)
    return settings(_home(job), dags)


def _home(job: Job) -> Path:
    return job.home.resolve() / "airflow"


def settings(home: Path, dags: Path) -> dict[str, str]:
    """The variables of an Airflow with this home and this folder of DAGs."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(home / "airflow.cfg"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__XCOM_BACKEND": "airflow.sdk.execution_time.xcom.BaseXCom",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / _DATABASE}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
        "AIRFLOW__SECRETS__BACKEND": "",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "DO_NOT_TRACK": "1",
        "SCARF_ANALYTICS": "false",
    }


def make_database(job: Job) -> None:
    """Lay an empty database with all its tables into the job's Airflow home.

    Making one takes some ten seconds; it is kept for this version of Airflow in the user's cache,
    where that can be written to.
    """
    target = _home(job) / _DATABASE
    target.parent.mkdir(parents=True, exist_ok=True)
    kept = _cache(job.home) / f"airflow-{version('apache-airflow-core')}.db"
    if not kept.exists():
        _migrate(kept)
    shutil.copyfile(kept, target)


def _cache(otherwise: Path) -> Path:
    place = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(place) / "bridge"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return otherwise
    return cache if os.access(cache, os.W_OK) else otherwise


def _migrate(target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".airflow-", dir=target.parent) as folder:
        home = Path(folder)
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env={**os.environ, **settings(home, home / "dags")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RunError(f"Airflow cannot make its database: {done.stdout[-2000:]}")
        (home / _DATABASE).replace(target)
