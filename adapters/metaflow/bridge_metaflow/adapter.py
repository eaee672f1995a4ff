"""The adapter: what it supports, and the way to its writer and engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bridge.adapter import Export, Import, Job, Options, Source
from bridge.engine import run_apart
from bridge.findings import Feature, Support
from bridge.model import Pipeline
from bridge.record import Run
from bridge_metaflow.tables import SUPPORT

__all__ = ["METAFLOW", "Metaflow"]


class Metaflow:
    """Metaflow 2.19 and later, as a target and as an engine."""

    name = "metaflow"
    reads = True
    support: Mapping[Feature, Support] = SUPPORT

    @property
    def framework(self) -> str:
        """The installed version of Metaflow, or empty text."""
        try:
            return version("metaflow")
        except PackageNotFoundError:
            return ""

    def recognises(self, source: Path) -> bool:
        """Whether ``source`` is a Python file that imports Metaflow's ``FlowSpec``."""
        if source.suffix != ".py" or not source.is_file():
            return False
        text = source.read_text(encoding="utf-8", errors="replace")
        return "metaflow" in text and "FlowSpec" in text

    def read(self, source: Source) -> Import:
        """The pipeline that a flow's file holds; no code of it is run. Raises SourceError."""
        from bridge_metaflow.reading.reader import read

        return read(source)

    def write(self, pipeline: Pipeline, options: Options) -> Export:
        """The flow for ``pipeline``, in a file that Metaflow's command line runs."""
        from bridge_metaflow.writer import write

        return write(pipeline, options)

    def units(self, pipeline: Pipeline) -> dict[str, str]:
        """The steps that have no place of their own in a flow, and why."""
        from bridge_metaflow.lowering import units

        return units(pipeline)

    def run(self, job: Job) -> Run:
        """Run the exported flow by Metaflow's own command, in the job's home."""
        return run_apart("bridge_metaflow.engine", job, _environment(job))

    def run_source(self, source: Source, job: Job) -> Run:
        """Run the flow at ``source`` as it is, by Metaflow's own command, in the job's home."""
        from bridge_metaflow.original import SourceJob

        own = SourceJob(**{**vars(job), "source": source})
        return run_apart("bridge_metaflow.original", own, _environment(job))


def _environment(job: Job) -> dict[str, str]:
    home = str(job.home / "metaflow")
    return {
        "METAFLOW_HOME": home,
        "METAFLOW_DATASTORE_SYSROOT_LOCAL": home,
        "METAFLOW_USER": os.environ.get("METAFLOW_USER", "bridge"),
    }


METAFLOW = Metaflow()
