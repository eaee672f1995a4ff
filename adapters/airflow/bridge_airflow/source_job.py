"""A job that runs a source as it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bridge.adapter import Job, Source

__all__ = ["SourceJob"]


@dataclass(frozen=True)
class SourceJob(Job):
    """A run of ``source``, which is inside the job's working directory."""

    source: Source = field(default_factory=lambda: Source(Path()))
