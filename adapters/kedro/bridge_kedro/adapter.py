"""The adapter itself: what bridge asks of Kedro."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bridge.adapter import Export, Import, Job, Options, Source
from bridge.engine import run_apart
from bridge.errors import AdapterError
from bridge.findings import Feature, Support
from bridge.model import Pipeline
from bridge.record import Run
from bridge_kedro.tables import SUPPORT

__all__ = ["KEDRO", "Kedro"]

_ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "KEDRO_DISABLE_TELEMETRY": "1",
    # those of the caller are meant for another project
    "KEDRO_ENV": "",
    "KEDRO_LOGGING_CONFIG": "",
}


@dataclass(frozen=True)
class Kedro:
    """Kedro 1.x."""

    name: str = "kedro"
    reads: bool = False
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
        """Raises AdapterError."""
        raise AdapterError("reading kedro projects is not supported yet")

    def write(self, pipeline: Pipeline, options: Options) -> Export:
        """A Kedro project that does what ``pipeline`` says."""
        from bridge_kedro.writer import write

        return write(pipeline, options)

    def run(self, job: Job) -> Run:
        """Run the project by a ``KedroSession`` in a process of its own."""
        return run_apart("bridge_kedro.engine", job, _ENVIRONMENT)


KEDRO = Kedro()
