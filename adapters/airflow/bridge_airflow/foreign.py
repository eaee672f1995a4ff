"""Operators that were read from a DAG file, made again as they were."""

from __future__ import annotations

from typing import Any

from bridge.emit.python import literal
from bridge.errors import AdapterError
from bridge.flow import Output, Parameter
from bridge.model import ForeignTask
from bridge_airflow.places import Place, Places, Result, Spot
from bridge_airflow.policies import arguments
from bridge_airflow.reading import Reading, keys

__all__ = ["foreign_call", "is_foreign", "read_by_foreign"]


def is_foreign(spot: Spot) -> bool:
    """Whether a step is an operator of Airflow's own."""
    return isinstance(spot.node.task, ForeignTask)


def read_by_foreign(places: Places) -> set[str]:
    """The paths of the tasks from which an operator takes one of several values."""
    found: set[str] = set()
    for spot in filter(is_foreign, places.spots.values()):
        for read in spot.node.reads:
            origin = places.find(spot.place, read.source)
            if isinstance(origin, Result) and not is_foreign(places.spots[origin.path]):
                found.add(origin.path)
    return found


def foreign_call(places: Places, reading: Reading, spot: Spot, task_id: str) -> str:
    """The call that makes the operator. Raises AdapterError when nothing says how."""
    definition: Any = spot.node.task.definition
    if "class" not in definition:
        raise AdapterError(
            f"'{spot.path}' ({definition.get('operator', 'an operator')}) cannot be written again: "
            "the source it was read from does not make it by a call of its own"
        )
    words = [f"task_id={literal(task_id)}"]
    words += [f"{name}={text}" for name, text in definition["arguments"].items()]
    words += [
        f"{r.argument.name}={_value(places, reading, spot.place, r)}" for r in spot.node.reads
    ]
    return f"{definition['class']}({', '.join([*words, *arguments(spot.node.task)])})"


def _value(places: Places, reading: Reading, place: Place, read: Any) -> str:
    origin = places.find(place, read.source)
    if isinstance(origin, Parameter):
        return literal(f"{{{{ params[{origin.name!r}] }}}}")
    if not isinstance(origin, Result):
        raise AdapterError(f"'{read.argument.name}' of an operator can only be a task's result")
    result = reading.take(origin.path)
    spot = places.spots[origin.path]
    if is_foreign(spot):
        return result
    assert isinstance(read.source, Output) or origin.name
    return f"{result}[{literal(keys(spot.node)[origin.name])}]"
