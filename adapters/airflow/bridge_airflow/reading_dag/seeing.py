"""Values of a DAG as JSON: ``{"json": ...}``, or what they are instead, by a word of their own."""

from __future__ import annotations

import functools
import inspect
import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

__all__ = ["callable_seen", "seen"]

_DAG_FILE = "unusual_prefix_"


def seen(value: Any, depth: int = 0) -> dict[str, Any]:
    """A value in a form that the reader understands."""
    if _is_json(value):
        return {"json": value}
    if depth > 5:
        return {"opaque": type(value).__name__}
    found = _of_airflow(value, depth)
    if found:
        return found
    if hasattr(value, "task_id") or hasattr(value, "dag_id"):
        return {"part": type(value).__name__}
    if isinstance(value, Enum):
        return seen(value.value, depth + 1)
    if isinstance(value, timedelta):
        return {"seconds": value.total_seconds()}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, PurePath):
        return {"path": str(value)}
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {"dict": {key: seen(item, depth + 1) for key, item in value.items()}}
    if isinstance(value, list | tuple | set | frozenset):
        items = [seen(item, depth + 1) for item in value]
        return {"list": items, "is": type(value).__name__}
    if callable(value):
        return {"callable": callable_seen(value)}
    kind = type(value)
    bare = (
        {} if getattr(value, "__dict__", True) else {"class": f"{kind.__module__}.{kind.__name__}"}
    )
    return {"opaque": kind.__name__, **bare}


def _is_json(value: Any) -> bool:
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value) and _plain(value)
    except (TypeError, ValueError, RecursionError):
        return False


def _plain(value: Any) -> bool:
    todo = [value]
    while todo:
        item = todo.pop()
        if type(item) is dict:
            todo += item.values()
        elif type(item) is list:
            todo += item
        elif item is not None and type(item) not in (str, int, float, bool):
            return False
    return True


def _of_airflow(value: Any, depth: int) -> dict[str, Any] | None:
    kind = type(value).__name__
    teller = _TELLERS.get(kind)
    return teller(value, depth) if teller and "airflow" in type(value).__module__ else None


def _xcom(value: Any, depth: int) -> dict[str, Any]:
    return {"xcom": [value.operator.task_id, value.key]}


def _item(value: Any, depth: int) -> dict[str, Any]:
    return {"item": value._key}


def _param(value: Any, depth: int) -> dict[str, Any]:
    return {"param": value._name}


def _map(value: Any, depth: int) -> dict[str, Any]:
    return {"map": seen(value.arg, depth + 1), "by": list(map(callable_seen, value.callables))}


def _zip(value: Any, depth: int) -> dict[str, Any]:
    filled = type(value.fillvalue).__name__ != "ArgNotSet"
    return {"zip": [seen(arg, depth + 1) for arg in value.args], "filled": filled}


def _concat(value: Any, depth: int) -> dict[str, Any]:
    return {"concat": [seen(arg, depth + 1) for arg in value.args]}


def _asset(value: Any, depth: int) -> dict[str, Any]:
    told = {name: getattr(value, name, None) for name in ("name", "uri", "group", "extra")}
    kept = {name: item for name, item in told.items() if item and _is_json(item)}
    return {"asset": {"class": type(value).__name__, **kept}}


_TELLERS: dict[str, Callable[[Any, int], dict[str, Any]]] = {
    "PlainXComArg": _xcom,
    "MapXComArg": _map,
    "ZipXComArg": _zip,
    "ConcatXComArg": _concat,
    "MappedArgument": _item,
    "DagParam": _param,
    "Asset": _asset,
    "AssetAlias": _asset,
    "Dataset": _asset,
}


def callable_seen(function: Any) -> dict[str, Any]:
    """Where the source of a function is, and what it takes from around it."""
    given: dict[str, Any] = {}
    while isinstance(function, functools.partial):
        names = list(inspect.signature(function.func).parameters)
        given = {**dict(zip(names, function.args, strict=False)), **function.keywords, **given}
        function = function.func
    plain = inspect.unwrap(getattr(function, "function", function))
    code = getattr(plain, "__code__", None)
    found: dict[str, Any] = {
        "name": getattr(plain, "__name__", type(plain).__name__),
        "module": getattr(plain, "__module__", "") or "",
        "qualname": getattr(plain, "__qualname__", ""),
        "partial": {name: seen(value) for name, value in given.items()},
        "doc": getattr(plain, "__doc__", None),
    }
    if code is None or inspect.ismethod(plain):
        return {**found, "opaque": type(plain).__name__}
    found["parameters"] = [
        [p.name, p.kind.name, p.default is not p.empty]
        for p in inspect.signature(plain).parameters.values()
    ]
    found |= {"closure": {}, "globals": {}}
    if id(code) not in _looked_at:
        _looked_at.add(id(code))
        found |= _around(plain, code)
        _looked_at.discard(id(code))
    return {
        **found,
        "file": code.co_filename,
        "line": code.co_firstlineno,
        "column": min((p[2] or 0 for p in code.co_positions() if p[2]), default=0),
        "importable": _is_importable(plain, found["module"], found["qualname"]),
    }


_looked_at: set[int] = set()
"""The functions that are being looked at, for functions may use one another."""


def _around(function: Any, code: Any) -> dict[str, Any]:
    """What a function takes from around it."""
    closure = zip(code.co_freevars, function.__closure__ or (), strict=True)
    return {
        "closure": {name: _held(cell) for name, cell in closure},
        "globals": {name: _bound(function.__globals__[name]) for name in _names(code, function)},
    }


def _is_importable(function: Any, module: str, qualname: str) -> bool:
    if module.startswith(_DAG_FILE) or "<" in qualname:
        return False
    held: Any = sys.modules.get(module)
    for part in qualname.split("."):
        held = getattr(held, part, None)
    return held is function


def _held(cell: Any) -> dict[str, Any]:
    try:
        return _bound(cell.cell_contents)
    except ValueError:
        return {"opaque": "nothing yet"}


def _names(code: Any, function: Any) -> list[str]:
    """The module's names that a function uses, in functions inside it too."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if inspect.iscode(constant):
            names.update(_names(constant, function))
    return sorted(name for name in names if name in function.__globals__)


def _bound(value: Any) -> dict[str, Any]:
    """What a name outside a function stands for."""
    if inspect.ismodule(value):
        return {"module": value.__name__}
    if inspect.isclass(value) or inspect.isbuiltin(value):
        return {"from": [value.__module__, value.__qualname__]}
    if inspect.isfunction(value):
        if "." not in value.__qualname__ and not value.__module__.startswith(_DAG_FILE):
            return {"from": [value.__module__, value.__qualname__]}
        return (
            {"callable": callable_seen(value)}
            if value.__closure__ is None
            else {"opaque": "closure"}
        )
    return seen(value)
