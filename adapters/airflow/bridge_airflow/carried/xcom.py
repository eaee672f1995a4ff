"""JSON values as XComs that come back as they were, on any database.

Most travel as they are. Airflow has a meaning of its own for a few keys of dicts, its workers take
no int of more than 64 bits, and Postgres makes ints of large floats and takes no NUL character: a
value with any of that in it travels as JSON text. Importing this module lets Airflow read it.
"""

from __future__ import annotations

import json
from typing import Any

from airflow.sdk.serde import allow_class

from . import values

__all__ = ["of_items", "to_xcom"]

RESERVED = frozenset({"__classname__", "__id__", "__type"})


class JsonText:
    """A value on its way as JSON text; who reads the XCom is given the value itself."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def serialize(self) -> str:
        return json.dumps(self.value)

    @staticmethod
    def deserialize(data: str, version: int) -> Any:
        return json.loads(data)


allow_class(JsonText)


def to_xcom(value: Any, name: str) -> Any:
    """A value as JSON, which is checked, in the form in which an XCom brings it back unchanged."""
    plain = values.to_json(value, name)
    return plain if _travels(plain) else JsonText(plain)


def of_items(results: Any) -> list[Any]:
    """What a task of a mapped group returned for each item.

    Airflow hands on nothing where there was no item, and no list where there was one.
    """
    if results is None:
        return []
    return [results] if isinstance(results, dict) else list(results)


def _travels(value: Any) -> bool:
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if not RESERVED.isdisjoint(item):
                return False
            todo += [*item, *item.values()]
        elif isinstance(item, list):
            todo += item
        elif not _is_exact(item):
            return False
    return True


def _is_exact(item: Any) -> bool:
    if isinstance(item, float):
        return not item.is_integer() or (abs(item) < 1e16 and repr(item) != "-0.0")
    if isinstance(item, int):
        return -(2**63) <= item < 2**63
    return not isinstance(item, str) or "\0" not in item
