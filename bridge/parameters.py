"""The parameters that a run starts with: declared < file < environment < given."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bridge.errors import UsageError

__all__ = ["FILE", "PREFIXES", "from_environment", "from_file", "from_texts", "overrides"]

PREFIXES = ("RUNNABLE_PRM_", "BRIDGE_PRM_")
"""What precedes the name of a parameter in the environment; the later wins."""

FILE = "RUNNABLE_PARAMETERS_FILE"
"""The environment variable that names a file of parameters where no other is given."""


def overrides(
    declared: Mapping[str, Any],
    file: str | os.PathLike[str] | None = None,
    given: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a run is given beside what its pipeline declares; later wins, nothing is merged deeply.

    Raises UsageError for a file that cannot be read or holds no mapping.
    """
    file = file or os.environ.get(FILE)
    return {
        **(from_file(Path(file)) if file else {}),
        **from_environment(declared),
        **(given or {}),
    }


def from_file(path: Path) -> dict[str, Any]:
    """The values in a YAML or JSON file, by name."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = path.read_text(encoding="utf-8")
        found = yaml.load(text, Loader=loader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"parameters file '{path}' cannot be read: {error}") from error
    if found is None:
        return {}
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise UsageError(f"parameters file '{path}' must hold a mapping of names to values")
    return found


def from_environment(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The values of ``BRIDGE_PRM_<name>``; the case of the name counts."""
    found = {
        key.removeprefix(prefix): text
        for prefix in PREFIXES
        for key, text in os.environ.items()
        if key.startswith(prefix)
    }
    return {name: _decode(text, declared.get(name)) for name, text in found.items() if name}


def from_texts(texts: Iterable[str], declared: Mapping[str, Any]) -> dict[str, Any]:
    """The values of ``NAME=VALUE`` texts. Raises UsageError for one without a name."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"parameter '{text}' must be written NAME=VALUE")
        found[name] = _decode(value, declared.get(name))
    return found


def _decode(text: str, declared: Any) -> Any:
    """JSON where it is, else the text itself; a parameter declared as text stays text."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text
    return text if isinstance(declared, str) and not isinstance(value, str) else value


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
