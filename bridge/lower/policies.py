"""A task's policy becomes code around its call, where the target has no word for it."""

from __future__ import annotations

from bridge.findings import Feature
from bridge.model import Composite, Step, Task

__all__ = ["FEATURES", "HOW", "asks"]

_ATTRIBUTES = {
    "retry": Feature.RETRY,
    "timeout": Feature.TIMEOUT,
    "environment": Feature.ENVIRONMENT,
    "secrets": Feature.SECRETS,
    "terminate_with_failure": Feature.TERMINATE,
}
FEATURES = tuple(_ATTRIBUTES.values())
HOW = "code around the call"


def asks(step: Step, lowered: frozenset[Feature]) -> bool:
    """Whether the step says what is to be lowered."""
    found = {feature for name, feature in _ATTRIBUTES.items() if getattr(step, name, None)}
    return isinstance(step, Task | Composite) and not lowered.isdisjoint(found)
