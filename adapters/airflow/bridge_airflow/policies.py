"""What is said of a task beside its work, as arguments of its operator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.emit.python import literal
from bridge.errors import AdapterError
from bridge.model import Resources, Step, Task
from bridge.unit import Unit
from bridge_airflow.tables import OPERATOR_ARGUMENTS

__all__ = ["arguments", "assets", "default_arguments", "has_backoff", "idle_retry"]

_NAMES = {"cpu": "cpus", "memory": "ram", "gpu": "gpus"}


def arguments(step: Step) -> list[str]:
    """The arguments of the operator of a task, or of a unit, in which policies are code."""
    found = []
    if isinstance(step, Task) and step.retry:
        found.append(f"retries={literal(step.retry.times)}")
        if step.retry.times:
            found.append(f"retry_delay={_seconds(step.retry.delay)}")
    if isinstance(step, Task) and step.timeout is not None:
        found.append(f"execution_timeout={_seconds(step.timeout)}")
    if isinstance(step, Task | Unit) and step.resources:
        found.append(f"resources={literal(_resources(step.resources))}")
    if isinstance(step, Task | Unit) and step.image and "doc_md" not in _given(step):
        found.append(f"doc_md={literal(f'To be run in the image `{step.image}`.')}")
    return [*found, *_overrides(step)]


def default_arguments(step: Step) -> str:
    """The arguments of the operators of all tasks in the group that a composite is."""
    found = [argument.partition("=") for argument in _overrides(step)]
    pairs = ", ".join(f"{literal(name)}: {value}" for name, _, value in found)
    return f"default_args={{{pairs}}}" if pairs else ""


def _seconds(seconds: float) -> str:
    whole = int(seconds) if seconds == int(seconds) else seconds
    return f"timedelta(seconds={literal(whole)})"


def _resources(asked: Resources) -> dict[str, Any]:
    values = {name: getattr(asked, word) for word, name in _NAMES.items()}
    return {name: value for name, value in values.items() if value is not None}


def _given(step: Step) -> Mapping[str, Any]:
    return step.overrides.get("airflow", {})


def _overrides(step: Step) -> Iterator[str]:
    for name, value in _given(step).items():
        if name == "group":  # says which tasks share a place
            continue
        if name not in OPERATOR_ARGUMENTS:
            raise AdapterError(
                f"overrides of '{step.name}' give airflow '{name}'; "
                f"there are {', '.join(OPERATOR_ARGUMENTS)}"
            )
        yield f"{name}={_value(step, name, value)}"


def _value(step: Step, name: str, value: Any) -> str:
    if name in ("inlets", "outlets"):
        return assets(value)
    try:
        return literal(json.loads(json.dumps(value, allow_nan=False)))
    except (TypeError, ValueError):
        message = f"overrides of '{step.name}' give airflow's '{name}' a value that is no JSON"
        raise AdapterError(message) from None


def assets(given: Any) -> str:
    """The expression of a list of assets, each given by its class, name, uri and the like."""
    made = []
    for asset in given:
        words = (
            f"{n}={literal(v)}" for n, v in asset.items() if n != "class" and v != asset.get("uri")
        )
        uri = [f"uri={literal(asset['uri'])}"] if asset.get("class") == "Asset" else []
        made.append(f"{asset.get('class', 'Asset')}({', '.join([*words, *uri])})")
    return f"[{', '.join(made)}]"


def idle_retry(step: Step) -> list[str]:
    """A remark on what of a retry changes nothing, so that no argument says it."""
    retry = getattr(step, "retry", None)
    if retry is None:
        return []
    idle = {} if has_backoff(step) or retry.backoff == 1 else {"backoff": retry.backoff}
    if retry.delay and not retry.times:
        idle["delay"] = retry.delay
    found = [f"{name} {literal(value)}" for name, value in idle.items()]
    return [f"retry: {', '.join(found)}"] if found else []


def has_backoff(step: Step) -> bool:
    """Whether the delay between attempts grows, which Airflow does by chance in part."""
    retry = getattr(step, "retry", None)
    return bool(retry and retry.delay and retry.backoff != 1 and retry.times > 1)
