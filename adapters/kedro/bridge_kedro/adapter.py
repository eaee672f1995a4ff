"""The adapter itself: what bridge asks of Kedro."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bridge.adapter import Export, Import, Job, Options, Source
from bridge.engine import run_apart
from bridge.findings import Feature, Support
from bridge.model import Pipeline
from bridge.record import Run
from bridge_kedro.tables import ENVIRONMENT, SUPPORT

__all__ = ["KEDRO", "Kedro"]


@dataclass(frozen=True)
class Kedro:
    """Kedro 1.x."""

    name: str = "kedro"
    reads: bool = True
    support: Mapping[Feature, Support] = field(default_factory=lambda: SUPPORT, repr=False)

    @property
    def framework(self) -> str:
        """The installed version of Kedro, or empty text."""
        try:
            return version("kedro")
        except PackageNotFoundError:
            return ""

    def recognises(self, source: Path) -> bool:
        """Whether ``source`` is a Kedro project, by its ``pyproject.toml``."""
        settings = source / "pyproject.toml" if source.is_dir() else source
        if settings.name != "pyproject.toml" or not settings.is_file():
            return False
        return "[tool.kedro]" in settings.read_text(encoding="utf-8", errors="replace")

    def read(self, source: Source) -> Import:
        """One of the project's pipelines, ``__default__`` unless ``source`` names another."""
        from bridge_kedro.reader import read

        return read(source)

    def write(self, pipeline: Pipeline, options: Options) -> Export:
        """A Kedro project that does what ``pipeline`` says."""
        from bridge_kedro.writer import write

        return write(pipeline, options)

    def run(self, job: Job) -> Run:
        """Run the project by a ``KedroSession`` in a process of its own."""
        return run_apart("bridge_kedro.engine", job, ENVIRONMENT)

    def run_source(self, source: Source, job: Job) -> Run:
        """Run a project as it is by a ``KedroSession`` in a process of its own."""
        from bridge_kedro.reader import root_of

        chosen = {"KEDRO_ENV": source.env, "KEDRO_PIPELINE": source.name}
        job = replace(job, project=root_of(source.path).resolve())
        return run_apart("bridge_kedro.source", job, ENVIRONMENT | chosen)


KEDRO = Kedro()
