"""The adapter itself: what the core asks for, each handed to the module that does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from bridge.adapter import Export, Import, Job, Options, Source
from bridge.errors import AdapterError
from bridge.findings import Feature, Support
from bridge.model import Pipeline
from bridge.record import Run
from bridge_airflow.tables import SUPPORT

__all__ = ["AIRFLOW", "AirflowAdapter"]

_IMPORT = re.compile(r"^\s*(from|import)\s+airflow\b", re.MULTILINE)
_DAG = re.compile(r"\bdag\b|\bDAG\b")


class AirflowAdapter:
    """Airflow 3 as bridge sees it."""

    name = "airflow"
    reads = False

    @property
    def framework(self) -> str:
        """The version of Airflow that is installed."""
        return version("apache-airflow")

    @property
    def support(self) -> Mapping[Feature, Support]:
        """What becomes of every feature."""
        return SUPPORT

    def recognises(self, source: Path) -> bool:
        """Whether ``source`` is a Python file that makes a DAG, or a folder with one in it."""
        files = sorted(source.glob("*.py")) if source.is_dir() else [source]
        return any(path.suffix == ".py" and _makes_dag(path) for path in files)

    def read(self, source: Source) -> Import:
        """Not there yet: raises AdapterError."""
        raise AdapterError("reading airflow projects is not supported yet")

    def write(self, pipeline: Pipeline, options: Options) -> Export:
        """The DAG file and what goes beside it."""
        from bridge_airflow.writer import write

        return write(pipeline, options)

    def units(self, pipeline: Pipeline) -> dict[str, str]:
        """The steps that have no place in Airflow where they stand, and why."""
        from bridge_airflow.units import units

        return units(pipeline)

    def run(self, job: Job) -> Run:
        """Run by ``dag.test()``, in a process and an AIRFLOW_HOME of its own."""
        from bridge.engine import run_apart
        from bridge_airflow.home import environment

        return run_apart("bridge_airflow.engine", job, environment(job))


def _makes_dag(path: Path) -> bool:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return bool(_IMPORT.search(text) and _DAG.search(text))


AIRFLOW = AirflowAdapter()
