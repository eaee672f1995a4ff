"""What Airflow does with each feature, and the names that it or a generated file takes."""

from __future__ import annotations

import builtins
from typing import Final

from bridge.emit.body import HELPERS
from bridge.findings import Feature, Level, Support, emulated, native
from bridge.lower import LOWERED

__all__ = [
    "CONTEXT",
    "CONTEXT_KEYS",
    "DAG_ARGUMENTS",
    "FILLED",
    "MODULE_NAMES",
    "OPERATOR_ARGUMENTS",
    "RESERVED_KEYS",
    "SUPPORT",
    "TASK_NAMES",
]

SUPPORT: Final[dict[Feature, Support]] = {
    Feature.PYTHON: native("@task"),
    Feature.NOTEBOOK: emulated("a @task that runs papermill, so that it can give values back"),
    Feature.SHELL: emulated("a @task that runs bash, so that it can give values back"),
    Feature.STUB: native("EmptyOperator"),
    Feature.FOREIGN: native("the operator, made as it was where it was read"),
    Feature.FOREIGN: native("an operator of Airflow's own, as it was read; of others none"),
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
    Feature.MAP: native("dynamic task mapping: a mapped task, or a mapped task group"),
    Feature.MAP_NESTED: LOWERED[Feature.MAP_NESTED],
    Feature.MAP_REDUCER: native("in the task that gathers what the mapped ones return"),
    Feature.CONDITIONAL: native("@task.branch, and a task that joins the branches"),
    Feature.LOOP: LOWERED[Feature.LOOP],
    Feature.ON_FAILURE: LOWERED[Feature.ON_FAILURE],
    Feature.FAILURE_INDEPENDENT: native("what does not depend on a failed task goes on"),
    Feature.TERMINATE: LOWERED[Feature.TERMINATE],
    Feature.RETRY: native("retries and retry_delay"),
    Feature.TIMEOUT: native("execution_timeout"),
    Feature.SCHEDULE: native("schedule, a cron expression"),
    Feature.RESOURCES: Support(
        Level.APPROXIMATED,
        "resources of the operator, which no executor acts on; overrides may have executor_config",
    ),
    Feature.ENVIRONMENT: LOWERED[Feature.ENVIRONMENT],
    Feature.SECRETS: LOWERED[Feature.SECRETS],
    Feature.DEPENDENCIES: emulated("in requirements.txt, for all tasks together"),
    Feature.IMAGE: Support(
        Level.APPROXIMATED,
        "in the task's documentation; it runs where its worker runs",
    ),
    Feature.CACHE: Support(Level.APPROXIMATED, "the task runs each time"),
    Feature.DATASET: emulated("loaded and saved by its own class, inside the @task"),
    Feature.OVERRIDES: native("arguments of the operator"),
}

TASK_NAMES: Final = ("float", "load_object", "of_items", "save_object", "to_xcom")
"""What tasks use beside what their bodies do."""

MODULE_NAMES: Final = frozenset(
    {
        *("EmptyOperator", "Param", "TaskGroup", "dag", "task", "task_group", "timedelta"),
        *HELPERS,
        *TASK_NAMES,
        *dir(builtins),
    }
)
"""Names that mean something else in a DAG file than a task of the user's."""

CONTEXT: Final = {
    "run_id": ("run_id", "run_id"),
    "attempt": ("ti", "ti.try_number"),
    "logical_date": ("ts", "ts"),
}
"""Where each fact of a run is found: the argument that Airflow fills in, and the expression."""

FILLED: Final = {
    "params": "params",
    "run_id": "run_id",
    "ti": "ti",
    "ts": "ts=None",  # a run may have no logical date
}
"""How the arguments are written that Airflow fills in."""

CONTEXT_KEYS: Final = frozenset(
    {
        *("asset_state_store", "conn", "dag", "dag_run", "data_interval_end", "ds", "ds_nodash"),
        *("data_interval_start", "exception", "expanded_ti_count", "inlet_events", "inlets"),
        *("logical_date", "macros", "map_index_template", "outlet_events", "outlets", "params"),
        *("partition_date", "partition_key", "prev_data_interval_end_success", "reason", "run_id"),
        *("prev_data_interval_start_success", "prev_end_date_success", "prev_start_date_success"),
        *("task", "task_instance", "task_instance_key_str", "task_reschedule_count", "test_mode"),
        *("task_state_store", "templates_dict", "ti", "triggering_asset_events", "try_number"),
        *("ts", "ts_nodash", "ts_nodash_with_tz", "var"),
    }
)
"""Names of arguments that Airflow fills in by itself."""

OPERATOR_ARGUMENTS: Final = (
    *("depends_on_past", "doc", "doc_md", "email", "email_on_failure", "email_on_retry"),
    *("executor", "executor_config", "inlets", "map_index_template", "max_active_tis_per_dag"),
    *(
        "max_active_tis_per_dagrun",
        "outlets",
        "owner",
        "pool",
        "pool_slots",
        "priority_weight",
        "queue",
    ),
    *("run_as_user", "task_display_name", "wait_for_downstream", "weight_rule"),
)
"""Arguments of an operator that may be given by overrides."""

DAG_ARGUMENTS: Final = (
    *("access_control", "dag_display_name", "dagrun_timeout", "end_date", "fail_fast"),
    *("is_paused_upon_creation", "max_active_runs", "max_active_tasks", "owner_links"),
    *("max_consecutive_failed_dag_runs", "params", "render_template_as_native_obj", "schedule"),
    *("start_date", "tags", "catchup", "template_searchpath", "timezone"),
)
"""Arguments of a DAG that may be given by overrides of the pipeline."""

RESERVED_KEYS: Final = frozenset({"__classname__", "__id__", "__type", "__var"})
"""Keys that mean something to Airflow in the dict that is an XCom."""
