"""What the code of a flow does not show, in comments above its steps; the reader has them back.

What is said of a step stands above it. What is said of a pipeline inside another, or of a step
that has no place of its own, stands under a heading above the first step that is in it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.emit.python import docstring
from bridge.emit.remarks import (
    about_pipeline,
    about_step,
    about_task,
    branch,
    lines,
    said,
    several,
)
from bridge.emit.task import dataset
from bridge.flow import Node, Stored
from bridge.model import Conditional, Map, Parallel, Pipeline, Step, Task
from bridge.nodes import inside, walk
from bridge.unit import Unit
from bridge_metaflow.decorators import NAMED
from bridge_metaflow.layout import FlowStep
from bridge_metaflow.places import Place
from bridge_metaflow.plan import Plan

__all__ = [
    "described",
    "of_flow",
    "of_steps",
    "pipeline_heading",
    "pipeline_name",
    "step_heading",
    "text_of",
]


def step_heading(name: str) -> str:
    """The heading of a step that has no place of its own."""
    return f"step {name!r}"


def pipeline_heading(name: str, key: str | None) -> str:
    """The heading of a pipeline inside the step of this name, which is a branch or has no key."""
    if key == "on_failure":
        return f"failure of {name!r}"
    return f"inside {name!r}" if key is None else branch(name, key)


def described(pipeline: Pipeline) -> str:
    """The docstring of the class: what is said of the pipeline, or else its name."""
    return docstring(pipeline.description or f"The pipeline '{pipeline.name}'.")


def of_flow(laid: Plan) -> list[str]:
    """What the class says in comments: of the pipeline, and of its datasets."""
    pipeline = laid.flow.pipeline
    shown = pipeline_name(laid.class_name) == pipeline.name
    without = ["pipeline: "] if shown or not pipeline.description else []
    if text_of(described(pipeline)) == (pipeline.description or f"The pipeline '{pipeline.name}'."):
        without += ["about: ", *([] if pipeline.description else ["pipeline: "])]
    if not pipeline.overrides.keys() - {"metaflow"}:
        without.append("pipeline overrides: ")
    whole, order = _apart(pipeline, [path for path in first_steps(laid) if "." not in path])
    told = [t for t in about_pipeline(whole, order) if not t.startswith((*without, "\0"))]
    if pipeline.schedule in NAMED:
        told.append(f"schedule: {pipeline.schedule}")
    used = {name for place in laid.places.all for name in _datasets(place.node)}
    for name, found in pipeline.datasets.items():
        if name not in used:
            told.append(f"dataset {said(name)}: {dataset(Stored(name, found))}")
    return lines(told)


def text_of(source: str) -> str:
    """What a docstring was made of, as it stands in a class or a method."""
    value: str = ast.literal_eval(source.strip())
    first, *rest = value.split("\n")
    first = first[1:] if first.startswith(' "') else first
    if rest and not rest[-1].strip():
        rest.pop()
    return "\n".join([first, *(line.removeprefix("    ") for line in rest)])


def pipeline_name(name: str) -> str:
    """The name of a pipeline: that of the flow's class, as the writer makes that of it."""
    stem = name.removesuffix("Flow") or name
    return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(stem))


def first_steps(laid: Plan) -> dict[str, FlowStep]:
    """The first step of each task and composite, by its path."""
    found: dict[str, FlowStep] = {}
    for step in laid.steps:
        for place in _own(step):
            parts = place.path.split(".")
            for end in range(1, len(parts) + 1):
                found.setdefault(".".join(parts[:end]), step)
    return found


def of_steps(laid: Plan) -> Mapping[FlowStep, list[str]]:
    """The comments above each step."""
    return _Remarks(laid).found


class _Remarks:
    def __init__(self, laid: Plan) -> None:
        self.found: dict[FlowStep, list[str]] = {}
        self._laid = laid
        self._rows = {branches.step for branches in laid.narrowed}
        self._first = first_steps(laid)
        self._places = {place.path: place for place in laid.places.all}
        known = [*walk(laid.flow.pipeline)]
        units = [step for _, step in known if isinstance(step, Unit)]
        held = {id(s) for unit in units for _, s in walk(unit.pipeline)}
        for path, step in known:
            if id(step) not in held:  # what is inside is told of in the code there
                self._step(path, step)
                for key, inner in inside(step) if not isinstance(step, Unit) else ():
                    self._pipeline(path, key, step, inner)

    def _step(self, path: str, step: Step) -> None:
        place = self._places.get(path) if not isinstance(step, Unit) else None
        told = [*_about(step, place.node if place else None)]
        at = self._first.get(path)
        if not told or at is None:
            return
        own = next(_own(at)).path == path  # the loop itself, before its task
        above = self.found.setdefault(at, [])
        heading = [] if own and not above else [step_heading(step.name)]
        above += lines([*heading, *told])

    def _pipeline(self, path: str, key: str, step: Step, inner: Pipeline) -> None:
        within = f"{path}{key}."
        known = {f"{within}{s.name}" for s in inner.steps}
        found = [path for path in self._first if path in known]
        if not found:
            return
        at = self._first[found[0]]
        inner, order = _apart(inner, [path.removeprefix(within) for path in found])
        told = [*about_pipeline(inner, order)]
        alone = isinstance(step, Parallel | Conditional) and len(step.pipelines()) == 1
        if key and (alone or path in self._rows):
            told.append(f"holds: {several(order)}")
        if told:
            heading = pipeline_heading(step.name, key.removeprefix(".") if key else None)
            self.found.setdefault(at, []).extend(lines([heading, *told]))


def _apart(pipeline: Pipeline, order: Sequence[str]) -> tuple[Pipeline, list[str]]:
    """The pipeline and the names of its steps in an order, with those of units one by one."""
    units = {s.name: s.pipeline.steps for s in pipeline.steps if isinstance(s, Unit)}
    steps = [s for step in pipeline.steps for s in units.get(step.name, (step,))]
    written = next((s.around for s in pipeline.steps if isinstance(s, Unit)), ())
    if {*written} == {step.name for step in steps}:
        steps.sort(key=lambda step: written.index(step.name))
    names = [n for name in order for n in [s.name for s in units.get(name, ())] or [name]]
    return replace(pipeline, steps=steps), names


def _own(step: FlowStep) -> Iterator[Place]:
    """The tasks that a step carries out, and the composite that begins with it."""
    if step.of and step.does in ("switch", "loop"):
        yield step.of
    yield from step.tasks


def _datasets(node: Node) -> Iterator[str]:
    """The names of the datasets that a node, or one in it, loads and saves."""
    yield from (read.source.name for read in node.reads if isinstance(read.source, Stored))
    yield from (stored.name for stored in node.saves)
    for flow in [*node.inner.values(), *([node.handler] if node.handler else ())]:
        for inner in flow.nodes.values():
            yield from _datasets(inner)


def _about(step: Step, node: Node | None) -> Iterator[str]:
    without = ["resources"]
    if not step.overrides.keys() - {"metaflow"}:
        without.append("overrides")
    yield from about_task(node, without) if node else about_step(step, without)
    if isinstance(step, Map) and step.reducer is not None and node and not node.outputs:
        yield f"reducer: {said(str(step.reducer))}"
    if isinstance(step, Task) and step.retry and step.retry.backoff != 1:
        yield f"backoff: {step.retry.backoff!r}"
