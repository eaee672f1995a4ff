"""A run in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import click

from bridge.frames import told
from bridge.record import Run

__all__ = ["describe", "failure", "started"]

_WIDTH = 100
_COLOURS = {"succeeded": "green", "failed": "red", "skipped": "bright_black"}


def describe(run: Run, steps: bool = False) -> Iterator[str]:
    """Lines that tell how a run ended and what it gave; coloured, for ``click.echo``."""
    of = f" of {run.pipeline}" if steps and run.pipeline else ""
    since = f", started {started(run)}" if steps and run.started else ""
    yield f"run {run.run_id}{of} on {run.on}: {run.status} in {run.seconds:.2f} s{since}"
    if steps:
        yield from _tree(run)
    for title in ("metrics", "parameters", "objects", "files"):
        yield from _section(title, getattr(run, title))
    if run.error:
        yield click.style(failure(run.error), "red")
        yield from told(run.frames)


def failure(error: Mapping[str, Any]) -> str:
    """Which step failed, at what attempt, and how."""
    return "step '{step}', attempt {attempt}: {type}: {text}".format_map(error)


def started(run: Run) -> str:
    """When a run was started, in local time; empty when that is not known."""
    if not run.started:
        return ""
    return f"{datetime.fromisoformat(run.started).astimezone():%Y-%m-%d %H:%M:%S}"


def _tree(run: Run) -> Iterator[str]:
    from bridge.show.steps import rows

    found = rows(run)
    width = max((len(row.branches + row.name) for row in found), default=0)
    for row in found:
        word = row.status or ""
        line = f"{row.branches + row.name:<{width}}  {click.style(word, _COLOURS.get(word))}"
        if word == "skipped":
            yield line
            continue
        notes = [row.note, f"{row.attempts} attempts" if row.attempts > 1 else ""]
        note = "".join(f"  {text}" for text in notes if text)
        yield f"{line}{'':{9 - len(word)}}  {row.seconds:8.3f} s  {row.share:4.0%}{note}"


def _section(title: str, values: Mapping[str, Any]) -> Iterator[str]:
    if values:
        yield f"{title}:"
    for name, value in values.items():
        text = value if title in ("objects", "files") else json.dumps(value, ensure_ascii=False)
        yield f"  {name} = {text if len(text) <= _WIDTH else text[: _WIDTH - 3] + '...'}"
