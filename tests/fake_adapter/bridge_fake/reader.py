"""From a recipe to a pipeline.

A recipe is a folder with ``recipe.json``, functions called in order on values by name::

    {"name": "bread", "values": {"flour": 500}, "steps": [
        {"call": "kitchen:weigh", "with": {"grams": "flour"}, "gives": "weight"},
        {"name": "mix", "do": "dough = weight * 2", "gives": "dough"},
        {"call": "kitchen:bake", "gives": "bread", "object": true, "tries": 2},
        {"name": "cool", "wait": "window.txt"}]}

What a step does is a function of the user's (``call``), statements (``do``), or waiting for a file,
which nobody else can. With several ``recipes`` by name one is chosen; ``recipe.ENV.json`` has other
values.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.adapter import Import, Source
from bridge.errors import SourceError, Where
from bridge.findings import Attribute, Feature, Finding, Level, Report
from bridge.model import ForeignTask, Pipeline, PythonTask, Retry, Task
from bridge.references import refer
from bridge.values import constant, pickled
from bridge.values import json as as_json

FILE = "recipe.json"
KEYS = {
    "call": Feature.PYTHON,
    "do": Feature.PYTHON,
    "wait": Feature.FOREIGN,
    "with": Feature.INPUTS,
    "gives": Feature.JSON,
    "object": Feature.PICKLED,
    "tries": Feature.RETRY,
    "name": Feature.PYTHON,
}


def recipe(source: Source) -> tuple[dict[str, Any], Path]:
    """What the recipe says, and its file."""
    file = source.path / FILE if source.path.is_dir() else source.path
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise SourceError(f"'{file}' is no recipe: {error}") from None
    if several := found.get("recipes"):
        if source.name not in several:
            raise SourceError(f"'{file}' holds the recipes {', '.join(several)}; name one of them")
        found = {"name": source.name, **several[source.name]}
    if source.env:
        other = file.with_name(f"recipe.{source.env}.json")
        found["values"] = {**found.get("values", {}), **json.loads(other.read_text())}
    return found, file


def read(source: Source) -> Import:
    """The pipeline of a recipe, its statements as functions."""
    found, file = recipe(source)
    tasks, functions, findings = [], [], []
    for number, step in enumerate(found["steps"]):
        where = Where(str(file), _line(file, number))
        task = _task(step, where)
        tasks.append(task)
        functions += [_function(step)] if "do" in step else []
        findings += _findings(step, task.name, where)
    at = Where(str(file))
    values = found.get("values", {})
    pipeline = Pipeline(tasks, found.get("name", "recipe"), parameters=values, where=at)
    about = [Attribute(Feature.PARAMETERS, "", f"values[{name!r}]", at) for name in values]
    report = Report([*(a.ended(Level.CARRIED) for a in about), *findings])
    files = {"functions.py": "\n\n".join(functions)} if functions else {}
    return Import(pipeline, file.parent, files, [file.parent], report)


def _line(file: Path, number: int) -> int:
    """The line on which a step begins: the place of what each of them has, and once."""
    text = file.read_text(encoding="utf-8")
    places = [i for i, line in enumerate(text.splitlines(), 1) if _begins(line)]
    return places[number] if number < len(places) else 0


def _begins(line: str) -> bool:
    return any(f'"{key}":' in line for key in ("call", "do", "wait"))


def _task(step: Mapping[str, Any], where: Where) -> Task:
    given = {
        name: constant(value["value"]) if isinstance(value, dict) else value
        for name, value in step.get("with", {}).items()
    }
    returns = (
        [(pickled if step.get("object") else as_json)(step["gives"])] if "gives" in step else []
    )
    retry = Retry(step["tries"] - 1) if "tries" in step else None
    common: dict[str, Any] = {"inputs": given, "returns": returns, "retry": retry, "where": where}
    if "wait" in step:
        definition = {"wait": step["wait"]}
        return ForeignTask(name=step["name"], framework="fake", definition=definition, **common)
    function = refer(step.get("call") or f"functions:{step['name']}")
    return PythonTask(function=function, name=step.get("name", ""), **common)


def _function(step: Mapping[str, Any]) -> str:
    """The statements as a function of the names that they read and do not set before."""
    tree = ast.parse(step["do"])
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    read_ = dict.fromkeys(node.id for node in names if node.id not in stored)
    gives = f"\n    return {step['gives']}" if "gives" in step else ""
    return f"def {step['name']}({', '.join(read_)}):\n    {step['do']}{gives}\n"


def _findings(step: Mapping[str, Any], path: str, where: Where) -> Iterator[Finding]:
    for key in step:
        feature = KEYS.get(key, Feature.FOREIGN)
        level = Level.CARRIED if key in KEYS else Level.UNSUPPORTED
        yield Attribute(feature, path, key, where).ended(level, "" if key in KEYS else "who knows")
