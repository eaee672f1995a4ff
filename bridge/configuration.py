"""Where state is kept, and configuration files of the ``runnable`` SDK.

What bridge keeps is below ``BRIDGE_HOME``; the store of files and objects may be elsewhere. What a
file of the SDK asks for is what is done here, or refused. Its services are the executors, the run
log, the catalog, the secrets and the pickler; here a run is local, and secrets are those of the
environment. A file that asks for just that has nothing to change.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from bridge.errors import UsageError
from bridge.suggest import did_you_mean

__all__ = ["STORE", "VARIABLE", "check_configuration", "home", "store_place"]

STORE = "BRIDGE_STORE"

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


def home() -> Path:
    """The folder of bridge's own state: ``BRIDGE_HOME``, else ``.bridge`` here."""
    return Path(os.environ.get("BRIDGE_HOME") or ".bridge").absolute()


def store_place() -> str:
    """Where files and objects are kept: a folder or an fsspec URL.

    It is what ``BRIDGE_STORE`` says, else ``store`` below ``[tool.bridge]`` in the pyproject.toml
    of this folder or the nearest above it, else a folder below ``home()``. Raises UsageError.
    """
    given = os.environ.get(STORE)
    if given:
        return _absolute(given, Path.cwd())
    return _project_store(Path.cwd()) or str(home() / "store")


def _project_store(folder: Path) -> str | None:
    for parent in (folder, *folder.parents):
        file = parent / "pyproject.toml"
        if file.is_file():
            return _declared_store(file)
    return None


def _declared_store(file: Path) -> str | None:
    text = file.read_text(encoding="utf-8", errors="replace")
    if "tool.bridge" not in text:
        return None  # the usual case; reading TOML takes its time
    import tomllib

    try:
        table = tomllib.loads(text).get("tool", {}).get("bridge", {})
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"'{file}' cannot be read: {error}") from error
    for key, value in table.items():
        if key != "store":
            hint = did_you_mean(key, ["store"])
            raise UsageError(f"'{file}' has an unknown key '{key}' below [tool.bridge]; {hint}")
        if not isinstance(value, str) or not value:
            raise UsageError(f"'{file}' must give the store as text: a folder or a URL")
    return _absolute(table["store"], file.parent) if table else None


def _absolute(place: str, folder: Path) -> str:
    return place if "://" in place else str(folder / Path(place).expanduser())


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
        hint = did_you_mean(service, _SERVICES)
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
