"""What the code for a step does not show, in comments before it: ``# resources: cpu 2``.

A person learns from them what was meant, and ``bridge.recover`` reads them back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from bridge.emit.python import comment, literal
from bridge.flow import Node, Stored
from bridge.model import Pipeline, Step, Stub, Task
from bridge.nodes import returns_of
from bridge.policies import Resources
from bridge.values import At, Fact, Kind

__all__ = [
    "ENDS",
    "about_order",
    "about_pipeline",
    "about_step",
    "about_task",
    "branch",
    "lines",
    "said",
    "several",
]

CACHED = "not done again while nothing of it has changed"
"""What is said of a task whose results are kept."""

ENDS = "the pipeline ends here"
"""What is said of a step after which nothing else runs."""

_PLAIN = re.compile(r"[\w@~$/.-][\w@~$/.:<>=!+*-]*( [\w@~$/.-][\w@~$/.:<>=!+*-]*)*")


def lines(remarks: Iterable[str]) -> list[str]:
    """The remarks as comments, one a line."""
    return [comment(remark) for remark in remarks]


def said(text: str) -> str:
    """A text as it stands in a remark: as it is, or quoted where it could be read otherwise."""
    return text if _PLAIN.fullmatch(text) else repr(text)


def several(texts: Iterable[str]) -> str:
    """Texts one after the other."""
    return ", ".join(said(text) for text in texts)


def branch(parallel: str, key: str) -> str:
    """The heading of a branch whose code stands among that of others."""
    return f"branch {key!r} of {parallel!r}"


def about_pipeline(pipeline: Pipeline, order: Sequence[str]) -> Iterator[str]:
    """What the code of a pipeline in another does not show; it has the steps in this ``order``."""
    if pipeline.name != "pipeline":
        yield f"pipeline: {said(pipeline.name)}"
    if pipeline.description:
        yield f"about: {_sentence(pipeline.description)}"
    if pipeline.order == "data":
        yield from about_order(pipeline, order)
    if pipeline.include:
        yield f"include: {several(pipeline.include)}"
    if pipeline.overrides:
        yield f"pipeline overrides: {literal(_plain(pipeline.overrides))}"


def about_order(pipeline: Pipeline, order: Sequence[str]) -> Iterator[str]:
    """That the data decides the order, and in which other order the steps were written."""
    yield "order: data"
    written = [step.name for step in pipeline.steps]
    if written != [*order]:
        yield f"steps: {several(written)}"


def _sentence(text: str) -> str:
    plain = text.isprintable() and text == text.strip() and text[0] not in "'\""
    return text if plain else repr(text)


def about_step(step: Step, without: Sequence[str] = ()) -> list[str]:
    """What the code of a step does not show, but for what the place has its own words for."""
    found = dict(_about(step))
    return [f"{key}: {text}" if text else key for key, text in found.items() if key not in without]


def about_task(node: Node, without: Sequence[str] = ()) -> list[str]:
    """The same of a task, and the names of the datasets that its code loads and saves."""
    remarks = about_step(node.step, without)
    loaded = [read.source.name for read in node.reads if isinstance(read.source, Stored)]
    saved = [stored.name for stored in node.saves]
    if loaded or saved:
        remarks.append(f"datasets: {several([*loaded, *saved])}")
    kinds = {r.name: r.kind for r in returns_of(node.task)}
    if objects := [name for name in saved if kinds[name] is Kind.PICKLED]:
        remarks.append(f"objects: {several(objects)}")
    return remarks


def _about(step: Step) -> Iterator[tuple[str, str]]:
    if isinstance(step, Stub):
        yield from _of_stub(step)
    if isinstance(step, Task):
        yield from _of_task(step)
    if step.overrides:
        yield "overrides", literal(_plain(step.overrides))
    if step.after:
        yield "after", several(step.after)
    if step.terminate_with_success:
        yield ENDS, ""


def _of_task(task: Task) -> Iterator[tuple[str, str]]:
    if inputs := [*_inputs(task)]:
        yield "inputs", ", ".join(inputs)
    if metrics := [r.name for r in task.outputs if r.kind is Kind.METRIC]:
        yield "metrics", several(metrics)
    if task.resources:
        asked = {f.name: getattr(task.resources, f.name) for f in fields(Resources)}
        given = (f"{name} {value}" for name, value in asked.items() if value is not None)
        yield "resources", ", ".join(given)
    if task.dependencies:
        yield "dependencies", several(task.dependencies)
    if task.image:
        yield "image", said(task.image)
    if task.cache:
        yield CACHED, ""


def _inputs(task: Task) -> Iterator[str]:
    """Arguments that are told to take what they would take anyway, and facts written as values."""
    for name, given in task.bindings.items():
        if given == At(name):
            yield said(name)
        elif isinstance(given, Fact) and given.name in ("attempt", "step"):
            yield f"{said(name)} = {given.name}"


def _of_stub(stub: Stub) -> Iterator[tuple[str, str]]:
    """What a stub says beside what every task does; nothing of it is done."""
    if stub.outputs:
        yield "returns", several(r.name for r in stub.outputs)
    for name, value in stub.extra.items():
        yield said(name), repr(value)


def _plain(value: Any) -> Any:
    """A value of lists and dicts alone."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
