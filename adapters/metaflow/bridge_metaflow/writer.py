"""A pipeline as a Metaflow flow: ``flow.py``, what it carries, and how to run it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bridge.adapter import Export, Options
from bridge.emit.carried import carried
from bridge.emit.python import comment, docstring, indent, literal
from bridge.findings import Finding, Level, Report, account
from bridge.flow import Flow, analyse
from bridge.model import Composite, Pipeline
from bridge_metaflow.plan import Plan, plan
from bridge_metaflow.project import readme, requirements
from bridge_metaflow.steps import Steps
from bridge_metaflow.tables import SUPPORT

__all__ = ["parameter_type", "write"]


def write(pipeline: Pipeline, options: Options) -> Export:
    """The flow for ``pipeline`` as texts, and what became of every attribute of it."""
    laid = plan(analyse(pipeline))
    steps = Steps(laid, options.todos, _notes(laid.flow))
    methods = list(steps.lines())
    files = {
        laid.file: _module(laid, steps.imports, methods, options),
        "README.md": readme(laid, steps.carries, any("del self." in line for line in methods)),
        "requirements.txt": requirements(steps.carries),
        **carried(steps.carries),
    }
    return Export(files, _report(pipeline, laid))


def _module(laid: Plan, imports: set[str], methods: Sequence[str], options: Options) -> str:
    pipeline = laid.flow.pipeline
    parameters = list(_parameters(laid))
    needed = {"FlowSpec", "step", *imports}
    needed |= {"Parameter"} if parameters else set()
    needed |= {"JSONType"} if any("type=JSONType" in line for line in parameters) else set()
    todos = [comment(f"TODO: {text}") for text in _pipeline_todos(laid.flow, options)]
    lines = [
        f"from metaflow import {', '.join(sorted(needed))}",
        "",
        "",
        f"class {laid.class_name}(FlowSpec):",
        *indent([docstring(pipeline.description or f"The pipeline '{pipeline.name}'.")]),
        *indent([*([""] if todos else []), *todos]),
        *indent([*([""] if parameters else []), *parameters]),
        *indent(list(methods)),
        "",
        "",
        'if __name__ == "__main__":',
        f"    {laid.class_name}()",
    ]
    return "\n".join(lines) + "\n"


def _pipeline_todos(flow: Flow, options: Options) -> Iterator[str]:
    """What was left out of the pipeline and of its composites, which are no single step here."""
    for path, texts in options.todos.items():
        if path not in flow.nodes:
            yield from texts


def _parameters(laid: Plan) -> Iterator[str]:
    for name, value in laid.flow.pipeline.parameters.items():
        own = laid.names.parameters[name]
        kind = parameter_type(value)
        default = json.dumps(value) if kind == "JSONType" else value
        help_text = f", help={literal(name)}" if own != name else ""
        arguments = f"{literal(own)}, type={kind}, default={literal(default)}{help_text}"
        yield f"{own} = Parameter({arguments})"


def parameter_type(value: Any) -> str:
    """The type of a Parameter whose default is ``value``."""
    plain = isinstance(value, bool | int | float | str)
    return type(value).__name__ if plain else "JSONType"


def _notes(flow: Flow) -> Mapping[str, Sequence[str]]:
    """The descriptions of inner pipelines, by the path of their first task."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, step in flow.steps.items():
        for key, inner in step.pipelines().items() if isinstance(step, Composite) else ():
            if inner.description:
                prefix = f"{path}.{key}."
                first = next(p for p in flow.nodes if p.startswith(prefix))
                found[first].append(f"{key}: {inner.description}")
    return found


def _report(pipeline: Pipeline, laid: Plan) -> Report:
    """What the support table says, and what the shape of this graph has cost."""
    told: dict[tuple[str, str], tuple[Level, str]] = {}
    for path, count in laid.lowered.barriers.items():
        if count:
            told[path, "order"] = (Level.EMULATED, _BARRIERS.format(count=count))
    for branches in laid.narrowed:
        told[branches.step, branches.attribute] = (Level.EMULATED, _NARROWED)
    grouped = {p: s for s in laid.steps if len(s.tasks) > 1 for p in s.tasks}
    report = account(pipeline, SUPPORT)
    report.findings = [_amended(finding, told, grouped, laid) for finding in report.findings]
    return report


_BARRIERS = (
    "the order of the steps is emulated: a flow only splits and joins, so at {count} joins steps "
    "wait for some that they do not need"
)
_NARROWED = (
    "some branches run one after the other: Metaflow follows every path through a flow, and "
    "splits behind each other multiply them"
)
_GROUPED = "'{task}' shares step '{step}' with other tasks: a flow has room for some 900 steps"
_OF_TASK = ("function", "notebook", "command", "stub")


def _amended(
    finding: Finding,
    told: Mapping[tuple[str, str], tuple[Level, str]],
    grouped: Mapping[str, Any],
    laid: Plan,
) -> Finding:
    level, message = told.get((finding.step, finding.attribute), (finding.level, finding.message))
    if finding.step in grouped and finding.attribute in _OF_TASK:
        step = laid.names.step[grouped[finding.step]]
        level, message = Level.EMULATED, _GROUPED.format(task=finding.step, step=step)
    return replace(finding, level=level, message=message)
