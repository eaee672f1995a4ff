"""Runs a recipe as it is: no pipeline, no task, only the functions it names."""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from bridge.adapter import Job, Source
from bridge.engine import run_apart, serve
from bridge.record import Run
from bridge.results import settle
from bridge_fake.reader import recipe


def run_source(source: Source, job: Job) -> Run:
    """The record of the recipe, carried out by this module in a process of its own."""
    told = json.dumps([str(source.path.resolve()), source.name, source.env])
    return run_apart("bridge_fake.cook", job, {"RECIPE": told})


def _serve(job: Job) -> Run:
    path, name, env = json.loads(os.environ["RECIPE"])
    found, file = recipe(Source(Path(path), name, env))
    sys.path.insert(0, str(file.parent))
    values: dict[str, Any] = {**found.get("values", {}), **job.parameters}
    run = Run(job.run_id, "source", "succeeded", parameters=dict(values))
    for step in found["steps"]:
        try:
            _cook(step, values)
        except Exception as error:
            run.status = "failed"
            told = {"step": step.get("name", ""), "type": type(error).__name__}
            run.error = {**told, "attempt": step.get("tries", 1), "text": str(error)}
            return run
    settle(run, {name: (kind, values[name]) for name, kind in job.sets.items()})
    return run


def _cook(step: dict[str, Any], values: dict[str, Any]) -> None:
    if "wait" in step:
        Path(step["wait"]).read_text()
        return
    if "do" in step:
        exec(step["do"], {}, values)
        return
    module, _, name = step["call"].partition(":")
    function = getattr(importlib.import_module(module), name)
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    given = {argument: step.get("with", {}).get(argument, argument) for argument in names}
    arguments = {
        argument: value["value"] if isinstance(value, dict) else values[value]
        for argument, value in given.items()
    }
    for left in reversed(range(step.get("tries", 1))):
        try:
            result = function(**arguments)
            break
        except Exception:
            if not left:
                raise
    if "gives" in step:
        values[step["gives"]] = result


if __name__ == "__main__":
    serve(_serve)
