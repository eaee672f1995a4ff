"""A loop becomes a loop inside one task, where the target has none of its own."""

from __future__ import annotations

from bridge.findings import Feature
from bridge.model import Loop, Step

__all__ = ["FEATURES", "HOW", "asks"]

FEATURES = (Feature.LOOP,)
HOW = "one task that repeats the branch"


def asks(step: Step, lowered: frozenset[Feature]) -> bool:
    """Whether the step says what is to be lowered."""
    return isinstance(step, Loop) and Feature.LOOP in lowered
