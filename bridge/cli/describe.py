"""A run in words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.record import Run

__all__ = ["describe", "failure"]

_WIDTH = 100


def describe(run: Run, steps: bool = False) -> Iterator[str]:
    """Lines that tell how a run ended and what it gave."""
    yield f"run {run.run_id} on {run.on}: {run.status} in {run.seconds:.2f} s"
    if steps:
        width = max((len(step.name) for step in run.steps), default=0)
        for step in run.steps:
            yield f"  {step.name:<{width}}  {step.status:<9}  {step.seconds:8.3f} s"
    if run.error:
        yield failure(run.error)
    for title in ("metrics", "parameters", "objects", "files"):
        yield from _section(title, getattr(run, title))


def failure(error: Mapping[str, Any]) -> str:
    """Which step failed, at what attempt, and how."""
    return "step '{step}', attempt {attempt}: {type}: {text}".format_map(error)


def _section(title: str, values: Mapping[str, Any]) -> Iterator[str]:
    if values:
        yield f"{title}:"
    for name, value in values.items():
        text = value if title in ("objects", "files") else json.dumps(value, ensure_ascii=False)
        yield f"  {name} = {text if len(text) <= _WIDTH else text[: _WIDTH - 3] + '...'}"
