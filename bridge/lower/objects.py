"""Objects between the tasks of a target that hands on JSON alone: by reference, through the store.

What takes or gives an object becomes a unit that loads what comes in and saves what goes out. A
composite in which objects are handed on is one unit, so that they only meet its border.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bridge.findings import Feature
from bridge.flow import Flow, Node, Stored, analyse
from bridge.lower.rebuild import rebuilt
from bridge.lower.units import unit
from bridge.model import Parallel, Pipeline, Step
from bridge.unit import Unit
from bridge.values import Kind

__all__ = ["FEATURES", "HOW", "persist"]

FEATURES = (Feature.PICKLED,)
HOW = "in the store of files; a reference to it is handed on"


def persist(pipeline: Pipeline) -> tuple[Pipeline, dict[str, str]]:
    """The pipeline with units for what takes or gives objects, and why, by the steps in them."""
    nodes = analyse(pipeline).nodes
    touched = {path for path, node in nodes.items() if _has_objects(node)}
    units: dict[str, str] = {}
    return (_pipeline(pipeline, "", touched, units) if touched else pipeline), units


def _has_objects(node: Node) -> bool:
    kinds: list[object] = [output.kind for output in node.outputs]
    kinds += [getattr(r.source, "kind", None) for r in node.reads if not _is_stored(r.source)]
    return Kind.PICKLED in kinds or any(map(_has_objects, _inside(node)))


def _is_stored(source: object) -> bool:
    """Whether a value comes from a dataset, which whoever reads it loads for itself."""
    return isinstance(source, Stored)


def _inside(node: Node) -> Iterator[Node]:
    flows: list[Flow | None] = [*node.inner.values(), node.handler]
    flows += [flow.handler for flow in flows if flow]
    return (inner for flow in flows if flow for inner in flow.nodes.values())


def _pipeline(
    pipeline: Pipeline, prefix: str, touched: set[str], units: dict[str, str]
) -> Pipeline:
    def step(found: Step) -> Step:
        path = prefix + found.name
        if path in touched and isinstance(found, Unit):
            return replace(found, persists=True)
        if path in touched:
            units[path] = HOW
            return replace(unit([found], pipeline, HOW), persists=True)
        if not isinstance(found, Parallel):
            return found
        return rebuilt(found, lambda p, key: _pipeline(p, f"{path}{key}.", touched, units))

    return replace(pipeline, steps=[step(found) for found in pipeline.steps])
