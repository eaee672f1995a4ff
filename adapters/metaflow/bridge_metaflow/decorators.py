"""The decorators of steps and of the flow: policies in Metaflow's own words, where these fit."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bridge.emit.python import literal
from bridge.errors import ModelError
from bridge.model import Pipeline, Resources, Retry, Step, Task
from bridge.nodes import walk
from bridge_metaflow.places import Place, parts
from bridge_metaflow.tables import FLOW_DECORATORS, MOST_RETRIES, STEP_DECORATORS

__all__ = ["NAMED", "decorators", "of_flow", "unfit"]

_SCHEDULES = ("hourly", "daily", "weekly")
NAMED = {
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@midnight": "0 0 * * *",
}


def decorators(place: Place) -> list[tuple[str, str]]:
    """The decorators of a step, each with its name; those of ``overrides`` win, the inner ones."""
    if parts(place.node):
        return []
    found = dict(_of_policies(place.node.task))
    if place.node.handler:
        found = {"catch": "catch", **found}
    around: Place | None = place
    chosen: dict[str, str] = {}
    while around:
        for step in _holding(around):
            chosen = {**_of_overrides(step), **chosen}
        around = around.around
    return list({**found, **chosen}.items())


def _holding(place: Place) -> Iterator[Step]:
    """A step, and those of its flow that it stands in, the innermost first."""
    yield place.node.task
    parts = place.node.path.split(".")
    for end in range(len(parts) - 1, 0, -1):
        if step := place.flow.steps.get(".".join(parts[:end])):
            yield step


def _of_policies(step: Any) -> Iterator[tuple[str, str]]:
    resources: Resources | None = getattr(step, "resources", None)
    if resources:
        asked = {"cpu": resources.cpu, "memory": resources.memory, "gpu": resources.gpu}
        yield "resources", _call("resources", {k: v for k, v in asked.items() if v is not None})
    if not isinstance(step, Task):
        return
    if step.retry:
        minutes = int(step.retry.delay // 60)
        arguments = {"times": step.retry.times, "minutes_between_retries": minutes}
        yield "retry", _call("retry", arguments)
    if step.timeout is not None:
        yield "timeout", _call("timeout", {"seconds": int(step.timeout)})
    if step.environment:
        yield "environment", _call("environment", {"vars": dict(step.environment)})


def _call(name: str, arguments: Mapping[str, Any]) -> str:
    return f"{name}({', '.join(f'{key}={literal(value)}' for key, value in arguments.items())})"


def _of_overrides(step: Step) -> dict[str, str]:
    """What is written for Metaflow on a step: calls of decorators, with literals in them.

    Raises ModelError for anything else.
    """
    return dict(_written(step, STEP_DECORATORS))


def _written(holder: Step | Pipeline, known: Collection[str]) -> Iterator[tuple[str, str]]:
    overrides = holder.overrides.get("metaflow", {})
    for name in overrides:
        if name not in ("decorators", "group"):
            text = f"overrides of '{holder.name}' say '{name}' for metaflow, which takes decorators"
            raise ModelError(text, holder.where)
    given = overrides.get("decorators", ())
    texts = (given,) if isinstance(given, str) else given
    return (_parsed(text, holder, known) for text in texts)


def _parsed(text: str, holder: Step | Pipeline, known: Collection[str]) -> tuple[str, str]:
    try:
        tree = ast.parse(text.removeprefix("@"), mode="eval").body
        call = tree if isinstance(tree, ast.Call) else ast.Call(func=tree, args=[], keywords=[])
        name = call.func.id  # type: ignore[attr-defined]
        arguments = {str(k.arg): ast.literal_eval(k.value) for k in call.keywords if k.arg}
        if call.args or len(arguments) < len(call.keywords) or name not in known:
            raise ValueError
        return name, _call(name, arguments) if call.keywords else name
    except (AttributeError, SyntaxError, TypeError, ValueError):
        raise ModelError(
            f"decorator {text!r} of '{holder.name}' is no call such as 'kubernetes(cpu=2)', of "
            f"literals by keyword; there are {', '.join(sorted(known))}",
            holder.where,
        ) from None


def of_flow(pipeline: Pipeline) -> dict[str, str]:
    """The decorators of the flow's class, by name. Raises ModelError as those of steps do."""
    found = {"schedule": _schedule(pipeline)} if pipeline.schedule else {}
    return found | dict(_written(pipeline, FLOW_DECORATORS))


def _schedule(pipeline: Pipeline) -> str:
    """The decorator by which a deployed flow is started, or empty text."""
    when = pipeline.schedule
    if not when:
        return ""
    if when.removeprefix("@") in _SCHEDULES:
        return f"schedule({when.removeprefix('@')}=True)"
    return _call("schedule", {"cron": NAMED.get(when, when)})


def unfit(pipeline: Pipeline) -> dict[str, str]:
    """The tasks whose policy cannot be said by a decorator, by path, and why."""
    found = {}
    for path, step in walk(pipeline):
        if isinstance(step, Task):
            why = next(_unfit(step), "")
            if why:
                found[path] = why
    return found


def _unfit(task: Task) -> Iterator[str]:
    if task.retry:
        yield from _unfit_retry(task.retry)
    if task.timeout is not None and (task.timeout != int(task.timeout) or task.timeout < 1):
        yield "@timeout counts whole seconds, so the limit is set by code around the call"
    for name in task.environment:
        if name.startswith(("METAFLOW_", "PYTHON", "LD_")) or name in ("HOME", "PATH", "TMPDIR"):
            yield (
                f"@environment is there from the start of the process, where '{name}' would "
                "matter, so it is set by code around the call"
            )


def _unfit_retry(retry: Retry) -> Iterator[str]:
    if retry.times > MOST_RETRIES:
        yield f"@retry tries at most {MOST_RETRIES} times more, so the attempts are a loop"
    if retry.times and retry.delay and (retry.delay % 60 or retry.backoff != 1):
        yield "@retry waits for the same whole minutes each time, so the attempts are a loop"
