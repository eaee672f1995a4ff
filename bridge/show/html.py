"""A pipeline as a page: the drawing, its parameters, and a table of its steps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bridge.flow import Flow
from bridge.model import Pipeline
from bridge.show.outline import Box, Outline, outline, plain, prose
from bridge.show.page import chips, page, section, table, text
from bridge.show.svg import draw

__all__ = ["render"]

_COLUMNS = ["step", "does", "reads", "returns", "files", "policy"]
_STYLE = "td small{color:var(--soft);overflow-wrap:anywhere}"


def render(what: Pipeline | Flow) -> str:
    """The page."""
    found = outline(what)
    pipeline = found.pipeline
    return page(
        plain(pipeline.name),
        _header(found),
        section("Not analysed, shown as written", _list(found.problems), "alarm"),
        section("Warnings", _list(found.warnings), "alarm"),
        section("Steps and order", draw(found)),
        section("Parameters", table(["name", "value"], _parameters(pipeline))),
        section("Datasets", table(["name", "type", "path", "options"], _datasets(pipeline))),
        section("Steps", table(_COLUMNS, _rows(found))),
        style=_STYLE,
    )


def _header(found: Outline) -> str:
    pipeline = found.pipeline
    tasks = sum(not box.groups for box in found.boxes())
    facts = [
        "1 task" if tasks == 1 else f"{tasks} tasks",
        "ordered by data" if pipeline.order == "data" else "",
        f"schedule {plain(pipeline.schedule)}" if pipeline.schedule else "",
        *(f"with {plain(glob)}" for glob in pipeline.include),
    ]
    about = f"<p>{text(prose(pipeline.description))}</p>" if pipeline.description else ""
    shown = chips(fact for fact in facts if fact)
    return f"<header><h1>{text(plain(pipeline.name))}</h1>{about}{shown}</header>"


def _list(sentences: Iterable[str]) -> str:
    found = "".join(f"<li>{text(sentence)}</li>" for sentence in sentences)
    return f"<ul>{found}</ul>" if found else ""


def _parameters(pipeline: Pipeline) -> Iterator[list[str]]:
    for name, value in pipeline.parameters.items():
        yield [text(plain(name)), _code(_json(value))]


def _datasets(pipeline: Pipeline) -> Iterator[list[str]]:
    for name, dataset in pipeline.datasets.items():
        options = _code(_json(dataset.options)) if dataset.options else ""
        yield [text(plain(name)), _code(dataset.type), _code(dataset.path or ""), options]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)


def _rows(found: Outline) -> Iterator[list[str]]:
    for box in found.boxes():
        details = box.details()
        files = [f"{_soft(w)} {_names(details[w])}" for w in ("gets", "puts") if w in details]
        yield [
            _step(box),
            _does(box),
            _names(details.get("reads", [])),
            _names(details.get("returns", [])),
            "<br>".join(files),
            "<br>".join(map(text, details.get("policy", []))),
        ]


def _step(box: Box) -> str:
    """The name, and below it the kind and what the step is in, to tell it from its like."""
    outside = box.path.removesuffix(box.name).removesuffix(".")
    about = f"{box.kind} in {outside}" if outside else box.kind
    return f"<b>{text(plain(box.name))}</b><br><small>{text(plain(about))}</small>"


def _does(box: Box) -> str:
    if not box.whole:
        return _code(box.what)
    command = "\n".join(text(plain(line)) for line in box.whole.splitlines())
    return f"<details><summary>{_code(box.what)}</summary><pre>{command}</pre></details>"


def _names(names: list[str]) -> str:
    return ", ".join(map(_code, names))


def _soft(word: str) -> str:
    return f'<span class="soft">{word}</span>'


def _code(given: str) -> str:
    return f"<code>{text(plain(given))}</code>" if given else ""
