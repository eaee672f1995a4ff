"""Figures: rows of seconds with their ratios to one of them, as a table or as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from measure import Command
from rich.markup import escape
from rich.table import Table

__all__ = ["Figures", "Row", "alone", "between"]


@dataclass
class Row:
    """Seconds on the clock and of the processor, medians of ``n`` samples; or why there are none.

    A task's seconds where the figures are per task.
    """

    name: str
    wall: float = 0.0
    cpu: float = 0.0
    n: int = 0
    failure: str = ""


@dataclass
class Figures:
    """A table; ratios are to the row named ``base``, seconds are shown in units of ``unit``."""

    title: str
    base: str
    rows: list[Row] = field(default_factory=list)
    unit: str = "s"

    def table(self) -> Table:
        """The figures for a terminal."""
        drawn = Table(title=self.title, title_justify="left", box=None, pad_edge=False)
        titles = ["", f"CPU {self.unit}", "CPU ×", f"wall {self.unit}", "wall ×", "n"]
        for title in titles:
            drawn.add_column(title, justify="right" if title else "left")
        scale = {"s": 1, "ms": 1e3, "µs": 1e6}[self.unit]
        for row, ratios in zip(self.rows, self.ratios(), strict=True):
            cpu, wall = f"{row.cpu * scale:.3f}", f"{row.wall * scale:.3f}"
            cells = [cpu, _shown(ratios["cpu"]), wall, _shown(ratios["wall"]), str(row.n)]
            drawn.add_row(row.name, *(["-"] * 5 if row.failure else cells))
        failures = [f"{row.name}: {row.failure}" for row in self.rows if row.failure]
        drawn.caption = escape("\n".join(failures)) or None
        return drawn

    def ratios(self) -> list[dict[str, float]]:
        """Each row's seconds over those of the base; nan where either is missing."""
        base = next((r for r in self.rows if r.name == self.base), Row(self.base))
        return [
            {"cpu": _ratio(row.cpu, base.cpu), "wall": _ratio(row.wall, base.wall)}
            for row in self.rows
        ]

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON, in seconds."""
        rows = zip(self.rows, self.ratios(), strict=True)
        return {"title": self.title, "rows": [{**asdict(r), "ratio": ratio} for r, ratio in rows]}


def _ratio(part: float, base: float) -> float:
    return part / base if part and base else float("nan")


def _shown(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def alone(name: str, command: Command, tasks: int = 1) -> Row:
    """The row of one command, divided by its number of tasks."""
    if command.failure:
        return Row(name, failure=command.failure)
    return Row(name, command.wall / tasks, command.cpu / tasks, len(command.samples))


def between(name: str, short: Command, long: Command, tasks: int) -> Row:
    """The row of what a command costs more than a shorter one in the same round, by task more."""
    if failure := short.failure or long.failure:
        return Row(name, failure=failure)
    pairs = list(zip(short.samples, long.samples, strict=False))
    wall, cpu = (median(b[i] - a[i] for a, b in pairs) for i in (0, 1))
    return Row(name, wall / tasks, cpu / tasks, len(pairs))
