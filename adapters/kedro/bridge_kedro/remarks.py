"""What the nodes of a project do not show of the steps behind them, in comments before them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bridge.emit.remarks import about_pipeline, about_step, about_task, branch, said, several
from bridge.flow import Flow, Node
from bridge.model import Parallel, Pipeline, Stub
from bridge.nodes import returns_of
from bridge.unit import Unit
from bridge.values import Kind
from bridge_kedro.plan import Plan

__all__ = ["Branch", "Remarks", "are_linked", "is_chain", "likely_parts"]

_ELSEWHERE = ("metrics", "overrides", "resources")
"""What a node says otherwise: by tags, by its namespace, by where its values are kept."""


@dataclass(frozen=True)
class Branch:
    """A branch whose steps are nodes of the project's own pipeline."""

    path: str
    parallel: Parallel
    key: str
    pipeline: Pipeline

    @property
    def prefix(self) -> str:
        """How the paths begin of the steps in it."""
        return f"{self.path}.{self.key}."


class Remarks:
    """The comments before each node; ``places`` are the branches around each, as written."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.places = dict(_places(plan.flow, plan.flow.pipeline, "", ()))
        self._told: set[str] = set()
        self._members: dict[str, list[Node]] = {}
        for path, around in self.places.items():
            for step in (path, *(place.path for place in around)):
                self._members.setdefault(step, []).append(plan.flow.nodes[path])

    def on_top(self) -> list[str]:
        """What is said of the whole pipeline, but for its name and what is told of it."""
        found = self._pipeline(self._plan.flow.pipeline, "")
        return [text for text in found if not text.startswith(("pipeline: ", "about: "))]

    def before(self, node: Node) -> Iterator[str]:
        """What is said before a node: of the branches that begin with it, then of its step."""
        for place in self.places[node.path]:
            yield from self._branch(place)
        yield from self._name(node)
        yield from self._step(node)

    def _branch(self, place: Branch) -> Iterator[str]:
        if place.prefix in self._told:
            return
        parallel = [] if place.path in self._told else about_step(place.parallel)
        self._told |= {place.prefix, place.path}
        inner = self._pipeline(place.pipeline, place.prefix)
        if parallel:
            yield from (f"parallel: {several([place.parallel.name])}", *parallel)
        if parallel or inner:
            yield from (branch(place.parallel.name, place.key), *inner)

    def _pipeline(self, pipeline: Pipeline, prefix: str) -> list[str]:
        order = [step.name for step in pipeline.steps]
        found = about_pipeline(pipeline, order)
        return [text for text in found if text != "order: data" or self._is_chain(prefix, order)]

    def _is_chain(self, prefix: str, order: Sequence[str]) -> bool:
        """Whether steps whose order the data decides look as if they were a list."""
        plan = self._plan
        children = []
        for nodes in (self._members.get(prefix + name, ()) for name in order):
            inputs = {dataset for node in nodes for dataset in plan.inputs(node)}
            outputs = {dataset for node in nodes for dataset in plan.outputs(node)}
            children += [(inputs, outputs)] if nodes else []
        return is_chain(children, {g.marker: g.markers for g in plan.gathers.values()})

    def _name(self, node: Node) -> Iterator[str]:
        found = self._plan.nodes[node.path]
        parts = [part for b in self.places[node.path] for part in (b.parallel.name, b.key)]
        parts.append(node.task.name)
        if likely_parts(found.namespace, found.name) != parts:
            yield f"step: {several(parts)}"

    def _step(self, node: Node) -> Iterator[str]:
        if isinstance(node.task, Unit):
            if node.task.after and not self._is_seen(node):
                yield f"after: {several(node.task.after)}"
            if node.task.image:
                yield f"image: {said(node.task.image)}"
            return
        seen = ["after"] if self._is_seen(node) else []
        seen += map(said, node.task.extra) if isinstance(node.task, Stub) else []
        yield from about_task(node, (*_ELSEWHERE, *seen))
        others = {name: given for name, given in node.step.overrides.items() if name != "kedro"}
        yield from about_step(Stub("others", overrides=others)) if others else ()
        yield from self._returns(node)

    def _is_seen(self, node: Node) -> bool:
        """Whether markers tell after which steps a step is to run."""
        places = self.places[node.path]
        around = places[-1] if places else None
        pipeline = around.pipeline if around else self._plan.flow.pipeline
        prefix = around.prefix if around else ""
        waits = {*self._plan.flow.order_only(node)}
        return pipeline.order == "data" and {prefix + e for e in node.step.after} <= waits

    def _returns(self, node: Node) -> Iterator[str]:
        """The names that values have, where the datasets that hold them are called otherwise."""
        plan = self._plan
        if any(o.kind is Kind.PICKLED and plan.values[o] != o.name for o in node.outputs):
            yield f"returns: {several(o.name for o in node.outputs)}"
        held = [r for r in returns_of(node.task) if r.name in plan.stored]
        for kind, what in ((Kind.JSON, "json"), (Kind.METRIC, "metrics")):
            if names := [r.name for r in held if r.kind is kind]:
                yield f"{what}: {several(names)}"


def _places(
    flow: Flow, pipeline: Pipeline, prefix: str, around: tuple[Branch, ...]
) -> Iterator[tuple[str, tuple[Branch, ...]]]:
    """The nodes in the order in which their steps were written, and the branches around each."""
    for step in pipeline.steps:
        path = prefix + step.name
        if path in flow.nodes:
            yield path, around
        elif isinstance(step, Parallel):
            for key, inner in step.branches.items():
                place = Branch(path, step, key, inner)
                yield from _places(flow, inner, place.prefix, (*around, place))


def likely_parts(namespace: str, name: str) -> list[str]:
    """The parallels and branches around a step, and its name, by those of its node."""
    parts = namespace.split(".") if namespace else []
    given = f"{parts.pop()}." if len(parts) % 2 else ""
    return [*parts, f"{given}{name}"]


Ends = tuple[set[str], set[str]]
"""The datasets that the nodes of a step take, and those that they give."""


def is_chain(children: Sequence[Ends], gathers: Mapping[str, Iterable[str]]) -> bool:
    """Whether each of several steps takes something from the one before."""
    pairs = pairwise(children)
    return len(children) > 0 and all(are_linked(a[1], b[0], gathers) for a, b in pairs)


def are_linked(given: set[str], taken: Iterable[str], gathers: Mapping[str, Iterable[str]]) -> bool:
    """Whether something is taken of what is given, or of the markers gathered of it."""
    whole = given | {marker for marker, markers in gathers.items() if given & {*markers}}
    bases = {name.partition("@")[0] for name in whole}
    return any(name.partition("@")[0] in bases for name in taken)
