"""What Kedro carries and how, and the names and folders that it has for things."""

from __future__ import annotations

from bridge.emit.body import HELPERS
from bridge.findings import Feature, Level, Support, emulated, native, unsupported
from bridge.lower import LOWERED

__all__ = ["ARGUMENT_NAMES", "ENVIRONMENT", "SUPPORT", "VERSION"]

VERSION = "1.7.0"
"""The version of Kedro whose project layout is written."""

ENVIRONMENT = {
    "DO_NOT_TRACK": "1",
    "KEDRO_DISABLE_TELEMETRY": "1",
    # those of the caller are meant for another project
    "KEDRO_ENV": "",
    "KEDRO_LOGGING_CONFIG": "",
}
"""The variables with which Kedro runs."""


def _approximated(how: str) -> Support:
    return Support(Level.APPROXIMATED, how)


SUPPORT: dict[Feature, Support] = {
    **LOWERED,
    Feature.PYTHON: native("a node; its function calls yours where more is needed than the call"),
    Feature.NOTEBOOK: emulated("a node that runs the notebook by papermill"),
    Feature.SHELL: emulated("a node that runs the command"),
    Feature.STUB: emulated("a node that does nothing"),
    Feature.FOREIGN: unsupported("a node calls a Python function and nothing else"),
    Feature.PARAMETERS: native("conf/base/parameters.yml, and kedro run --params"),
    Feature.INPUTS: native("the node's inputs"),
    Feature.INPUTS_PATH: native("params:name.key; inside other values the node's function goes on"),
    Feature.INPUTS_CONSTANT: emulated("written into the node's function"),
    Feature.INPUTS_FACT: emulated("datasets that a hook adds to the catalog, or written down"),
    Feature.JSON: native("a dataset in memory, or a JSON file where the value may be None"),
    Feature.METRIC: native("a JSONDataset in data/08_reporting"),
    Feature.PICKLED: native("a PickleDataset"),
    Feature.CATALOG_GET: emulated("placed in the working directory by the node's function"),
    Feature.CATALOG_PUT: emulated("stored by the node's function; their hashes are a dataset"),
    Feature.CATALOG_HASH: emulated("the node's function hashes them; their hashes are a dataset"),
    Feature.INCLUDE: native("copied into src"),
    Feature.ORDER_DATA: native(),
    Feature.ORDER_AFTER: emulated("a marker dataset from the earlier node to the later one"),
    Feature.DESCRIPTION: native("a docstring, or a comment before the nodes"),
    Feature.PARALLEL: native("a namespace; kedro run --runner ParallelRunner uses it"),
    Feature.FAILURE_INDEPENDENT: unsupported("the first node that fails ends the run"),
    Feature.SCHEDULE: _approximated("Kedro has no scheduler; README.md has the line for cron"),
    Feature.RESOURCES: _approximated(
        "tags of the node, such as cpu-2; Kedro itself grants nothing"
    ),
    Feature.IMAGE: _approximated("a comment; Kedro runs all nodes where it was started"),
    Feature.CACHE: _approximated("the node runs each time"),
    Feature.DEPENDENCIES: emulated("requirements.txt, for all nodes"),
    Feature.OVERRIDES: native(
        'of the node: overrides={"kedro": {"tags": [...], "namespace": ...}}'
    ),
    Feature.DATASET: native("an entry of conf/base/catalog.yml, where Kedro has the class"),
}

ARGUMENT_NAMES = (*HELPERS, "REPORTING")
"""Names that the functions of nodes use, so that no argument may have them."""
