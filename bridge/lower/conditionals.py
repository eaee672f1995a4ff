"""A conditional becomes an ``if`` inside one task, where the target has none of its own."""

from __future__ import annotations

from bridge.findings import Feature
from bridge.model import Conditional, Step

__all__ = ["FEATURES", "HOW", "asks"]

FEATURES = (Feature.CONDITIONAL,)
HOW = "one task that takes one of its branches"


def asks(step: Step, lowered: frozenset[Feature]) -> bool:
    """Whether the step says what is to be lowered."""
    return isinstance(step, Conditional) and Feature.CONDITIONAL in lowered
