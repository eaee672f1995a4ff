"""A comparison of engines as a page: the verdict, the table, what differs, the code of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bridge.compare import Comparison
from bridge.model import Pipeline
from bridge.record import Run
from bridge.report.table import rows, verdict
from bridge.show.outline import outline, plain, prose
from bridge.show.page import page, section, table, text
from bridge.show.svg import draw

__all__ = ["render"]

_LONGEST = 2000  # letters of a value that are shown

_STYLE = """\
.verdict{border-radius:12px;padding:14px 20px;font-size:17px;font-weight:600;color:#fff}
.agree{background:#1f7a4d}.part{background:#b3372b}
.engines{display:grid;gap:16px;grid-template-columns:repeat(auto-fit,minmax(320px,1fr))}
.engines h3{margin:0 0 6px;font-size:15px}
.engines details{border-top:1px solid var(--line);padding:6px 0}
.engines pre{max-width:none;white-space:pre;overflow:auto;max-height:480px}"""


def render(found: Comparison, pipeline: Pipeline) -> str:
    """The page."""
    titles, lines = rows(found)
    engines = [run.on for run in found.runs]
    return page(
        f"{plain(pipeline.name)}, compared",
        _header(pipeline, verdict(found), found.agree),
        section("Engines", table(titles, [[text(plain(cell)) for cell in row] for row in lines])),
        section("Where they part", table(["what", *engines], _differences(found, engines))),
        section("What went wrong", table(["engine", "step", "error"], _errors(found))),
        section("Seconds of each step", table(["step", *engines], _steps(found))),
        section("Values, objects and files", table(["name", "value", "kind"], _results(found))),
        section("The pipeline", draw(outline(pipeline))),
        section("The code that was generated", _code(found.texts)),
        style=_STYLE,
    )


def _header(pipeline: Pipeline, sentence: str, agree: bool) -> str:
    about = f"<p>{text(prose(pipeline.description))}</p>" if pipeline.description else ""
    kind = "agree" if agree else "part"
    return (
        f"<header><h1>{text(plain(pipeline.name))}</h1>{about}</header>"
        f'<div class="verdict {kind}">{text(plain(sentence))}</div>'
    )


def _differences(found: Comparison, engines: Sequence[str]) -> Iterator[list[str]]:
    for difference in found.differences:
        values = [_value(difference.values, engine) for engine in engines]
        yield [text(plain(f"{difference.kind} '{difference.name}'")), *values]


def _value(values: Mapping[str, Any], engine: str) -> str:
    if engine not in values:
        return '<span class="soft">not there</span>'
    shown = json.dumps(values[engine], ensure_ascii=False, default=repr)
    cut = f"{shown[:_LONGEST]}…" if len(shown) > _LONGEST else shown
    return f"<code>{text(plain(cut))}</code>"


def _errors(found: Comparison) -> Iterator[list[str]]:
    for run in found.runs:
        if run.error:
            kind, told = run.error.get("type", ""), run.error.get("text", "")
            cells = (run.on, str(run.error.get("step", "")), f"{kind}: {told}")
            yield [text(plain(cell)) for cell in cells]


def _steps(found: Comparison) -> Iterator[list[str]]:
    """For each step its time on each engine, and its status when it did not succeed."""
    records = [{step.name: step for step in run.steps} for run in found.runs]
    for name in dict.fromkeys(name for steps in records for name in steps):
        cells = []
        for steps in records:
            step = steps.get(name)
            told = f"{step.seconds:.2f}" if step else ""
            cells.append(f"{step.status}, {told}" if step and step.status != "succeeded" else told)
        yield [f"<code>{text(plain(name))}</code>", *map(text, cells)]


def _results(found: Comparison) -> Iterator[list[str]]:
    """What the first engine gave; where the others agree, what all gave."""
    run = found.runs[0]
    for name, value in run.parameters.items():
        yield _result(name, json.dumps(value, ensure_ascii=False), _kind(run, name))
    for kind, values in (("object", run.objects), ("file", run.files)):
        for name, value in values.items():
            yield _result(name, value, kind)


def _kind(run: Run, name: str) -> str:
    return "metric" if name in run.metrics else "value"


def _result(name: str, value: str, kind: str) -> list[str]:
    short = value if len(value) <= 200 else f"{value[:197]}..."
    return [f"<code>{text(plain(name))}</code>", f"<code>{text(plain(short))}</code>", kind]


def _code(texts: Mapping[str, Mapping[str, str]]) -> str:
    found = "".join(
        f"<div><h3>{text(plain(engine))}</h3>{''.join(_files(files))}</div>"
        for engine, files in texts.items()
        if files
    )
    return f'<div class="engines">{found}</div>' if found else ""


def _files(files: Mapping[str, str]) -> Iterator[str]:
    for path, content in files.items():
        lines = content.splitlines()
        shown = "\n".join(text(line.replace("\t", "    ")) for line in map(_visible, lines))
        about = f'<code>{text(plain(path))}</code> <span class="soft">{len(lines)} lines</span>'
        yield f"<details><summary>{about}</summary><pre>{shown}</pre></details>"


def _visible(line: str) -> str:
    return "".join(c if c == "\t" else plain(c) for c in line)
