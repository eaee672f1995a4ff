"""A step with the pipelines inside it replaced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bridge.model import Conditional, Loop, Map, Parallel, Pipeline, Step

__all__ = ["rebuilt"]


def rebuilt(step: Step, change: Callable[[Pipeline, str], Pipeline]) -> Step:
    """The step with each pipeline in it changed, that for its failure too.

    ``change`` is also told what the pipeline adds to the step's path.
    """
    found = step
    if isinstance(step, Map | Loop):
        found = replace(step, branch=change(step.branch, ""))
    elif isinstance(step, Parallel | Conditional):
        branches = {key: change(p, f".{key}") for key, p in step.branches.items()}
        found = replace(step, branches=branches)
    if isinstance(found, Conditional) and found.default:
        found = replace(found, default=change(found.default, ".default"))
    if step.on_failure:
        found = replace(found, on_failure=change(step.on_failure, ".on_failure"))
    return found
