"""A map becomes a loop inside one task, where the target has none of its own."""

from __future__ import annotations

from bridge.findings import Feature
from bridge.model import Map, Pipeline, Step
from bridge.nodes import walk

__all__ = ["FEATURES", "HOW", "asks"]

FEATURES = (Feature.MAP, Feature.MAP_NESTED, Feature.MAP_REDUCER)
HOW = "one task that loops over the items"


def asks(step: Step, lowered: frozenset[Feature]) -> bool:
    """Whether the step says what is to be lowered."""
    if not isinstance(step, Map):
        return False
    if Feature.MAP in lowered or (Feature.MAP_REDUCER in lowered and step.reducer is not None):
        return True
    return Feature.MAP_NESTED in lowered and _holds_map(step.branch)


def _holds_map(pipeline: Pipeline) -> bool:
    return any(isinstance(step, Map) for _, step in walk(pipeline))
