"""What a DAG is given beside its tasks: the arguments of its decorator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bridge.emit.python import literal
from bridge.errors import AdapterError
from bridge.model import Pipeline
from bridge_airflow.ids import dag_id, plain
from bridge_airflow.policies import assets
from bridge_airflow.tables import DAG_ARGUMENTS

__all__ = ["kept", "name_of", "schema", "settings", "shown_name"]


def kept(pipeline: Pipeline) -> Mapping[str, Any]:
    """What the pipeline says to Airflow alone. Raises AdapterError for what no DAG has."""
    found = pipeline.overrides.get("airflow", {})
    for name in found:
        if name not in DAG_ARGUMENTS:
            raise AdapterError(
                f"overrides of the pipeline give airflow '{name}'; "
                f"there are {', '.join(DAG_ARGUMENTS)}"
            )
    return found


def schema(pipeline: Pipeline, name: str) -> Mapping[str, Any]:
    """What is said of a parameter's form in Airflow."""
    found: Mapping[str, Any] = kept(pipeline).get("params", {}).get(name, {})
    return found


def shown_name(pipeline: Pipeline) -> str:
    """The name that the id of the DAG and the name it is shown by make known."""
    return name_of(dag_id(pipeline), kept(pipeline).get("dag_display_name") or pipeline.name)


def name_of(found: str, shown: str) -> str:
    """The name of a pipeline by the id of its DAG and the name this is shown by."""
    return shown if plain(shown) == found else found


def settings(pipeline: Pipeline) -> Iterator[str]:
    """The arguments; without any other word a DAG has no schedule and runs nothing of the past."""
    found = kept(pipeline)
    if pipeline.description:
        yield f"description={literal(pipeline.description)}"
    if pipeline.schedule is not None or "schedule" not in found:
        yield f"schedule={literal(pipeline.schedule)}"
    if "catchup" not in found:
        yield "catchup=False"
    if dag_id(pipeline) != pipeline.name and "dag_display_name" not in found:
        yield f"dag_display_name={literal(pipeline.name)}"
    for name, value in found.items():
        if name in ("params", "timezone") or (name == "schedule" and pipeline.schedule is not None):
            continue
        yield f"{name}={_value(value, found.get('timezone') if name == 'start_date' else None)}"


def _value(value: Any, timezone: Any) -> str:
    if isinstance(value, Mapping) and "seconds" in value:
        return f"timedelta(seconds={literal(value['seconds'])})"
    if isinstance(value, Mapping) and "time" in value:
        zone = f".astimezone(ZoneInfo({literal(timezone)}))" if timezone else ""
        return f"datetime.fromisoformat({literal(value['time'])}){zone}"
    if isinstance(value, Mapping) and "assets" in value:
        return assets(value["assets"])
    return literal(value)
