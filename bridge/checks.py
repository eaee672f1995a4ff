"""What can be said against a task or a parameter by itself, whatever stands around it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.carried.values import to_json
from bridge.errors import ModelError, Problem
from bridge.model import Catalog, Composite, Conditional, Loop, Map, Pipeline, ShellTask, Step, Task
from bridge.nodes import walk
from bridge.unit import Unit
from bridge.values import Kind

__all__ = [
    "check_composite",
    "check_datasets",
    "check_inner",
    "check_names",
    "check_parameters",
    "check_task",
]


def check_parameters(pipeline: Pipeline, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Each value that is not JSON."""
    for name, value in values.items():
        try:
            to_json(value, name)
        except ValueError as error:
            message = f"parameter '{name}' of '{pipeline.name}' is not JSON: {error}"
            yield Problem(message, pipeline.where)


def check_composite(step: Composite) -> Iterator[Problem]:
    """What a composite cannot do without, and branches whose keys cannot be told apart."""
    if isinstance(step, Map) and not (step.on.name and step.iterate_as):
        yield Problem(f"map '{step.name}' needs both iterate_on and iterate_as", step.where)
    if isinstance(step, Map) and step.reducer is not None:
        yield from _check_reducer(step)
    if isinstance(step, Conditional) and not step.on.name:
        yield Problem(f"conditional '{step.name}' needs a parameter", step.where)
    if isinstance(step, Conditional) and not (step.branches or step.default):
        yield Problem(f"conditional '{step.name}' has no branches", step.where)
    if isinstance(step, Loop) and not _is_count(step.max_iterations):
        yield Problem(
            f"max_iterations of loop '{step.name}' must be a whole number of at least 1, "
            f"not {step.max_iterations!r}",
            step.where,
        )
    keys = [str(key) for key in step.branches] if isinstance(step, Conditional) else []
    if len({*keys}) < len(keys) or ("default" in keys and step.default):  # type: ignore[attr-defined]
        message = f"two branches of '{step.name}' have a key of the same text"
        yield Problem(message, step.where)


def _check_reducer(step: Map) -> Iterator[Problem]:
    try:
        step.reducer.load()  # type: ignore[union-attr]
    except ModelError as error:
        yield Problem(str(error), step.where)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1


def check_names(pipeline: Pipeline) -> Iterator[Problem]:
    """Steps of one name in a pipeline, and those that could not be told apart in a record."""
    seen: dict[str, Step] = {}
    for path, step in walk(pipeline):
        if isinstance(step, Unit):
            continue  # it has the path of its first step
        if step.terminate_with_failure and step.terminate_with_success:
            yield Problem(f"'{step.name}' cannot end the run both ways", step.where)
        other = seen.setdefault(path, step)
        if other is not step and other.name == step.name:
            yield Problem(f"two steps are named '{step.name}' in one place, '{path}'", step.where)
        elif other is not step:
            yield Problem(f"two steps have the path '{path}'; rename one", step.where)


def check_datasets(pipeline: Pipeline) -> Iterator[Problem]:
    """Datasets that no class could be found for, or of the name of a parameter."""
    for name, dataset in pipeline.datasets.items():
        if not _CLASS.fullmatch(dataset.type):
            text = f"type of dataset '{name}' must be a class, 'module.Class', not {dataset.type!r}"
            yield Problem(text, pipeline.where)
        if name in pipeline.parameters:
            yield Problem(f"'{name}' is both a parameter and a dataset", pipeline.where)


_CLASS = re.compile(r"[^\W\d]\w*([.:][^\W\d]\w*)+")


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
    yield from _check_policy(task)
    names = [r.name for r in task.outputs]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        yield Problem(f"'{task.name}' returns '{name}' twice", task.where)
    if isinstance(task, ShellTask) and any(r.kind is Kind.PICKLED for r in task.outputs):
        message = f"command '{task.name}' can only return JSON, not an object"
        yield Problem(message, task.where)


def _check_policy(task: Task) -> Iterator[Problem]:
    retry, timeout = task.retry, task.timeout
    if retry and not (type(retry.times) is int and retry.times >= 0):
        yield Problem(f"'{task.name}' is retried {retry.times!r} times; give 0 or more", task.where)
    if retry and not (_is_positive(retry.delay, 0) and _is_positive(retry.backoff, 0)):
        yield Problem(f"delay and backoff of '{task.name}' must be numbers from 0 on", task.where)
    if timeout is not None and not (_is_positive(timeout, 0) and timeout > 0):
        message = f"timeout of '{task.name}' must be a number of seconds above 0, not {timeout!r}"
        yield Problem(message, task.where)
    if not isinstance(task.cache, bool):
        yield Problem(f"cache of '{task.name}' must be True or False", task.where)
    for name in (*task.environment, *task.secrets):
        if not name or "=" in name or "\0" in name:
            yield Problem(f"{name!r} of '{task.name}' cannot name a variable", task.where)


def _is_positive(value: object, least: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= least


def _glob(pattern: str) -> str:
    """What is wrong with a glob; nothing when it is right."""
    parts = pattern.replace("\\", "/").split("/")
    if not pattern or not parts[0] or ".." in parts or ":" in parts[0]:
        return "leaves the working directory; write it relative to there, without '..'"
    if "\\" in pattern or not pattern.isprintable():
        return "holds a backslash or a control character; write folders with '/'"
    return ""
