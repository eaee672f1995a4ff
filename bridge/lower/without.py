"""Leave out of a pipeline the policies that a target cannot carry, and say where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, replace
from typing import Any

from bridge.findings import Finding
from bridge.model import Parallel, Pipeline, Step

__all__ = ["without"]


def without(
    pipeline: Pipeline, refused: Iterable[Finding]
) -> tuple[Pipeline, Mapping[str, list[str]]]:
    """The pipeline without the refused attributes, and the sentences about them by path.

    Only an attribute that has a default can be left out; the others stay as they are.
    """
    todos: dict[str, list[str]] = {}
    attributes: dict[str, set[str]] = {}
    for finding in refused:
        todos.setdefault(finding.step, []).append(finding.message)
        attributes.setdefault(finding.step, set()).add(finding.attribute)
    return (_pipeline(pipeline, "", attributes) if todos else pipeline), todos


def _pipeline(pipeline: Pipeline, path: str, attributes: Mapping[str, set[str]]) -> Pipeline:
    prefix = f"{path}." if path else ""
    steps = [_step(step, prefix + step.name, attributes) for step in pipeline.steps]
    found: Pipeline = _cleared(pipeline, attributes.get(path, set()))
    return replace(found, steps=steps)


def _step(step: Step, path: str, attributes: Mapping[str, set[str]]) -> Step:
    found: Step = _cleared(step, attributes.get(path, set()))
    if isinstance(found, Parallel):
        branches = {k: _pipeline(p, f"{path}.{k}", attributes) for k, p in found.branches.items()}
        found = replace(found, branches=branches)
    return found


def _cleared(model: Any, names: set[str]) -> Any:
    """The model object with those of its attributes that have one at their default."""
    changes = {f.name: _default(f) for f in fields(model) if f.name in names and _optional(f)}
    return replace(model, **changes) if changes else model


def _optional(f: Field[Any]) -> bool:
    return f.default is not MISSING or f.default_factory is not MISSING


def _default(f: Field[Any]) -> Any:
    return f.default if f.default_factory is MISSING else f.default_factory()
