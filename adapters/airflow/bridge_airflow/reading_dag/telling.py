"""The findings of a reading, gathered."""

from __future__ import annotations

from bridge.errors import Where
from bridge.findings import Attribute, Feature, Finding, Level

__all__ = ["Telling"]


class Telling:
    """Gathers findings about the DAG in ``file``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []

    def where(self, line: int) -> Where:
        """A place in the file."""
        return Where(self.file, line)

    def __call__(
        self,
        level: Level,
        feature: Feature,
        attribute: str,
        how: str = "",
        step: str = "",
        line: int = 0,
    ) -> None:
        """Enter what became of an attribute of a step, and ``how``."""
        found = Attribute(feature, step, attribute, self.where(line))
        self.findings.append(found.ended(level, how))

    def carried(
        self, feature: Feature, attribute: str, how: str = "", step: str = "", line: int = 0
    ) -> None:
        """Something that stays what it is."""
        self(Level.CARRIED, feature, attribute, how, step, line)

    def unsupported(
        self, feature: Feature, attribute: str, how: str, step: str = "", line: int = 0
    ) -> None:
        """Something that cannot be represented; ``how`` says why, and what to do."""
        self(Level.UNSUPPORTED, feature, attribute, how, step, line)
