"""What Metaflow has for each feature, which names it keeps for itself, and how much it can walk."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.findings import Feature, Level, Support, emulated, native, unsupported
from bridge.lower import LOWERED
from bridge.lower.fuse import Limits

__all__ = [
    "FLOW_DECORATORS",
    "LIMITS",
    "LONGEST_BRANCH",
    "MOST_CAUGHT",
    "MOST_ITERATIONS",
    "MOST_RETRIES",
    "MOST_WAYS",
    "RESERVED",
    "RESERVED_IN_CLASS",
    "STEP_DECORATORS",
    "SUPPORT",
]

SUPPORT: Mapping[Feature, Support] = {
    **LOWERED,
    Feature.PYTHON: native("a step that imports the function and calls it"),
    Feature.NOTEBOOK: emulated("a step that runs the notebook by papermill"),
    Feature.SHELL: emulated("a step that runs the command, its values in the environment"),
    Feature.STUB: native("a step that does nothing"),
    Feature.FOREIGN: unsupported("a step is Python code and nothing else"),
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
    Feature.MAP: native("a foreach and a join, behind a switch for the empty list"),
    Feature.MAP_NESTED: native("a foreach inside a foreach"),
    Feature.MAP_REDUCER: native("a step behind the join"),
    Feature.CONDITIONAL: native("a switch"),
    Feature.LOOP: native("a step that a switch leads back to; of several tasks code in one step"),
    Feature.ON_FAILURE: native("@catch and a switch; in branches and maps code in one step"),
    Feature.FAILURE_INDEPENDENT: unsupported("a failed step ends the run"),
    Feature.RETRY: native("@retry, for whole minutes without backoff; else a loop in the step"),
    Feature.TIMEOUT: native("@timeout, for whole seconds; else code around the call"),
    Feature.SCHEDULE: native("@schedule, which a deployed flow obeys"),
    Feature.RESOURCES: native("@resources, which a local run pays no heed to"),
    Feature.ENVIRONMENT: native("@environment"),
    Feature.DEPENDENCIES: emulated("lines of requirements.txt, for all steps alike"),
    Feature.IMAGE: Support(
        Level.APPROXIMATED,
        "a comment at the step, and an option in the README; a local run uses no image",
    ),
    Feature.CACHE: Support(
        Level.APPROXIMATED, "the step runs each time; resume takes over what a run has finished"
    ),
    Feature.DATASET: emulated("loaded and saved by its own class, in the step"),
    Feature.OVERRIDES: native("decorators of the step, or of the flow"),
}

STEP_DECORATORS = frozenset(
    ("batch", "card", "catch", "conda", "environment", "kubernetes", "pypi", "resources", "retry")
) | {"secrets", "timeout"}
"""Those that may be asked for by name, all of them importable from metaflow."""

FLOW_DECORATORS = frozenset(("project", "trigger", "trigger_on_finish"))
"""Those of the flow that may be asked for by name."""

MOST_RETRIES = 4
"""Metaflow makes at most six attempts, one of which it keeps for itself."""

MOST_CAUGHT = 2
"""Of these @catch needs some for itself, for a process that dies."""

MOST_ITERATIONS = 50
"""Of loops that are a step of their own; each iteration is a process, and half a second."""

MOST_WAYS = 256
"""The ways through a flow that composites may open, beside those of splits (see LIMITS)."""

LONGEST_BRANCH = 100
"""The tasks that a composite may hold and still have a step for each."""

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
