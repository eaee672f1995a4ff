"""A run for a notebook: how it ended, its steps with their times, what it gave."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.frames import told
from bridge.record import Run
from bridge.show.outline import plain
from bridge.show.page import table, text
from bridge.show.steps import Row, rows

__all__ = ["render"]

_LONGEST = 300  # letters of a value that are shown
_COLOURS = {"succeeded": "#1f7a4d", "failed": "#c0392b", "skipped": "#7d8590"}
_STYLE = """\
.bridge-run{font:13px/1.5 ui-sans-serif,system-ui,sans-serif}
.bridge-run table{border-collapse:collapse;margin:6px 0}
.bridge-run th,.bridge-run td{text-align:left;padding:2px 14px 2px 0;background:none}
.bridge-run td{overflow-wrap:anywhere}
.bridge-run summary{cursor:pointer}
.bridge-run .bar{display:inline-block;height:8px;border-radius:2px;background:#2f6fd0}"""


def render(run: Run) -> str:
    """The run as HTML to stand in a page."""
    return "\n".join(
        [
            f'<div class="bridge-run"><style>{_STYLE}</style>',
            _heading(run),
            _failure(run),
            table(["metric", "value"], _values(run.metrics)),
            _folded("steps", ["step", "status", "seconds", "share"], map(_step, rows(run))),
            _folded("values", ["name", "value"], _values(run.parameters)),
            _folded("objects", ["name", "fingerprint"], _texts(run.objects)),
            _folded("files", ["path", "hash"], _texts(run.files)),
            "</div>",
        ]
    )


def _heading(run: Run) -> str:
    of = f" of {run.pipeline}" if run.pipeline else ""
    about = f"run {run.run_id}{of} on {run.on}, {run.seconds:.2f} s"
    return f"<p>{_status(run.status)} {text(plain(about))}</p>"


def _status(status: str) -> str:
    return f'<b style="color:{_COLOURS.get(status, "inherit")}">{status}</b>'


def _failure(run: Run) -> str:
    if not run.error:
        return ""
    failure = "step '{step}', attempt {attempt}: {type}: {text}".format_map(run.error)
    shown = "\n".join(text(plain(line)) for line in (failure, *told(run.frames)))
    return f"<pre>{shown}</pre>"


def _step(row: Row) -> list[str]:
    indent = f'<span style="padding-left:{1.4 * row.depth:.1f}em"></span>'
    name = f"{indent}<code>{text(row.name)}</code> {text(row.note)}"
    if row.attempts > 1:
        name += f" ({row.attempts} attempts)"
    if row.status == "skipped":
        return [name, _status("skipped"), "", ""]
    bar = f'<span class="bar" style="width:{max(120 * row.share, 1):.0f}px"></span>'
    status = _status(row.status) if row.status else ""
    return [name, status, f"{row.seconds:.3f}", f"{bar} {row.share:.0%}"]


def _values(values: Mapping[str, Any]) -> Iterator[list[str]]:
    return _texts({n: json.dumps(value, ensure_ascii=False) for n, value in values.items()})


def _texts(values: Mapping[str, str]) -> Iterator[list[str]]:
    for name, value in values.items():
        cut = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"
        yield [f"<code>{text(plain(shown))}</code>" for shown in (name, cut)]


def _folded(title: str, titles: list[str], lines: Iterator[list[str]]) -> str:
    """A table that opens by a click; nothing when it has no lines."""
    found = table(titles, lines)
    is_open = ' open=""' if title == "steps" else ""
    return f"<details{is_open}><summary>{title}</summary>{found}</details>" if found else ""
