"""What can be said against a task or a parameter by itself, whatever stands around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.carried.values import to_json
from bridge.errors import Problem
from bridge.model import Catalog, Pipeline, ShellTask, Task
from bridge.values import Kind

__all__ = ["check_inner", "check_parameters", "check_task"]


def check_parameters(pipeline: Pipeline, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Each value that is not JSON."""
    for name, value in values.items():
        try:
            to_json(value, name)
        except ValueError as error:
            message = f"parameter '{name}' of '{pipeline.name}' is not JSON: {error}"
            yield Problem(message, pipeline.where)


def check_inner(pipeline: Pipeline, path: str) -> Iterator[Problem]:
    """What only the outermost pipeline may say."""
    for name in ("parameters", "datasets", "schedule"):
        if getattr(pipeline, name):
            message = f"pipeline '{pipeline.name}' inside '{path}' has {name}; "
            yield Problem(f"{message}only the outermost pipeline may", pipeline.where)


def check_task(task: Task, files: Catalog) -> Iterator[Problem]:
    """Globs that leave the working directory, and returns that cannot be."""
    for pattern in (*files.get, *files.put):
        wrong = _glob(pattern)
        if wrong:
            yield Problem(f"glob {pattern!r} of '{task.name}' {wrong}", task.where)
    names = [r.name for r in task.outputs]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield Problem(f"'{task.name}' returns '{name}' twice", task.where)
    if isinstance(task, ShellTask) and any(r.kind is Kind.PICKLED for r in task.outputs):
        message = f"command '{task.name}' can only return JSON, not an object"
        yield Problem(message, task.where)


def _glob(pattern: str) -> str:
    """What is wrong with a glob; nothing when it is right."""
    parts = pattern.replace("\\", "/").split("/")
    if not pattern or not parts[0] or ".." in parts or ":" in parts[0]:
        return "leaves the working directory; write it relative to there, without '..'"
    if "\\" in pattern or not pattern.isprintable():
        return "holds a backslash or a control character; write folders with '/'"
    return ""
