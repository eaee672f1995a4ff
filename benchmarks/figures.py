"""Figures: rows of seconds, their ratios to bridge's, and whether they are what they are to be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from statistics import fmean, median
from typing import Any

from measure import Command, Sample
from targets import AHEAD, TARGETS, Target

__all__ = ["Figures", "Row", "absent", "row"]

_MUCH = 0.5
"""Cores that others used, above which a figure is marked."""

_SCALES = {"s": 1.0, "ms": 1e3, "µs": 1e6}


@dataclass
class Row:
    """What ``n`` samples came to: the figure, and the whole process around it, all in seconds.

    ``seconds`` and ``best`` are the median and the least of the figure, ``wall`` and ``cpu``
    medians of the whole process; ``others`` is the mean of the cores that everybody else used.
    """

    name: str
    seconds: float = 0.0
    best: float = 0.0
    wall: float = 0.0
    cpu: float = 0.0
    others: float = 0.0
    n: int = 0
    failure: str = ""


def row(
    command: Command, figure: Callable[[Sample], float | None], tasks: int = 1, name: str = ""
) -> Row:
    """The row of a command; ``figure`` takes the seconds that count from a sample."""
    name, samples = name or command.name, command.samples
    if command.failure or not samples:
        return Row(name, failure=command.failure or "not measured")
    seconds = [(figure(s) or 0.0) / tasks for s in samples]
    return Row(
        name,
        median(seconds),
        min(seconds),
        median(s.wall for s in samples),
        median(s.cpu for s in samples),
        fmean(s.others for s in samples),
        len(samples),
    )


def absent(missing: Iterable[tuple[str, str]]) -> list[Row]:
    """Rows of those that are not measured, each with the reason."""
    return [Row(name, failure=why) for name, why in missing]


@dataclass
class Figures:
    """A table; ``key`` finds its targets, ratios are to the row named ``base``."""

    key: str
    title: str
    rows: list[Row] = field(default_factory=list)
    unit: str = "s"
    base: str = "bridge"

    HEADS = ("", "figure", "best", "×", "process s", "CPU s", "CPU ×", "others", "n", "target", "")

    def cells(self) -> list[list[str]]:
        """The rows as text, below HEADS."""
        base = self._row(self.base)
        return [self._cells(r, base) for r in self.rows if not r.failure]

    def _cells(self, row: Row, base: Row | None) -> list[str]:
        scale = _SCALES[self.unit]
        target, is_met = self.verdict(row)
        return [
            row.name,
            _shown(row.seconds * scale),
            _shown(row.best * scale),
            _ratio(row.seconds, base and base.seconds),
            _shown(row.wall),
            _shown(row.cpu),
            _ratio(row.cpu, base and base.cpu),
            f"{row.others:.1f}",
            str(row.n),
            target,
            _told(is_met, row.others),
        ]

    def failures(self) -> list[str]:
        """Those that gave no figure, and why."""
        return [f"{row.name}: {row.failure}" for row in self.rows if row.failure]

    def verdict(self, row: Row) -> tuple[str, bool | None]:
        """What the row is to be, and whether it is; nothing and None without a target."""
        target, ahead = TARGETS[self.key].get(row.name), AHEAD.get(self.key, {}).get(row.name)
        if target:
            return self._at_most(row, target)
        if ahead and (base := self._row(self.base)):
            return f"≥ {ahead:,} ×", row.seconds >= ahead * base.seconds
        return "", None

    def _at_most(self, row: Row, target: Target) -> tuple[str, bool | None]:
        if not target.over:
            limit = target.limit
            told = f"≤ {_shown(limit * _SCALES[self.unit])} {self.unit}"
            return told, row.seconds <= limit
        floors = [found for name in target.over if (found := self._row(name))]
        if len(floors) < len(target.over):
            return "", None
        longest = max(floors, key=lambda found: found.seconds)
        times = row.seconds / longest.seconds
        return f"≤ {target.limit} × {longest.name}, is {times:.2f}", times <= target.limit

    def judged(self) -> list[tuple[str, bool]]:
        """Each row that has a target, in a sentence, and whether it is met."""
        found = []
        for r in self.rows:
            told, is_met = self.verdict(r) if not r.failure else ("", None)
            if is_met is not None:
                seconds = f"{_shown(r.seconds * _SCALES[self.unit])} {self.unit}"
                found.append((f"{self.key}: {r.name}, {seconds}; target {told}", is_met))
            elif r.name in TARGETS[self.key]:
                found.append((f"{self.key}: {r.name} has no figure: {r.failure}", False))
        return found

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON, in seconds."""
        rows = []
        for r in self.rows:
            told, is_met = self.verdict(r) if not r.failure else ("", None)
            rows.append({**asdict(r), "target": told, "met": is_met})
        return {"key": self.key, "title": self.title, "rows": rows}

    def _row(self, name: str) -> Row | None:
        return next((r for r in self.rows if r.name == name and not r.failure), None)


def _ratio(part: float, whole: float | None) -> str:
    return _shown(part / whole) if whole else ""


def _told(is_met: bool | None, others: float) -> str:
    told = {True: "met", False: "NOT MET", None: ""}[is_met]
    return f"{told} (busy)".strip() if others > _MUCH else told


def _shown(number: float) -> str:
    """A number to three digits."""
    digits = 0 if number >= 99.95 else 1 if number >= 9.995 else 2 if number >= 0.9995 else 3
    if 0 < number < 0.01:
        digits = 4
    return f"{number:,.{digits}f}"
