"""A pipeline in which functions or values stand in for tasks, to test what is around them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from keyword import iskeyword
from typing import Any

from bridge.errors import ModelError
from bridge.lower.rebuild import rebuilt
from bridge.model import Pipeline, PythonTask, Step, Task
from bridge.nodes import walk
from bridge.references import StandIn
from bridge.signatures import UNKNOWN, Signature, inspected, signature
from bridge.suggest import did_you_mean

__all__ = ["patched"]

Parameters = dict[str, inspect.Parameter]

_KEPT = (
    *(f.name for f in fields(Step)),
    "inputs", "returns", "retry", "timeout", "environment",
)  # fmt: skip


def patched(pipeline: Pipeline, patch: Mapping[str, Any]) -> Pipeline:
    """``pipeline`` with what ``patch`` gives in the place of tasks.

    A key is a task's path (``parallel.branch.task``, ``map.task``), or its name, which stands for
    all tasks of that name. A value is a function, which takes any of the task's arguments by name
    and returns what the task would; a mapping of returns by name; or, for a task with a single
    return, its value.

    A stand-in needs no secrets and gets no files; of those that the task puts it stores what is
    there. Raises ModelError for a key that names no task, and for what cannot stand in for it.
    """
    return _changed(pipeline, "", _by_path(pipeline, patch))


def _by_path(pipeline: Pipeline, patch: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in for each task, by its path; a path says more than a name."""
    steps = dict(walk(pipeline))
    tasks = {path: step for path, step in steps.items() if isinstance(step, Task)}
    found: dict[str, Any] = {}
    for key, given in patch.items():
        paths = [path for path, task in tasks.items() if task.name == key]
        if not paths and key not in tasks:
            raise _no_task(key, steps)
        found |= dict.fromkeys(paths, given)
    return found | {key: given for key, given in patch.items() if key in tasks}


def _no_task(key: str, steps: Mapping[str, Step]) -> ModelError:
    for path, step in steps.items():
        if key in (path, step.name):
            inside = [p for p in steps if p.startswith(f"{path}.")]
            return ModelError(
                f"patch names '{key}', which is made of tasks; name one of them: "
                f"{', '.join(inside)}",
                step.where,
            )
    known = dict.fromkeys([*steps, *(step.name for step in steps.values())])
    return ModelError(f"patch names '{key}', which is no step; {did_you_mean(key, known)}")


def _changed(pipeline: Pipeline, prefix: str, patch: Mapping[str, Any]) -> Pipeline:
    """The pipeline whose steps' paths begin with ``prefix``, with its tasks replaced."""
    steps = []
    for step in pipeline.steps:
        path = prefix + step.name

        def inside(inner: Pipeline, key: str, path: str = path) -> Pipeline:
            return _changed(inner, f"{path}{key}.", patch)

        found = rebuilt(step, inside)
        steps.append(_stand_in(found, path, patch[path]) if path in patch else found)
    handler = pipeline.on_failure
    after = _changed(handler, f"{prefix}on_failure.", patch) if handler else None
    return replace(pipeline, steps=steps, on_failure=after)


def _stand_in(task: Any, path: str, given: Any) -> PythonTask:
    """The task that does what is given instead of its own work."""
    if callable(given):
        work, parameters = _function(task, path, given)
    else:
        work, parameters = _returning(task, path, given), {}
    takes_rest = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    kept = {name: getattr(task, name) for name in _KEPT}
    bound = {n: v for n, v in task.bindings.items() if n in parameters or takes_rest}
    work.__signature__ = inspect.Signature([*parameters.values()])  # type: ignore[attr-defined]
    return PythonTask(
        **{**kept, "inputs": bound},
        catalog=task.catalog and replace(task.catalog, get=()),
        function=StandIn("patch", path, work),
    )


# Values


def _returning(task: Task, path: str, given: Any) -> Callable[..., Any]:
    """A function that returns what is given."""
    names = [output.name for output in task.outputs]
    if isinstance(given, Mapping):
        _check_names(task, path, names, given)
        found = {name: given[name] for name in names}
    elif len(names) == 1:
        found = {names[0]: given}
    elif not names and given is None:
        found = {}
    else:
        raise ModelError(
            f"the patch of '{path}' is one value, but the task returns "
            f"{', '.join(names) or 'nothing'}; give a mapping of its returns by name",
            task.where,
        )
    return lambda: found[names[0]] if len(names) == 1 else found


def _check_names(task: Task, path: str, names: list[str], given: Mapping[str, Any]) -> None:
    hint = ""
    if len(names) == 1:
        hint = f" (a mapping that is itself the value is written {{'{names[0]}': {{...}}}})"
    for name in given:
        if name not in names:
            raise ModelError(
                f"the patch of '{path}' gives '{name}', which the task does not return; "
                f"{did_you_mean(name, names)}{hint}",
                task.where,
            )
    for name in names:
        if name not in given:
            raise ModelError(f"the patch of '{path}' does not give '{name}'{hint}", task.where)


# Functions


def _function(task: Task, path: str, given: Any) -> tuple[Callable[..., Any], Parameters]:
    """A function that calls the one given, and what it is to be given itself."""
    own = inspected(given).parameters
    alone = [name for name, p in own.items() if p.kind is p.POSITIONAL_ONLY]

    def work(**values: Any) -> Any:
        return given(*[values.pop(name) for name in alone if name in values], **values)

    return work, dict(_parameters(task, path, own))


def _parameters(
    task: Task, path: str, own: Mapping[str, inspect.Parameter]
) -> Iterator[tuple[str, inspect.Parameter]]:
    """Those of its ``own`` parameters that the task has as well, with the task's annotations."""
    offered = _signature(task)
    arguments = {argument.name: argument for argument in offered.arguments}
    for name, parameter in own.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in arguments:
            known = arguments[name].annotation
            annotation = parameter.annotation if known is UNKNOWN else known
            yield name, _keyword(name, parameter.default, annotation)
        elif offered.rest:
            yield name, _keyword(name, parameter.default, parameter.annotation)
        elif parameter.default is parameter.empty:
            raise ModelError(
                f"what stands in for '{path}' asks for '{name}', which is no argument of the "
                f"task; {did_you_mean(name, arguments)}",
                task.where,
            )
    if any(p.kind is p.VAR_KEYWORD for p in own.values()):
        for name, found in arguments.items():
            if name not in own and name.isidentifier() and not iskeyword(name):
                default = inspect.Parameter.empty if found.required else None
                yield name, _keyword(name, default, found.annotation)
        if offered.rest:
            yield "", inspect.Parameter("rest", inspect.Parameter.VAR_KEYWORD)


def _signature(task: Task) -> Signature:
    """What the task asks for; anything where its function or notebook is not there."""
    try:
        return signature(task)
    except ModelError:
        return Signature(rest=True)


def _keyword(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=annotation)
