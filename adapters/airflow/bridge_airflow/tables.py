"""What Airflow does with each feature, and the names that it or a generated file takes."""

from __future__ import annotations

import builtins
from typing import Final

from bridge.findings import Feature, Support, emulated, native, unsupported

__all__ = ["CONTEXT", "HELPERS", "MODULE_NAMES", "RESERVED_KEYS", "SUPPORT"]

_LATER = unsupported("not translated yet")

SUPPORT: Final[dict[Feature, Support]] = {
    Feature.PYTHON: native("@task"),
    Feature.NOTEBOOK: emulated("a @task that runs papermill, so that it can give values back"),
    Feature.SHELL: emulated("a @task that runs bash, so that it can give values back"),
    Feature.STUB: native("EmptyOperator"),
    Feature.PARAMETERS: native("Param, typed by the declared value"),
    Feature.INPUTS: native("arguments of the call inside the @task"),
    Feature.INPUTS_PATH: native("an index in the call inside the @task"),
    Feature.INPUTS_CONSTANT: native("a literal in the call inside the @task"),
    Feature.INPUTS_FACT: native("the task's context; the step is a literal"),
    Feature.JSON: native("XCom"),
    Feature.METRIC: native("XCom"),
    Feature.PICKLED: emulated("in the store of files; the XCom is a reference"),
    Feature.CATALOG_GET: emulated("tasklib.files, by the manifest in the XCom of who put them"),
    Feature.CATALOG_PUT: emulated("tasklib.files, with a manifest in the XCom"),
    Feature.CATALOG_HASH: emulated("tasklib.files, with a manifest in the XCom"),
    Feature.INCLUDE: native("copied beside the DAG file"),
    Feature.ORDER_DATA: native("the edges of XComs"),
    Feature.ORDER_AFTER: native(">>"),
    Feature.DESCRIPTION: native("the DAG's description, a group's tooltip"),
    Feature.PARALLEL: native("task groups"),
    Feature.MAP: _LATER,
    Feature.MAP_NESTED: _LATER,
    Feature.MAP_REDUCER: _LATER,
    Feature.CONDITIONAL: _LATER,
    Feature.LOOP: _LATER,
    Feature.ON_FAILURE: _LATER,
    Feature.FAILURE_INDEPENDENT: native("what does not depend on a failed task goes on"),
    Feature.TERMINATE: _LATER,
    Feature.RETRY: _LATER,
    Feature.TIMEOUT: _LATER,
    Feature.SCHEDULE: _LATER,
    Feature.RESOURCES: _LATER,
    Feature.ENVIRONMENT: _LATER,
    Feature.SECRETS: _LATER,
    Feature.DEPENDENCIES: _LATER,
    Feature.IMAGE: _LATER,
    Feature.DATASET: _LATER,
    Feature.OVERRIDES: _LATER,
}

HELPERS: Final = (
    "call",
    "catalog",
    "load_object",
    "run_notebook",
    "run_shell",
    "save_object",
    "to_json",
    "unpack",
)
"""What tasks use of the modules that an export carries."""

MODULE_NAMES: Final = frozenset(
    {"EmptyOperator", "Param", "TaskGroup", "dag", "task", *HELPERS, *dir(builtins)}
)
"""Names that mean something else in a DAG file than a task of the user's."""

CONTEXT: Final = {
    "run_id": ("run_id", "run_id"),
    "attempt": ("ti", "ti.try_number"),
    "logical_date": ("ts", "ts"),
}
"""Where each fact of a run is found: the argument that Airflow fills in, and the expression."""

RESERVED_KEYS: Final = frozenset({"__classname__", "__id__", "__type", "__var"})
"""Keys that mean something to Airflow in the dict that is an XCom."""
