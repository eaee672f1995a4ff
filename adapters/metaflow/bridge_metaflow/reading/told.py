"""The findings of a reader, each about one thing that the source says."""

from __future__ import annotations

from dataclasses import dataclass, field

from bridge.errors import Where
from bridge.findings import Feature, Finding, Level, Report

__all__ = ["Told"]

_VERBS = {
    Level.CARRIED: "is carried",
    Level.EMULATED: "is emulated",
    Level.APPROXIMATED: "is approximated",
    Level.DROPPED: "is left out",
    Level.UNSUPPORTED: "cannot be carried",
}


@dataclass
class Told:
    """Gathers findings in the order in which things are read."""

    findings: list[Finding] = field(default_factory=list)

    def add(
        self,
        feature: Feature,
        step: str,
        attribute: str,
        level: Level,
        how: str,
        where: Where | None,
    ) -> None:
        """Say what becomes of ``attribute`` of a step; of the flow where ``step`` is empty."""
        of = f"'{step}'" if step else "the flow"
        message = f"{attribute} of {of} {_VERBS[level]}: {how}"
        self.findings.append(Finding(level, feature, step, attribute, message, where))

    def report(self) -> Report:
        """All of them, by their place in the source."""
        return Report(sorted(self.findings, key=_place))


def _place(finding: Finding) -> tuple[str, int]:
    return (finding.where.file, finding.where.line) if finding.where else ("", 0)
