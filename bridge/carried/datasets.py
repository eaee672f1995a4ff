"""Datasets: values that have a place and a type of their own, which knows how to load and save."""

from __future__ import annotations

import importlib
import json
import os
from typing import Any

__all__ = ["load_dataset", "save_dataset"]


def load_dataset(
    kind: str, path: str | None = None, *, credentials: str | None = None, **options: Any
) -> Any:
    """What the dataset holds.

    ``kind`` is the class, ``module.Class``, which is called with ``path`` and ``options``, unless
    it is made by a ``from_config(name, config)`` of its own; ``credentials`` names them: the
    variable PIPELINE_CREDENTIALS_<NAME> has them as JSON.

    Raises ValueError when there is no such class or no such variable, and whatever ``load`` does.
    """
    return _dataset(kind, path, credentials, options).load()


def save_dataset(
    value: Any,
    kind: str,
    path: str | None = None,
    *,
    credentials: str | None = None,
    **options: Any,
) -> None:
    """Let the dataset hold ``value``. Raises as ``load_dataset`` does."""
    _dataset(kind, path, credentials, options).save(value)


def _dataset(kind: str, path: str | None, credentials: str | None, options: dict[str, Any]) -> Any:
    found = _class(kind)
    given = dict(options)
    if path is not None:
        given[_path_argument(found)] = path
    if credentials is not None:
        given["credentials"] = _credentials(credentials)
    if _has_config(found):
        return found.from_config(kind, {"type": found, **given})
    return found(**given)


def _class(kind: str) -> Any:
    module, _, name = kind.replace(":", ".").rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"dataset type '{kind}' cannot be imported: {error}") from error
    if not (hasattr(found, "load") and hasattr(found, "save")):
        raise ValueError(f"dataset type '{kind}' has no load() and save()")
    return found


def _path_argument(found: Any) -> str:
    """The name of the argument that takes the path; ``filepath`` unless there is only ``path``."""
    names = _arguments(found)
    return "path" if "path" in names and "filepath" not in names else "filepath"


def _has_config(found: Any) -> bool:
    """Whether a class makes its datasets of a name and a mapping, in which more may stand."""
    return _arguments(getattr(found, "from_config", None))[:2] == ["name", "config"]


def _arguments(found: Any) -> list[str]:
    import inspect  # costs a little, and only datasets need it

    try:
        return list(inspect.signature(found).parameters) if found else []
    except (ValueError, TypeError):
        return []


def _credentials(name: str) -> Any:
    variable = f"PIPELINE_CREDENTIALS_{name.upper()}"
    if variable not in os.environ:
        raise ValueError(f"credentials '{name}' are not set: {variable} is to hold them as JSON")
    return json.loads(os.environ[variable])
