"""What the adapter is, in one place."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from pathlib import Path

from bridge.adapter import Export, Import, Job, Options, Source
from bridge.engine import run_apart
from bridge.findings import Feature, Support
from bridge.model import Pipeline
from bridge.record import Run
from bridge_fake.cook import run_source
from bridge_fake.reader import FILE, read
from bridge_fake.tables import SUPPORT
from bridge_fake.writer import write


class FakeAdapter:
    """Python itself as a framework."""

    name = "fake"
    reads = True
    support: Mapping[Feature, Support] = SUPPORT

    @property
    def framework(self) -> str:
        return platform.python_version()

    def recognises(self, source: Path) -> bool:
        return source.name == FILE or (source / FILE).is_file()

    def read(self, source: Source) -> Import:
        return read(source)

    def run_source(self, source: Source, job: Job) -> Run:
        return run_source(source, job)

    def write(self, pipeline: Pipeline, options: Options) -> Export:
        return write(pipeline, options)

    def run(self, job: Job) -> Run:
        return run_apart("bridge_fake.engine", job, {"PYTHONPATH": str(job.project)})
