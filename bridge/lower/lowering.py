"""The passes over a pipeline, and the report of what they did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.findings import Feature, Finding, Level, Support, lowered
from bridge.lower import conditionals, failures, loops, maps, objects, policies
from bridge.lower.borders import guard
from bridge.lower.groups import SHARED, fuse
from bridge.lower.rebuild import rebuilt
from bridge.lower.units import unit
from bridge.model import Pipeline, Step
from bridge.order import arrange
from bridge.signatures import signature
from bridge.touches import Touches
from bridge.unit import Unit

__all__ = ["LOWERED", "Lowered", "lower"]

_PASSES: tuple[Any, ...] = (maps, conditionals, loops, failures, policies)

LOWERED: Mapping[Feature, Support] = {
    feature: lowered(found.HOW) for found in (*_PASSES, objects) for feature in found.FEATURES
}
"""What can be lowered, for the tables of adapters."""

_INSIDE = frozenset(
    (
        *(Feature.PYTHON, Feature.NOTEBOOK, Feature.SHELL, Feature.STUB, Feature.PARALLEL),
        *LOWERED,
    )
)
"""What is done by the code of a unit when it stands in one."""


_AROUND = (*policies.FEATURES, *objects.FEATURES)
"""What is done by code around the call of a task; what is called is as it was."""


@dataclass
class Lowered:
    """A pipeline as a target can have it.

    ``units`` are the paths of steps in a unit, and why; ``told`` says what became of attributes,
    by their step and name, where the table of support does not.
    """

    pipeline: Pipeline
    units: dict[str, str] = field(default_factory=dict)
    told: Mapping[tuple[str, str], tuple[Level, str]] = field(default_factory=dict)

    def tell(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings, with what became of the attributes that are in a unit."""
        return [self._told(finding) for finding in findings]

    def _told(self, finding: Finding) -> Finding:
        if told := self.told.get((finding.step, finding.attribute)):
            return replace(finding, level=told[0], message=told[1])
        if not self.units:
            return finding
        paths = [*_above(finding.step)]
        if finding.attribute == "on_failure":  # of a pipeline: it has a path of its own
            paths.append(f"{finding.step}.on_failure".removeprefix("."))
        why = next((w for p in paths if (w := self.units.get(p))), "")
        if why and finding.feature is Feature.FOREIGN:
            message = (
                f"{finding.attribute} of '{finding.step}' cannot be carried inside of code: {why}"
            )
            return replace(finding, level=Level.UNSUPPORTED, message=message)
        carried = finding.level in (Level.CARRIED, Level.EMULATED) and finding.feature in _INSIDE
        alone = finding.step in self.units and why in (policies.HOW, objects.HOW)
        if not why or not carried or (alone and finding.feature not in _AROUND):
            return finding
        of = f"'{finding.step}'" if finding.step else "the pipeline"
        message = f"{finding.attribute} of {of} is emulated: {why}"
        return replace(finding, level=Level.EMULATED, message=message)


def _above(path: str) -> Iterable[str]:
    """The path of a step, and those of all that it stands in."""
    parts = path.split(".")
    return (".".join(parts[:i]) for i in range(len(parts), 0, -1))


def lower(
    pipeline: Pipeline,
    support: Mapping[Feature, Support],
    also: Mapping[str, str] | None = None,
    groups: Mapping[str, str] | None = None,
) -> Lowered:
    """The pipeline with units for what the target declares ``lowered``.

    ``also`` are the paths of further steps that are to be in a unit, and why; ``groups`` has the
    name of a group for the path of each step that is to share a unit with others.
    """
    features = frozenset(f for f, found in support.items() if found.lowered)
    if Feature.PICKLED in features:
        features |= set(failures.FEATURES)  # a handler too may take an object
    lowering = _Lowering(features, also or {})
    grouped = fuse(pipeline, groups) if groups else pipeline
    lowering.units |= dict.fromkeys(groups or {}, SHARED)
    found = Lowered(lowering.pipeline(grouped, ""), lowering.units)
    if Feature.PICKLED in features:
        found.pipeline, units = objects.persist(found.pipeline)
        found.units |= units
    if support[Feature.PICKLED].level is Level.UNSUPPORTED:
        found.pipeline, found.told = guard(found.pipeline)
    return found


class _Lowering:
    def __init__(self, features: frozenset[Feature], also: Mapping[str, str]) -> None:
        self.units: dict[str, str] = {}
        self._features = features
        self._also = also

    def pipeline(self, pipeline: Pipeline, prefix: str) -> Pipeline:
        """One scope's steps, lowered."""
        if pipeline.on_failure and self._handled(f"{prefix}on_failure"):
            return self._whole(pipeline, prefix)
        these = [s.name for s in pipeline.steps if s.on_failure and self._handled(prefix + s.name)]
        kept = pipeline
        if these:
            touches = Touches(signature)
            order, _ = arrange(pipeline, touches.reads, touches.writes)
            kept, units = failures.with_followers(pipeline, order, these)
            self.units |= {prefix + n: failures.HOW for names in units.values() for n in names}
        steps = [self._step(step, prefix, pipeline) for step in kept.steps]
        handler = pipeline.on_failure and self.pipeline(pipeline.on_failure, f"{prefix}on_failure.")
        return replace(kept, steps=steps, on_failure=handler)

    def _handled(self, path: str) -> bool:
        return Feature.ON_FAILURE in self._features or path in self._also

    def _whole(self, pipeline: Pipeline, prefix: str) -> Pipeline:
        """A pipeline whose failure is handled, in one unit."""
        found = unit(pipeline.steps, pipeline, failures.HOW, pipeline.name)
        inner = replace(found.pipeline, on_failure=pipeline.on_failure)
        self.units |= {prefix + step.name: failures.HOW for step in pipeline.steps}
        self.units[f"{prefix}on_failure"] = failures.HOW
        whole = replace(found, pipeline=inner)
        return replace(pipeline, steps=[whole], on_failure=None, order="list")

    def _step(self, step: Step, prefix: str, around: Pipeline) -> Step:
        path = prefix + step.name
        if path in self.units or isinstance(step, Unit):
            return step
        why = self._also.get(path, "")
        why = why or next((p.HOW for p in _PASSES if p.asks(step, self._features)), "")
        if why:
            self.units[path] = why
            return unit([step], around, why)
        return rebuilt(step, lambda inner, key: self.pipeline(inner, f"{path}{key}."))
