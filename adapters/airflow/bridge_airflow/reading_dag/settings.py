"""What a DAG says of itself: its schedule, its documentation, and when it is run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.findings import Feature, Level
from bridge.model import Pipeline
from bridge_airflow.reading_dag.telling import Telling

__all__ = ["tell_of_settings"]

_PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
}
_KEEPS = "overrides" in Pipeline.__dataclass_fields__
_WHEN = "it says when and how runs are made, not what they compute"


def tell_of_settings(dag: Mapping[str, Any], tell: Telling) -> dict[str, Any]:
    """The arguments of the pipeline for what a DAG says; each thing is told of once."""
    found: dict[str, Any] = {}
    kept: dict[str, Any] = {}
    settings = dag["settings"]
    texts = [settings.get(name, {}).get("json") for name in ("description", "doc_md")]
    if any(texts):
        found["description"] = "\n\n".join(text.strip() for text in texts if text)
    for name, value in settings.items():
        if name in ("description", "doc_md"):
            tell.carried(Feature.DESCRIPTION, name)
        elif name == "schedule" and (cron := _cron(value)):
            found["schedule"] = cron
            tell.carried(Feature.SCHEDULE, name)
        elif (held := _plain(value)) is not None and _KEEPS:
            kept[name] = held
            tell.carried(Feature.OVERRIDES, name, "kept for Airflow")
        else:
            feature = (
                Feature.SCHEDULE
                if name in ("schedule", "start_date", "timezone")
                else Feature.OVERRIDES
            )
            tell(Level.APPROXIMATED, feature, name, _WHEN)
    for name in dag["default_args"]:
        tell.carried(Feature.OVERRIDES, f"default_args[{name!r}]", "it stands on each task")
    schemas = {name: _schema(param) for name, param in dag["params"].items() if _schema(param)}
    for name, schema in schemas.items():
        for key in schema:
            _tell_of_schema(tell, name, key)
    if schemas and _KEEPS:
        kept["params"] = schemas
    for group, held in dag["groups"].items():
        tell.carried(
            Feature.PARALLEL, f"task group {group}", "its tasks have its name before theirs"
        )
        for key in held["default_args"]:
            tell.carried(
                Feature.OVERRIDES, f"default_args[{key!r}] of {group}", "it stands on each task"
            )
        if held["tooltip"]:
            _tell_of_text(tell, f"tooltip of {group}")
        if held["display"]:
            _tell_of_text(tell, f"group_display_name of {group}")
    for before, after, _ in dag["labels"]:
        _tell_of_text(tell, f"label between {before} and {after}")
    return found | ({"overrides": {"airflow": kept}} if kept else {})


def _tell_of_text(tell: Telling, attribute: str) -> None:
    tell(Level.APPROXIMATED, Feature.DESCRIPTION, attribute, "nothing has such a text here")


def _tell_of_schema(tell: Telling, name: str, key: str) -> None:
    attribute = f"params[{name!r}].{key}"
    if _KEEPS:
        tell.carried(Feature.OVERRIDES, attribute, "kept for Airflow")
    elif key == "type":
        tell.carried(Feature.PARAMETERS, attribute, "that of the value")
    else:
        tell(
            Level.APPROXIMATED,
            Feature.PARAMETERS,
            attribute,
            "values are not checked beyond their type",
        )


def _schema(param: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(param["schema"].get("json") or {})
    return found | ({"description": param["description"]} if param["description"] else {})


def _cron(value: Mapping[str, Any]) -> str:
    text = value.get("json")
    if not isinstance(text, str):
        return ""
    return _PRESETS.get(text, "" if text.startswith("@") else text)


def _plain(value: Mapping[str, Any]) -> Any:
    """A setting as an override has it; None when it has none."""
    if "seconds" in value:
        return {"seconds": value["seconds"]}
    if "time" in value:
        return {"time": value["time"]}
    if "list" in value and value["list"] and all("asset" in item for item in value["list"]):
        return {"assets": [item["asset"] for item in value["list"]]}
    return value.get("json")
