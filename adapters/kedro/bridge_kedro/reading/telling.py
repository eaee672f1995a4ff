"""The findings of a reader, each with its place in the project."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bridge.errors import Where
from bridge.findings import Feature, Finding, Level
from bridge_kedro.reading.seen import Place

__all__ = ["Tell"]


@dataclass
class Tell:
    """Gathers what becomes of each thing that the project at ``root`` says."""

    root: Path
    findings: list[Finding] = field(default_factory=list)

    def where(self, place: Place | None) -> Where | None:
        """A place, as it is spelt from here."""
        return Where(str(self.root / place.file), place.line) if place else None

    def __call__(
        self,
        level: Level,
        feature: Feature,
        attribute: str,
        message: str,
        place: Place | None,
        step: str = "",
    ) -> None:
        """Note one thing: the ``attribute`` as the project has it, and what became of it."""
        self.findings.append(Finding(level, feature, step, attribute, message, self.where(place)))
