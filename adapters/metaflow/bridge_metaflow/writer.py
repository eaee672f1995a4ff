"""A pipeline as a Metaflow flow: ``flow.py``, what it carries, and how to run it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from bridge.adapter import Export, Options
from bridge.emit.carried import carried
from bridge.emit.python import comment, indent, literal
from bridge.flow import analyse
from bridge.model import Pipeline
from bridge_metaflow import remarks
from bridge_metaflow.decorators import of_flow
from bridge_metaflow.places import parts
from bridge_metaflow.plan import Plan, plan
from bridge_metaflow.project import readme, requirements
from bridge_metaflow.report import told
from bridge_metaflow.steps import Steps

__all__ = ["parameter_type", "write"]


def write(pipeline: Pipeline, options: Options) -> Export:
    """The flow for ``pipeline`` as texts, and what became of some attributes of it."""
    laid = plan(analyse(pipeline))
    steps = Steps(laid, options.todos, remarks.of_steps(laid))
    methods = list(steps.lines())
    files = {
        laid.file: _module(laid, steps.imports, methods, options),
        "README.md": readme(laid, steps.carries, any("# Only read" in line for line in methods)),
        "requirements.txt": requirements(pipeline, steps.carries),
        **carried(steps.carries),
    }
    return Export(files, told=told(laid))


def _module(laid: Plan, imports: set[str], methods: Sequence[str], options: Options) -> str:
    pipeline = laid.flow.pipeline
    parameters = list(_parameters(laid))
    needed = {"FlowSpec", "step", *imports}
    needed |= {"Parameter"} if parameters else set()
    needed |= {"JSONType"} if any("type=JSONType" in line for line in parameters) else set()
    around = of_flow(pipeline)
    needed |= around.keys()
    todos = remarks.of_flow(laid)
    todos += [comment(f"TODO: {text}") for text in _pipeline_todos(laid, options)]
    lines = [
        f"from metaflow import {', '.join(sorted(needed))}",
        "",
        "",
        *(f"@{source}" for source in around.values()),
        f"class {laid.class_name}(FlowSpec):",
        *indent([remarks.described(pipeline)]),
        *indent([*([""] if todos else []), *todos]),
        *indent([*([""] if parameters else []), *parameters]),
        *indent(list(methods)),
        "",
        "",
        'if __name__ == "__main__":',
        f"    {laid.class_name}()",
    ]
    return "\n".join(lines) + "\n"


def _pipeline_todos(laid: Plan, options: Options) -> Iterator[str]:
    """What was left out of the pipeline and of its composites, which are no single step here."""
    tasks = {place.path for place in laid.places.all if not parts(place.node)}
    for path, texts in options.todos.items():
        if path not in tasks:
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
