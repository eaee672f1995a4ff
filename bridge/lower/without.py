"""Leave out of a pipeline the policies that a target cannot carry, and say so in their place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, replace
from typing import Any

from bridge.findings import Feature, Finding
from bridge.flow import analyse
from bridge.hints import HINTS
from bridge.lower.rebuild import rebuilt
from bridge.lower.units import members
from bridge.model import ForeignTask, Pipeline, Step, Stub

__all__ = ["can_be_left_out", "todos", "without"]


def can_be_left_out(feature: Feature) -> bool:
    """Whether the work that a pipeline does is whole without it."""
    return bool(HINTS[feature].by_hand)


def without(pipeline: Pipeline, dropped: Iterable[Finding]) -> Pipeline:
    """The pipeline with what is dropped of it at its default; in place of a task a stub."""
    names: dict[str, set[str]] = {}
    for finding in dropped:
        names.setdefault(finding.step, set()).add(finding.attribute)
    return _pipeline(pipeline, "", names)


def todos(dropped: Sequence[Finding], pipeline: Pipeline) -> dict[str, list[str]]:
    """What is to be said of what was left out, by the path of a step that a writer writes.

    ``pipeline`` is what the writer is given: what was left out inside a step that is written as
    one is said there, and nothing of what a handler held that was itself left out.
    """
    flow, units = analyse(pipeline), members(pipeline)
    handlers = {f"{f.step}.on_failure".lstrip(".") for f in dropped if f.attribute == "on_failure"}
    found: dict[str, list[str]] = {}
    for finding in dropped:
        parts = finding.step.split(".")
        above = [".".join(parts[:i]) for i in range(len(parts), 0, -1)]
        if handlers.isdisjoint(above):
            places = (units.get(path, path) for path in above)
            whole = next((place for place in places if place in flow.nodes), finding.step)
            found.setdefault(whole, []).append(finding.advice)
    return found


def _pipeline(pipeline: Pipeline, path: str, names: Mapping[str, set[str]]) -> Pipeline:
    prefix = f"{path}." if path else ""
    found: Pipeline = _cleared(pipeline, names.get(path, set()))
    steps = [_step(step, prefix + step.name, names) for step in found.steps]
    handler = found.on_failure and _pipeline(found.on_failure, f"{prefix}on_failure", names)
    return replace(found, steps=steps, on_failure=handler)


def _step(step: Step, path: str, names: Mapping[str, set[str]]) -> Step:
    gone = names.get(path, set())
    if isinstance(step, ForeignTask) and f"foreign[{step.framework!r}]" in gone:
        step = Stub(**{f.name: getattr(step, f.name) for f in fields(Step)})
    found: Step = _cleared(step, gone)
    return rebuilt(found, lambda inner, key: _pipeline(inner, path + key, names))


def _cleared(model: Any, names: set[str]) -> Any:
    changes = {f.name: _default(f) for f in fields(model) if f.name in names}
    given = getattr(model, "overrides", {})
    kept = {name: found for name, found in given.items() if f"overrides[{name!r}]" not in names}
    if len(kept) < len(given):
        changes["overrides"] = kept
    return replace(model, **changes) if changes else model


def _default(f: Field[Any]) -> Any:
    return f.default if f.default_factory is MISSING else f.default_factory()
