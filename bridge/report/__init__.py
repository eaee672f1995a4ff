"""A comparison as a table, as data, as Markdown and as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bridge.compare import Comparison
from bridge.model import Pipeline
from bridge.report.page import render
from bridge.report.table import overhead, rows, verdict

__all__ = ["overhead", "rows", "save", "to_json", "verdict"]


def to_json(found: Comparison) -> dict[str, Any]:
    """What ``bridge verify`` answers, with time, overhead and lines of code added to each run."""
    data = found.to_json()
    for run, record in zip(found.runs, data["runs"], strict=True):
        record["lines"] = found.glue.get(run.on, 0)
        record["overhead_per_step"] = overhead(run, found)
    return data


def save(found: Comparison, pipeline: Pipeline, folder: Path) -> None:
    """Write ``report.json``, ``report.md`` and ``index.html`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "report.json": json.dumps(to_json(found), indent=2, ensure_ascii=False) + "\n",
        "report.md": _markdown(found, pipeline),
        "index.html": render(found, pipeline),
    }
    for name, text in texts.items():
        draft = folder / f".{name}.part"
        draft.write_text(text, encoding="utf-8")
        draft.replace(folder / name)


def _markdown(found: Comparison, pipeline: Pipeline) -> str:
    titles, lines = rows(found)
    table = [titles, ["---"] * len(titles), *lines]
    text = "\n".join("| " + " | ".join(_cell(c) for c in row) + " |" for row in table)
    parts = "\n".join(f"- {_cell(str(difference))}" for difference in found.differences)
    return f"# {_cell(pipeline.name)}\n\n{verdict(found)}.\n\n{text}\n" + (
        f"\n{parts}\n" if parts else ""
    )


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
