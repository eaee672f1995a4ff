"""What the passes share: steps put into a unit, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

from bridge.model import Pipeline, Resources, Step, Task
from bridge.nodes import walk
from bridge.unit import Unit

__all__ = ["members", "unit"]


def unit(steps: Sequence[Step], around: Pipeline, why: str, name: str = "") -> Unit:
    """The steps of ``around`` in a unit of their own, which waits for what they waited for.

    Of a step that ends ``around``, all that waits for it must be among them or wait for the unit.
    """
    names = {step.name for step in steps}
    outside = dict.fromkeys(e for step in steps for e in step.after if e not in names)
    inner = [replace(s, after=[e for e in s.after if e in names]) for s in steps]
    pipeline = Pipeline(inner, name or steps[0].name, order=around.order, where=steps[0].where)
    tasks = [step for _, step in walk(pipeline) if isinstance(step, Task)]
    overrides = {k: v for step in reversed(steps) for k, v in step.overrides.items()}
    return Unit(
        name=name or steps[0].name,
        after=list(outside),
        terminate_with_success=any(step.terminate_with_success for step in steps),
        overrides=overrides,
        where=steps[0].where,
        pipeline=pipeline,
        why=why,
        around=[step.name for step in around.steps],
        resources=_largest(task.resources for task in tasks),
        dependencies=list(dict.fromkeys(d for task in tasks for d in task.dependencies)),
        image=next((task.image for task in tasks if task.image), None),
    )


def members(pipeline: Pipeline) -> dict[str, str]:
    """The path of the unit that each step stands in, by the path of the step."""
    found: dict[str, str] = {}
    for path, step in walk(pipeline):
        if isinstance(step, Unit) and path not in found:
            place = path.removesuffix(step.name)
            found |= dict.fromkeys((inner for inner, _ in walk(step.pipeline, place)), path)
    return found


def _largest(asked: Iterable[Resources | None]) -> Resources | None:
    """What is enough for each of those that ask, one at a time."""
    found = [resources for resources in asked if resources]
    if not found:
        return None

    def most(name: str) -> Any:
        return max((getattr(r, name) for r in found if getattr(r, name) is not None), default=None)

    return Resources(**{f.name: most(f.name) for f in fields(Resources)})
