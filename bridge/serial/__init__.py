"""Pipelines as plain data, as YAML and as JSON, and back without loss.

::

    name: mnist
    parameters: {epochs: 8, sizes: {small: 32, large: 128}}
    steps:
    - type: python
      name: train
      function: functions:train
      inputs: {units: {name: sizes, path: [small]}}
      returns: [{pickled: model}, {metric: accuracy}]
      catalog: {get: [digits.npz]}

Only what differs from its default is written. What is unknown, missing or of the wrong kind is a
ModelError with file, line and the way out, all of it at once.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bridge.errors import ModelError, Where
from bridge.model import Pipeline
from bridge.serial.records import Record
from bridge.serial.spot import Lines, Spot

__all__ = [
    "dump_json",
    "dump_yaml",
    "from_data",
    "json_schema",
    "load_json",
    "load_yaml",
    "to_data",
]

_PIPELINE = Record(Pipeline)


def to_data(pipeline: Pipeline) -> dict[str, Any]:
    """The pipeline made of dict, list, text, numbers, true, false and null.

    Raises ModelError when it holds what cannot be written: a parameter that is not JSON, a
    function that has no name.
    """
    found: dict[str, Any] = _checked(_PIPELINE.write, pipeline, Spot("the pipeline"))
    return found


def from_data(data: Any, file: str = "pipeline", lines: Lines | None = None) -> Pipeline:
    """The pipeline that ``to_data`` made the data of.

    Its notebooks and included files stand beside ``file``, which errors name too. Raises
    ModelError with all that is wrong.
    """
    spot = Spot("the pipeline", Where(file), lines=lines or {})
    found: Pipeline = _checked(_PIPELINE.read, data, spot)
    return found


def _checked(action: Callable[..., Any], given: Any, spot: Spot) -> Any:
    try:
        return action(given, spot)
    except RecursionError:
        raise ModelError("pipelines are nested too deeply in one another", spot.where) from None


def dump_yaml(pipeline: Pipeline) -> str:
    """The pipeline as YAML."""
    from bridge.serial.write_yaml import render

    return render(to_data(pipeline))


def load_yaml(text: str, file: str = "pipeline.yaml") -> Pipeline:
    """The pipeline written in YAML, each step with its line in ``file``; raises ModelError."""
    from bridge.serial.read_yaml import parse

    data, lines = parse(text, file)
    if data is None:
        raise ModelError("there is no pipeline in it; write its 'steps'", Where(file))
    return from_data(data, file, lines)


def dump_json(pipeline: Pipeline) -> str:
    """The pipeline as JSON, indented."""
    return json.dumps(to_data(pipeline), indent=2, ensure_ascii=False) + "\n"


def load_json(text: str, file: str = "pipeline.json") -> Pipeline:
    """The pipeline written in JSON; raises ModelError."""
    try:
        data = json.loads(text, object_pairs_hook=lambda pairs: _unique(pairs, file))
    except json.JSONDecodeError as error:
        raise ModelError(f"not JSON: {error.msg}", Where(file, error.lineno)) from None
    except (RecursionError, ValueError) as error:
        raise ModelError(f"not to be read: {error}", Where(file)) from None
    return from_data(data, file)


def _unique(pairs: list[tuple[str, Any]], file: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ModelError(f"key '{key}' stands there twice in one object", Where(file))
        found[key] = value
    return found


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a pipeline's data."""
    definitions: dict[str, Any] = {}
    root = _PIPELINE.schema(definitions)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **root, "$defs": definitions}
