"""What is said of a task beside its work: policies, and what only Airflow has."""

from __future__ import annotations

from typing import Any

from bridge.findings import Feature, Level
from bridge.model import Resources, Retry
from bridge_airflow.reading_dag.making import Making, Task
from bridge_airflow.tables import OPERATOR_ARGUMENTS

__all__ = ["policies"]

_DEFAULT_DELAY = 300.0
_OWN = {"trigger_rule", "multiple_outputs", "do_xcom_push"}
_RESOURCES = {"cpus": "cpu", "ram": "memory", "gpus": "gpu"}
_CALLBACK = "a callback is told of tasks by Airflow alone; on_failure=Pipeline(...) is the like"


def policies(making: Making, task: Task, operators_own: set[str]) -> dict[str, Any]:
    """The arguments of a step for what a task says; each thing it says is told of once.

    ``operators_own`` are the arguments that the maker of the step tells of.
    """
    found: dict[str, Any] = {}
    values = task["values"]
    times = values.get("retries", {}).get("json") or 0
    if times:
        found["retry"] = _retry(times, values)
    if limit := values.get("execution_timeout", {}).get("seconds"):
        found["timeout"] = _number(limit)
    kept = _kept(making, task)
    if kept:
        found["overrides"] = {"airflow": kept}
    for name, value in task["given"].items():
        if name not in operators_own:
            _tell(making, task, name, value, found)
    for name in task["params"]:
        making.carries(task, Feature.PARAMETERS, f"params[{name!r}]", "a constant of this task")
    return found


def _retry(times: int, values: Any) -> Retry:
    delay = values.get("retry_delay", {}).get("seconds", _DEFAULT_DELAY)
    growth = values.get("retry_exponential_backoff", {}).get("json") or 1.0
    backoff = 2.0 if growth is True else float(growth)
    return Retry(times, _number(delay), backoff)


def _number(seconds: float) -> float:
    return int(seconds) if seconds == int(seconds) else seconds


def _kept(making: Making, task: Task) -> dict[str, Any]:
    """What only Airflow acts on, and is written back to it."""
    inherited = {n: v for n, v in making.dag["default_args"].items() if n in OPERATOR_ARGUMENTS}
    kept = {}
    for name, value in {**inherited, **task["given"]}.items():
        if name in OPERATOR_ARGUMENTS and (held := _plain(name, value)) is not None:
            kept[name] = held
    doc = task["values"].get("doc_md", {}).get("json")
    own = (task["callable"] or {}).get("doc")
    if doc and doc != own:
        kept.setdefault("doc_md", doc)
    return kept


def _plain(name: str, value: Any) -> Any:
    """A value as an override has it; None when it has none."""
    if name in ("inlets", "outlets"):
        assets = value.get("list", [])
        return [a["asset"] for a in assets] if all("asset" in a for a in assets) else None
    if name == "weight_rule" and "class" in value:
        return value["class"]  # which is another way to name it
    return value.get("json", value.get("seconds"))


def _tell(making: Making, task: Task, name: str, value: Any, found: dict[str, Any]) -> None:
    if name == "retries":
        making.carries(task, Feature.RETRY, name)
    elif name in ("retry_delay", "retry_exponential_backoff"):
        _tell_of_delay(making, task, name, value, found)
    elif name == "max_retry_delay":
        _approximate(making, task, Feature.RETRY, name, "the delay grows without a limit here")
    elif name == "retry_policy":
        how = "which failures are tried again; here all are, as often as retries says"
        _approximate(making, task, Feature.RETRY, name, how)
    elif name == "execution_timeout":
        making.carries(task, Feature.TIMEOUT, name)
    elif name == "resources":
        found["resources"] = _resources(value.get("json") or {})
        making.carries(task, Feature.RESOURCES, name)
    elif name in OPERATOR_ARGUMENTS and _plain(name, value) is not None:
        making.carries(task, Feature.OVERRIDES, name, "kept for Airflow, where alone it counts")
    elif name == "multiple_outputs":
        making.carries(
            task, Feature.INPUTS_PATH, name, "who reads one of the values reads a place inside"
        )
    elif name == "do_xcom_push":
        making.carries(task, Feature.JSON, name)
    elif name == "trigger_rule":
        pass  # told of with the order of the tasks
    elif name.endswith("_callback"):
        making.loses(task, name, _CALLBACK, Feature.ON_FAILURE)
    elif name in ("start_date", "end_date"):
        _approximate(
            making, task, Feature.SCHEDULE, name, "which runs have the task is Airflow's affair"
        )
    else:
        making.loses(task, name, "only Airflow knows it")


def _approximate(making: Making, task: Task, feature: Feature, name: str, how: str) -> None:
    making.tell(Level.APPROXIMATED, feature, name, how, task["id"], task["place"][0])


def _tell_of_delay(
    making: Making, task: Task, name: str, value: Any, found: dict[str, Any]
) -> None:
    if name == "retry_exponential_backoff" and value.get("json"):
        _approximate(making, task, Feature.RETRY, name, "Airflow adds a random part to each delay")
    else:
        making.carries(task, Feature.RETRY, name)


def _resources(given: Any) -> Resources:
    return Resources(**{_RESOURCES[n]: v for n, v in given.items() if n in _RESOURCES})
