"""From a pipeline that shows something to the smallest one that still does.

What is tried is the model itself made smaller, not the choices it was drawn from: a run of an
engine takes seconds, so each must be worth it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import MISSING, fields, replace
from typing import Any

from bridge.errors import ModelError
from bridge.flow import analyse
from bridge.frozen import Frozen
from bridge.model import Conditional, Loop, Map, Parallel, Pipeline, Step, Task
from bridge.nodes import inside
from bridge.values import Constant, Return

__all__ = ["shrink", "smaller"]


def shrink(pipeline: Pipeline, shows: Callable[[Pipeline], bool], tries: int = 300) -> Pipeline:
    """The smallest pipeline found that still ``shows`` it; asks at most so many times."""
    seen = {repr(pipeline)}
    start = 0
    while True:
        ordered = sorted(smaller(pipeline), key=lambda found: len(repr(found)))
        # What came before the last that showed it did not, and will hardly do so now.
        for place, found in [*enumerate(ordered)][start:] + [*enumerate(ordered)][:start]:
            if repr(found) in seen or not _is_valid(found):
                continue
            if not tries:
                return pipeline
            seen.add(repr(found))
            tries -= 1
            if shows(found):
                pipeline, start = found, place
                break
        else:
            return pipeline


def _is_valid(pipeline: Pipeline) -> bool:
    try:
        analyse(pipeline)
    except ModelError:
        return False
    return True


def smaller(pipeline: Pipeline) -> Iterator[Pipeline]:
    """Pipelines with a little less in them; not all are valid."""
    for steps in _smaller_lists(pipeline.steps):
        yield from _made(pipeline, steps=steps)
    yield from _without(pipeline, ("on_failure", "order", "description", "schedule", "name"))
    for key in pipeline.parameters:
        yield from _made(pipeline, parameters=_but(pipeline.parameters, key))
    for i, step in enumerate(pipeline.steps):
        for steps in _opened(step):
            yield from _made(
                pipeline, steps=[*pipeline.steps[:i], *steps, *pipeline.steps[i + 1 :]]
            )
    for i, step in enumerate(pipeline.steps):
        for less in _smaller_steps(step, f"s{i}"):
            yield from _made(pipeline, steps=[*pipeline.steps[:i], less, *pipeline.steps[i + 1 :]])
    if pipeline.on_failure:
        for found in smaller(pipeline.on_failure):
            yield replace(pipeline, on_failure=found)
    for key, value in pipeline.parameters.items():
        for simple in _smaller_values(value):
            yield replace(pipeline, parameters={**pipeline.parameters, key: simple})
    yield from _renamed(pipeline)


def _made(value: Any, **changes: Any) -> Iterator[Any]:
    """The object with the changes, unless it cannot be."""
    with suppress(ModelError):
        yield replace(value, **changes)


def _without(value: Any, names: tuple[str, ...]) -> Iterator[Any]:
    """The object without one of what is said by fields of these names."""
    for f in fields(value):
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        if f.name in names and default is not MISSING and getattr(value, f.name) != default:
            yield from _made(value, **{f.name: default})


def _smaller_lists(items: Any) -> Iterator[list[Any]]:
    size = len(items) // 2
    while size:
        for start in range(0, len(items), size):
            yield [*items[:start], *items[start + size :]]
        size //= 2


def _but(items: Mapping[Any, Any], key: Any) -> dict[Any, Any]:
    return {k: v for k, v in items.items() if k != key}


def _opened(step: Step) -> Iterator[list[Step]]:
    """What is inside a composite, in its place."""
    for _, inner in inside(step):
        yield [*inner.steps]


def _smaller_steps(step: Step, name: str) -> Iterator[Step]:
    yield from _without(step, _SPARE)
    if step.name != name:
        yield from _made(step, name=name)
    yield from _SMALLER[type(step)](step) if type(step) in _SMALLER else _smaller_tasks(step)
    if step.on_failure:
        for found in smaller(step.on_failure):
            yield from _made(step, on_failure=found)


_SPARE = (
    *("after", "on_failure", "terminate_with_success", "terminate_with_failure", "overrides"),
    *("inputs", "returns", "catalog", "retry", "timeout", "resources", "environment", "secrets"),
    *("dependencies", "image", "cache", "reducer", "default", "break_on", "index_as", "extra"),
)


def _smaller_tasks(step: Any) -> Iterator[Step]:
    if not isinstance(step, Task):
        return
    for key, given in step.bindings.items():
        yield from _made(step, inputs=_but(step.bindings, key))
        for simple in _smaller_values(given.value) if isinstance(given, Constant) else ():
            yield from _made(step, inputs={**step.bindings, key: Constant(simple)})
    for returns in _smaller_lists(step.outputs):
        yield from _made(step, returns=returns)
    for key, text in step.environment.items():
        for simple in _smaller_values(text):
            yield from _made(step, environment={**step.environment, key: simple})


def _smaller_branches(step: Any) -> Iterator[Step]:
    branches = step.branches
    for key in branches:
        yield from _made(step, branches=_but(branches, key))
    for number, (key, branch) in enumerate(branches.items()):
        for found in smaller(branch):
            yield from _made(step, branches={**branches, key: found})
        if isinstance(key, str) and key != f"b{number}":
            renamed = {f"b{number}" if k == key else k: v for k, v in branches.items()}
            yield from _made(step, branches=renamed)
    if isinstance(step, Conditional) and step.default:
        for found in smaller(step.default):
            yield from _made(step, default=found)


def _smaller_branch(step: Any) -> Iterator[Step]:
    if isinstance(step, Loop) and step.max_iterations > 1:
        yield from _made(step, max_iterations=step.max_iterations - 1)
    for found in smaller(step.branch):
        yield from _made(step, branch=found)


_SMALLER: Mapping[type[Step], Callable[[Any], Iterator[Step]]] = {
    Parallel: _smaller_branches,
    Conditional: _smaller_branches,
    Map: _smaller_branch,
    Loop: _smaller_branch,
}


def _smaller_values(value: Any) -> Iterator[Any]:
    """Simpler JSON values of the same type."""
    if isinstance(value, str) and value not in ("", "a"):
        yield "a"
        if len(value) > 1:
            yield from (value[: len(value) // 2], value[len(value) // 2 :], value[1:], value[:-1])
    elif isinstance(value, list):
        yield from _smaller_lists(value)
        for i, item in enumerate(value):
            yield from ([*value[:i], less, *value[i + 1 :]] for less in _smaller_values(item))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield _but(value, key)
            yield from ({**value, key: less} for less in _smaller_values(item))
    elif isinstance(value, int | float) and not isinstance(value, bool) and value not in (0, 1):
        yield type(value)(1)


# Names


def _renamed(pipeline: Pipeline) -> Iterator[Pipeline]:
    """The pipeline with one of its odd names replaced by a plain one."""
    names = dict.fromkeys([*pipeline.parameters, *_names(pipeline)])
    for number, name in enumerate(names):
        if not (name.isascii() and name.isidentifier()):
            yield _with_name(pipeline, name, f"n{number}")


def _names(value: Any) -> Iterator[str]:
    """The names that are set somewhere inside."""
    if isinstance(value, Return):
        yield value.name
    elif isinstance(value, Map):
        yield value.iterate_as
    elif isinstance(value, Loop) and value.index_as:
        yield value.index_as
    for inner in _inner(value):
        yield from _names(inner)


def _inner(value: Any) -> list[Any]:
    if isinstance(value, Frozen):
        return [getattr(value, f.name) for f in fields(value) if f.compare]
    if isinstance(value, Mapping):
        return [*value.values()]
    return [*value] if isinstance(value, list | tuple) else []


_NAMING = ("iterate_as", "iterate_on", "parameter", "break_on", "index_as")


def _with_name(value: Any, old: str, new: str) -> Any:
    """What is inside with another name for ``old``, wherever it names a value."""
    if isinstance(value, Constant):
        return value
    if isinstance(value, Mapping):
        return {k: _with_name(v, old, new) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_with_name(v, old, new) for v in value]
    if not isinstance(value, Frozen):
        return value
    changes: dict[str, Any] = {}
    for f in fields(value):
        found = getattr(value, f.name)
        names = f.name in _NAMING or (f.name == "name" and not isinstance(value, Step | Pipeline))
        if names and found == old:
            changes[f.name] = new
        elif f.name == "parameters":
            changes[f.name] = {new if key == old else key: v for key, v in found.items()}
        elif isinstance(found, Frozen | Mapping | list | tuple) and f.compare and f.name != "path":
            changes[f.name] = _with_name(found, old, new)
    return replace(value, **changes)
