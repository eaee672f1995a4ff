"""What Metaflow has for each feature, which names it keeps for itself, and how much it can walk."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.findings import Feature, Support, emulated, native, unsupported
from bridge.lower.fuse import Limits

__all__ = ["LIMITS", "RESERVED", "RESERVED_IN_CLASS", "SUPPORT"]

_LATER = unsupported("not translated yet")

SUPPORT: Mapping[Feature, Support] = {
    Feature.PYTHON: native("a step that imports the function and calls it"),
    Feature.NOTEBOOK: emulated("a step that runs the notebook by papermill"),
    Feature.SHELL: emulated("a step that runs the command, its values in the environment"),
    Feature.STUB: native("a step that does nothing"),
    Feature.PARAMETERS: native("a Parameter; one of a plain type keeps it"),
    Feature.INPUTS: native("an artifact or Parameter of that name, handed to the argument"),
    Feature.INPUTS_PATH: native("an index into the artifact"),
    Feature.INPUTS_CONSTANT: native("a literal"),
    Feature.INPUTS_FACT: native("current.run_id and current.retry_count, the time in step start"),
    Feature.JSON: native("an artifact, checked to be JSON"),
    Feature.METRIC: emulated("an artifact as any other; Metaflow lists no metrics apart"),
    Feature.PICKLED: native("an artifact; a function cannot be one"),
    Feature.CATALOG_GET: emulated("placed from the store before the call"),
    Feature.CATALOG_PUT: emulated("stored after the call; an artifact names what was stored"),
    Feature.CATALOG_HASH: emulated("an artifact names the file and its hash"),
    Feature.INCLUDE: native("copied beside the flow"),
    Feature.ORDER_DATA: native("transitions that split and join"),
    Feature.ORDER_AFTER: native("a transition"),
    Feature.DESCRIPTION: native("a docstring"),
    Feature.PARALLEL: native("a split and a join"),
    Feature.MAP: _LATER,
    Feature.MAP_NESTED: _LATER,
    Feature.MAP_REDUCER: _LATER,
    Feature.CONDITIONAL: _LATER,
    Feature.LOOP: _LATER,
    Feature.ON_FAILURE: _LATER,
    Feature.FAILURE_INDEPENDENT: unsupported("a failed step ends the run"),
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

RESERVED = frozenset(
    ("cmd", "foreach_stack", "index", "input", "merge_artifacts", "name", "next", "script_name")
) | {"start", "end"}
"""Attributes of every flow; neither a step, an artifact nor a Parameter can have these names."""

_USED = {"bool", "flowspec", "float", "int", "jsontype", "parameter", "self", "step", "str"}
_OPTIONS = {
    *("decospecs", "help", "max_log_size", "max_num_splits", "max_workers", "namespace", "obj"),
    *("params", "run_id", "run_id_file", "runner_attribute_file", "tag", "tags", "task_id"),
    *("user_namespace", "with"),
    *("clone_only", "origin_run_id", "reentrant", "resume_identifier", "step_to_rerun"),
}

RESERVED_IN_CLASS = RESERVED | _USED | _OPTIONS
"""Those that a Parameter and a step cannot have: they are names in the body of the class, where
others are used, and options of ``run`` and ``resume``; in lower case, as there."""

LIMITS = Limits(paths=2_000, length=800, walk=50_000)
"""Metaflow follows every path of the graph, recursively, in the process of every step.

Measured with 2.19: 900 steps in a row load and 1,200 exhaust Python's stack; 50,000 steps on all
paths together cost each process about a tenth of a second, and each further split doubles that.
"""
