"""Configuration files of the ``runnable`` SDK: what they ask for is what is done here, or refused.

Its services are the executors, the run log, the catalog, the secrets and the pickler. Here a run
is local, its record, files and objects are kept below ``BRIDGE_HOME``, and secrets are those of
the environment; a file that asks for just that has nothing to change.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from string import Template
from typing import Any

from bridge.errors import UsageError

__all__ = ["VARIABLE", "check_configuration"]

VARIABLE = "RUNNABLE_CONFIGURATION_FILE"
_DEFAULT = "runnable-config.yaml"
_PREFIX = "RUNNABLE_VAR_"

_EXECUTOR = {"local": ("enable_parallel", "object_serialisation")}
_SERVICES: dict[str, Mapping[str, tuple[str, ...]]] = {
    "pipeline-executor": _EXECUTOR,
    "job-executor": _EXECUTOR,
    "run-log-store": {"file-system": (), "buffered": (), "chunked-fs": ()},
    "catalog": {"file-system": (), "do-nothing": ()},
    "secrets": {"env-secrets": (), "do-nothing": ()},
    "pickler": {"pickle": ()},
}
_WAYS_OUT = {
    "pipeline-executor": "run it here, or write it for another framework with 'bridge export'",
    "job-executor": "run it here, or write it for another framework with 'bridge export'",
    "run-log-store": "leave it out; BRIDGE_HOME says where the records of runs are kept",
    "catalog": "leave it out; BRIDGE_HOME says where files are kept",
    "secrets": "leave it out and set them in the environment",
    "pickler": "leave it out; objects are pickled",
}
"""What each service may be, with the options that make no difference here, and what to do else."""


def check_configuration(file: str | os.PathLike[str] | None, is_job: bool = False) -> None:
    """Raise UsageError when a configuration asks for what is not done here; it names the key.

    The file is the one that ``RUNNABLE_CONFIGURATION_FILE`` names, else ``file``, else
    ``runnable-config.yaml`` in the working directory. ``is_job`` tells whose executor counts.
    """
    path = Path(os.environ.get(VARIABLE) or file or _DEFAULT)
    if not file and VARIABLE not in os.environ and not path.is_file():
        return
    other = "pipeline-executor" if is_job else "job-executor"
    for key, asked in _read(path).items():
        service = str(key).replace("_", "-")
        if service != other:
            _check(path, key, service, asked)


def _read(path: Path) -> dict[Any, Any]:
    import yaml

    variables = {k.removeprefix(_PREFIX): v for k, v in os.environ.items() if k.startswith(_PREFIX)}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = Template(path.read_text(encoding="utf-8")).safe_substitute(variables)
        found = yaml.load(text, Loader=loader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"configuration file '{path}' cannot be read: {error}") from error
    if not isinstance(found or {}, dict):
        raise UsageError(f"configuration file '{path}' must hold a mapping of services")
    return found or {}


def _check(path: Path, key: Any, service: str, asked: Any) -> None:
    known = _SERVICES.get(service)
    if known is None:
        close = get_close_matches(service, _SERVICES, n=1)
        hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(_SERVICES)}"
        raise UsageError(f"configuration file '{path}' has an unknown key '{key}'; {hint}")
    kind = str(asked.get("type") if isinstance(asked, dict) else asked)
    if kind not in known:
        raise UsageError(
            f"configuration file '{path}' asks for {key} '{kind}', which is not done here; "
            f"{_WAYS_OUT[service]}"
        )
    for option in asked.get("config") or {} if isinstance(asked, dict) else {}:
        if option not in known[kind]:
            raise UsageError(
                f"configuration file '{path}' sets {key}.config.{option}, which is not done here; "
                f"{_WAYS_OUT[service]}"
            )
