"""A comparison as a table, and in a sentence."""

from __future__ import annotations

from typing import Any

from bridge.compare import LOCAL, Comparison
from bridge.record import Run

__all__ = ["overhead", "rows", "verdict"]


_METRICS = 2
"""How many metrics the table shows: those that were set last, where a pipeline ends."""


def overhead(run: Run, found: Comparison) -> float | None:
    """Seconds an engine adds to each step: its wall time less the work, over the steps.

    The work is what the steps take on the local engine, where calling them costs nothing else;
    None when the local engine did not run.
    """
    local = next((r for r in found.runs if r.on == LOCAL and r.steps), None)
    if local is None or not run.steps:
        return None
    work = sum(step.seconds for step in local.steps)
    return max(run.seconds - work, 0.0) / len(run.steps)


def rows(found: Comparison) -> tuple[list[str], list[list[str]]]:
    """The table: its titles, and a row of texts for each engine."""
    metrics = list(dict.fromkeys(name for run in found.runs for name in run.metrics))[-_METRICS:]
    titles = ["engine", "status", *metrics, "seconds", "overhead/step", "lines", "verdict"]
    return titles, [_row(run, found, metrics) for run in found.runs]


def _row(run: Run, found: Comparison, metrics: list[str]) -> list[str]:
    extra = overhead(run, found)
    return [
        run.on,
        run.status,
        *(_number(run.metrics.get(name)) for name in metrics),
        f"{run.seconds:.1f}",
        "" if extra is None else f"{extra * 1000:.0f} ms",
        str(found.glue.get(run.on, "")),
        _standing(run, found),
    ]


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "" if value is None else str(value)


def _standing(run: Run, found: Comparison) -> str:
    """How one engine compares with the first one."""
    if run.status != "succeeded":
        return run.status
    first = found.runs[0].on
    parts = [d for d in found.differences if d.values.get(run.on) != d.values.get(first)]
    if run.on == first:
        return "baseline"
    return f"{len(parts)} differ" if parts else "the same"


def verdict(found: Comparison) -> str:
    """The comparison in a sentence."""
    names = ", ".join(run.on for run in found.runs)
    run = found.runs[0]
    counts = f"{len(run.parameters)} values, {len(run.objects)} objects, {len(run.files)} files"
    if found.agree:
        return f"{names} agree: {counts}"
    failed = [r.on for r in found.runs if r.status != "succeeded"]
    if failed:
        return f"{', '.join(failed)} did not succeed"
    return f"{names} part in {len(found.differences)} places"
