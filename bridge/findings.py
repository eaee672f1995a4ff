"""What a translation carries, emulates, approximates or drops: features, support, findings.

``Feature`` enumerates everything a model can say. ``attributes`` lists every attribute set in a
pipeline; ``account`` turns each into exactly one finding by what a target supports, so that the
totals of a report always add up to the attributes read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, NamedTuple

from bridge.errors import TranslationError, Where
from bridge.frozen import Frozen
from bridge.hints import HINTS
from bridge.model import (
    Catalog,
    Conditional,
    ForeignTask,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Step,
    Stub,
    Task,
)
from bridge.nodes import inside, walk
from bridge.values import At, Constant

__all__ = [
    "Attribute",
    "Feature",
    "Finding",
    "Level",
    "Report",
    "Support",
    "account",
    "attributes",
    "emulated",
    "ends",
    "lowered",
    "native",
    "refuse",
    "require",
    "unsupported",
]


class Feature(StrEnum):
    """Everything a model can say."""

    PYTHON = "python"
    NOTEBOOK = "notebook"
    SHELL = "shell"
    STUB = "stub"
    FOREIGN = "foreign"
    PARAMETERS = "parameters"
    INPUTS = "inputs"
    INPUTS_PATH = "inputs.path"
    INPUTS_CONSTANT = "inputs.constant"
    INPUTS_FACT = "inputs.fact"
    JSON = "json"
    METRIC = "metric"
    PICKLED = "pickled"
    CATALOG_GET = "catalog.get"
    CATALOG_PUT = "catalog.put"
    CATALOG_HASH = "catalog.hash"
    INCLUDE = "include"
    ORDER_DATA = "order.data"
    ORDER_AFTER = "order.after"
    DESCRIPTION = "description"
    PARALLEL = "parallel"
    MAP = "map"
    MAP_NESTED = "map.nested"
    MAP_REDUCER = "map.reducer"
    CONDITIONAL = "conditional"
    LOOP = "loop"
    ON_FAILURE = "on_failure"
    FAILURE_INDEPENDENT = "failure.independent"
    TERMINATE = "terminate"
    RETRY = "retry"
    TIMEOUT = "timeout"
    SCHEDULE = "schedule"
    RESOURCES = "resources"
    ENVIRONMENT = "environment"
    SECRETS = "secrets"
    DEPENDENCIES = "dependencies"
    IMAGE = "image"
    CACHE = "cache"
    DATASET = "dataset"
    OVERRIDES = "overrides"


class Level(StrEnum):
    """How far a feature, or one attribute, makes it to the other side."""

    NATIVE = "native"
    CARRIED = "carried"
    EMULATED = "emulated"
    APPROXIMATED = "approximated"
    DROPPED = "dropped"
    UNSUPPORTED = "unsupported"


class Support(Frozen):
    """What a target does with a feature; ``how`` says by what means, or why it cannot.

    What is ``lowered`` the target has not: it is rewritten before it gets there.
    """

    level: Level
    how: str = ""
    lowered: bool = False


def native(how: str = "") -> Support:
    """The target has the feature itself."""
    return Support(Level.NATIVE, how)


def emulated(how: str) -> Support:
    """The result is the same, by other means."""
    return Support(Level.EMULATED, how)


def lowered(how: str) -> Support:
    """The target has nothing like it; a pass of ``bridge.lower`` makes code of it."""
    return Support(Level.EMULATED, how, lowered=True)


def unsupported(how: str) -> Support:
    """The target cannot; ``how`` gives the reason."""
    return Support(Level.UNSUPPORTED, how)


class Attribute(NamedTuple):
    """One thing that was set in a pipeline; ``step`` is empty for the pipeline itself."""

    feature: Feature
    step: str
    attribute: str
    where: Where | None

    def ended(self, level: Level, how: str = "") -> Finding:
        """The finding that the attribute ends as, ``how`` it does so in a few words."""
        of = f"'{self.step}'" if self.step else "the pipeline"
        told = f"{self.attribute} of {of} {_VERBS.get(level, f'is {level}')}"
        text = f"{told}: {how}" if how else told
        return Finding(level, self.feature, self.step, self.attribute, text, self.where)


_VERBS = {Level.UNSUPPORTED: "cannot be carried", Level.DROPPED: "is left out"}


class Finding(Frozen):
    """What became of one attribute; ``docs/findings`` has a page for each ``code``."""

    level: Level
    feature: Feature
    step: str
    attribute: str
    message: str
    where: Where | None = None

    @property
    def code(self) -> str:
        """The finding's stable name."""
        return f"{self.feature}.{self.level}"

    @property
    def hint(self) -> str:
        """What to do about it; empty text: nothing."""
        return HINTS[self.feature].at(self.level) if self.feature in HINTS else ""

    @property
    def advice(self) -> str:
        """The message, and what to do."""
        return f"{self.message}; {self.hint}" if self.hint else self.message

    def to_json(self) -> dict[str, Any]:
        """The finding as JSON."""
        where = {"file": self.where.file, "line": self.where.line} if self.where else None
        names = ("code", "level", "feature", "step", "attribute", "message", "hint")
        return {**{name: getattr(self, name) for name in names}, "where": where}

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        return f"{self.code}: {self.advice}{place}"


_REFUSED = (Level.UNSUPPORTED, Level.DROPPED)
_TOLD = (*_REFUSED, Level.APPROXIMATED)


@dataclass
class Report:
    """The findings of one translation, one for each attribute read."""

    findings: list[Finding] = field(default_factory=list)

    def totals(self) -> dict[str, int]:
        """How many attributes were read, and how many ended at each level."""
        counts = {level.value: 0 for level in Level if level is not Level.NATIVE}
        for finding in self.findings:
            counts[finding.level] += 1
        return {"read": len(self.findings), **counts}

    def refused(self) -> list[Finding]:
        """The findings for which a strict translation writes nothing."""
        return [f for f in self.findings if f.level in _REFUSED]

    def told(self) -> list[Finding]:
        """The findings of what is not the same afterwards, which are told of unasked."""
        return [f for f in self.findings if f.level in _TOLD]

    def to_json(self) -> dict[str, Any]:
        """Totals and findings as JSON."""
        return {"totals": self.totals(), "findings": [f.to_json() for f in self.findings]}


def account(pipeline: Pipeline, support: Mapping[Feature, Support], target: str = "") -> Report:
    """One finding for each attribute of ``pipeline``, by what the ``target`` supports."""
    return Report([a.ended(level, how) for a, level, how in ends(pipeline, support, target)])


def ends(
    pipeline: Pipeline, support: Mapping[Feature, Support], target: str = ""
) -> Iterator[tuple[Attribute, Level, str]]:
    """Each attribute of ``pipeline``, the level that it ends at, and by what means or why."""
    for attribute in attributes(pipeline):
        yield attribute, *_end(attribute, support[attribute.feature], target)


def _end(attribute: Attribute, support: Support, target: str) -> tuple[Level, str]:
    """How an attribute ends at a target that supports its feature so, and by what means."""
    feature, is_own = attribute.feature, attribute.attribute.endswith(f"[{target!r}]")
    if feature is Feature.OVERRIDES and target and not is_own:
        return Level.CARRIED, "it is for another target, and says nothing to this one"
    if feature is Feature.FOREIGN and target and not is_own:
        return Level.UNSUPPORTED, "only the framework that it comes from can carry it out"
    return Level.CARRIED if support.level is Level.NATIVE else support.level, support.how


def require(pipeline: Pipeline, support: Mapping[Feature, Support], refusal: str) -> None:
    """Refuse what cannot be carried as ``refuse`` does, at little cost where all of it can."""
    refused = {feature for feature, found in support.items() if found.level in _REFUSED}
    if any(attribute.feature in refused for attribute in attributes(pipeline)):
        refuse(account(pipeline, support), refusal)


def refuse(report: Report, refusal: str) -> None:
    """Raise TranslationError, ``refusal`` and all that is refused, if anything is."""
    if found := report.refused():
        raise TranslationError("\n  ".join([f"{refusal}:", *map(str, found)]), report)


_TASKS: dict[type[Step], tuple[str, Feature]] = {
    PythonTask: ("function", Feature.PYTHON),
    NotebookTask: ("notebook", Feature.NOTEBOOK),
    ShellTask: ("command", Feature.SHELL),
    Stub: ("stub", Feature.STUB),
    ForeignTask: ("foreign", Feature.FOREIGN),
    Parallel: ("branches", Feature.PARALLEL),
    Map: ("iterate_on", Feature.MAP),
    Conditional: ("branches", Feature.CONDITIONAL),
    Loop: ("branch", Feature.LOOP),
}
_SIMPLE: dict[str, Feature] = {
    "after": Feature.ORDER_AFTER,
    "on_failure": Feature.ON_FAILURE,
    "retry": Feature.RETRY,
    "timeout": Feature.TIMEOUT,
    "resources": Feature.RESOURCES,
    "environment": Feature.ENVIRONMENT,
    "secrets": Feature.SECRETS,
    "dependencies": Feature.DEPENDENCIES,
    "image": Feature.IMAGE,
    "cache": Feature.CACHE,
    "terminate_with_success": Feature.TERMINATE,
    "terminate_with_failure": Feature.TERMINATE,
    "reducer": Feature.MAP_REDUCER,
    "default": Feature.CONDITIONAL,
    "max_iterations": Feature.LOOP,
    "break_on": Feature.LOOP,
    "index_as": Feature.LOOP,
    "iterate_as": Feature.MAP,
    "parameter": Feature.CONDITIONAL,
    "extra": Feature.STUB,
}
_SIMPLE_OF = {
    kind: [(f.name, _SIMPLE[f.name]) for f in fields(kind) if f.name in _SIMPLE] for kind in _TASKS
}
_NAMED: dict[str, Feature] = {
    "parameters": Feature.PARAMETERS,
    "datasets": Feature.DATASET,
}
_OF_PIPELINE: dict[str, Feature] = {
    "description": Feature.DESCRIPTION,
    "schedule": Feature.SCHEDULE,
    "on_failure": Feature.ON_FAILURE,
    "include": Feature.INCLUDE,
}


def attributes(pipeline: Pipeline) -> Iterator[Attribute]:
    """Every attribute set in a pipeline and in the pipelines inside it, in reading order."""
    yield from _of_pipeline(pipeline, "")
    for path, step in walk(pipeline):
        yield from _of_step(step, path)
        for key, inner in inside(step):
            yield from _of_pipeline(inner, path + key)


def _of_pipeline(pipeline: Pipeline, path: str) -> Iterator[Attribute]:
    for name, feature in _NAMED.items():
        for key in getattr(pipeline, name):
            yield Attribute(feature, path, f"{name}[{key!r}]", pipeline.where)
    for name, feature in _OF_PIPELINE.items():
        if getattr(pipeline, name):
            yield Attribute(feature, path, name, pipeline.where)
    for target in pipeline.overrides:
        yield Attribute(Feature.OVERRIDES, path, f"overrides[{target!r}]", pipeline.where)
    if pipeline.order == "data":
        yield Attribute(Feature.ORDER_DATA, path, "order", pipeline.where)
    if pipeline.on_failure:
        yield from _of_pipeline(pipeline.on_failure, f"{path}.on_failure".lstrip("."))


def _of_step(step: Step, path: str) -> Iterator[Attribute]:
    main, feature = _TASKS[type(step)]
    if isinstance(step, ForeignTask):
        main = f"{main}[{step.framework!r}]"
    yield Attribute(feature, path, main, step.where)
    for name, feature in _SIMPLE_OF[type(step)]:
        if getattr(step, name):
            yield Attribute(feature, path, name, step.where)
    for target in step.overrides:
        yield Attribute(Feature.OVERRIDES, path, f"overrides[{target!r}]", step.where)
    if isinstance(step, Map) and any(isinstance(s, Map) for _, s in walk(step.branch)):
        yield Attribute(Feature.MAP_NESTED, path, "branch", step.where)
    if isinstance(step, Task):
        yield from _of_values(step, path)
        if step.catalog:
            yield from _of_catalog(step.catalog, path, step.where)


def _of_values(task: Task, path: str) -> Iterator[Attribute]:
    for argument, given in task.bindings.items():
        feature = Feature.INPUTS_CONSTANT if isinstance(given, Constant) else Feature.INPUTS_FACT
        if isinstance(given, At):
            feature = Feature.INPUTS_PATH if given.path else Feature.INPUTS
        yield Attribute(feature, path, f"inputs[{argument!r}]", task.where)
    for found in task.outputs:
        yield Attribute(Feature(found.kind), path, f"returns[{found.name!r}]", task.where)


def _of_catalog(catalog: Catalog, path: str, where: Where | None) -> Iterator[Attribute]:
    for pattern in catalog.get:
        yield Attribute(Feature.CATALOG_GET, path, f"catalog.get[{pattern!r}]", where)
    for pattern in catalog.put:
        yield Attribute(Feature.CATALOG_PUT, path, f"catalog.put[{pattern!r}]", where)
    if not catalog.store_copy:
        yield Attribute(Feature.CATALOG_HASH, path, "catalog.store_copy", where)
