"""The adapter itself: what the core asks for, each handed to the module that does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from bridge.adapter import Export, Import, Job, Options, Source
from bridge.findings import Feature, Support
from bridge.model import Pipeline
from bridge.record import Run
from bridge_airflow.tables import SUPPORT

__all__ = ["AIRFLOW", "AirflowAdapter", "makes_dag"]

_IMPORT = re.compile(r"^\s*(from|import)\s+airflow\b", re.MULTILINE)
_DAG = re.compile(r"\bdag\b|\bDAG\b")


class AirflowAdapter:
    """Airflow 3 as bridge sees it."""

    name = "airflow"
    reads = True

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
        return any(path.suffix == ".py" and makes_dag(path) for path in files)

    def read(self, source: Source) -> Import:
        """The pipeline of a DAG file, or of a folder with one. Raises SourceError."""
        from bridge_airflow.reading_dag.reader import read

        return read(source)

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

    def run_source(self, source: Source, job: Job) -> Run:
        """Run a DAG file as it is by ``dag.test()``, in a process and a home of its own."""
        from bridge.engine import run_apart
        from bridge_airflow.home import environment_of_source
        from bridge_airflow.source_job import SourceJob

        given = SourceJob(**vars(job), source=source)
        return run_apart("bridge_airflow.original", given, environment_of_source(job))


def makes_dag(path: Path) -> bool:
    """Whether a file looks like one that makes a DAG."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    return bool(_IMPORT.search(text) and _DAG.search(text))


AIRFLOW = AirflowAdapter()
