"""A DAG as JSON: its settings, tasks and groups, with values in the form that ``seen`` gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bridge_airflow.reading_dag.recording import Recording
from bridge_airflow.reading_dag.seeing import callable_seen, seen

__all__ = ["describe"]

_OF_TASKS = (
    *("retries", "retry_delay", "retry_exponential_backoff", "max_retry_delay"),
    *("execution_timeout", "do_xcom_push", "multiple_outputs", "doc_md"),
)
_OPERATORS_OWN = (
    *("bash_command", "env", "append_env", "cwd", "skip_on_exit_code", "output_processor"),
    *("ignore_downstream_trigger_rules", "input_nb", "output_nb", "parameters", "kernel_name"),
    *("requirements", "python", "templates_dict", "templates_exts", "system_site_packages"),
)
_NOT_GIVEN = {
    *("task_id", "python_callable", "op_args", "op_kwargs", "dag", "task_group", "params"),
    *("default_args", "start_trigger_args", "start_from_trigger"),
}
_SETTINGS_LEFT_OUT = {"dag_id", "params", "default_args", "task_group", "auto_register"}


def describe(dag: Any, record: Recording) -> dict[str, Any]:
    """All that is known of a DAG."""
    return {
        "dag_id": dag.dag_id,
        "file": dag.fileloc,
        "settings": dict(_settings(dag)),
        "default_args": {name: seen(value) for name, value in dag.default_args.items()},
        "params": {name: _param(dag.params.get_param(name)) for name in dag.params},
        "native": dag.render_template_as_native_obj,
        "groups": {g.group_id: _group(g) for g in _groups(dag.task_group) if g.group_id},
        "tasks": [_task(task, record) for task in dag.tasks],
        "labels": _labels(dag),
        "children": [*dag.task_group.children],
    }


def _settings(dag: Any) -> Iterator[tuple[str, Any]]:
    """What of a DAG differs from what Airflow makes of one that says nothing."""
    import attrs
    from airflow.sdk import DAG

    plain = DAG(dag.dag_id)
    for field in attrs.fields(DAG):
        name = field.name
        if not field.init or name in _SETTINGS_LEFT_OUT or name.startswith("_"):
            continue
        value = getattr(dag, name)
        if name == "start_date" and value is not None:
            yield name, seen(value)
        elif value != getattr(plain, name) and name not in ("fileloc", "relative_fileloc"):
            yield name, seen(sorted(value) if isinstance(value, set) else value)
    if str(dag.timezone) != str(plain.timezone):
        yield "timezone", seen(str(dag.timezone))


def _param(param: Any) -> dict[str, Any]:
    from airflow.sdk.definitions._internal.types import is_arg_set

    found: dict[str, Any] = {"schema": seen(dict(param.schema)), "description": param.description}
    return found | ({"value": seen(param.value)} if is_arg_set(param.value) else {})


def _groups(group: Any) -> Iterator[Any]:
    yield group
    for child in group.children.values():
        if hasattr(child, "children"):
            yield from _groups(child)


def _group(group: Any) -> dict[str, Any]:
    return {
        "tooltip": group.tooltip,
        "display": group.group_display_name,
        "prefix": group.prefix_group_id,
        "children": [*group.children],
        "roots": [task.task_id for task in group.get_roots()],
        "mapped": _mapping(getattr(group, "_expand_input", None)),
        "default_args": {name: seen(value) for name, value in group.default_args.items()},
    }


def _labels(dag: Any) -> list[list[str]]:
    return [
        [before, after, info["label"]]
        for before, others in dag.edge_info.items()
        for after, info in others.items()
        if info.get("label")
    ]


def _task(task: Any, record: Recording) -> dict[str, Any]:
    note = record.of(task)
    given = {n: v for n, v in note.given.items() if n not in _NOT_GIVEN}
    kind = getattr(task, "operator_class", type(task))
    own = _own(task)
    return {
        "id": task.task_id,
        "module": kind.__module__,
        "class": kind.__qualname__,
        "place": note.place,
        "given": {name: seen(value) for name, value in given.items()},
        "values": {name: seen(own[name]) for name in _OF_TASKS + _OPERATORS_OWN if name in own},
        "trigger_rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "setup": task.is_setup,
        "teardown": task.is_teardown,
        "upstream": sorted(task.upstream_task_ids),
        "groups": _around(task),
        "callable": _callable(own),
        "args": [seen(value) for value in own.get("op_args") or ()],
        "kwargs": {name: seen(value) for name, value in (own.get("op_kwargs") or {}).items()},
        "params": dict(_own_params(task, note.given)),
        "mapped": _mapping(_expanded(task)),
        "local": {n: v for n, v in note.local.items() if _is_plain(v) and n[:2] != "__"},
    }


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _own(task: Any) -> dict[str, Any]:
    """The values of a task's fields, of one that is mapped those all its instances share."""
    if hasattr(task, "partial_kwargs"):
        found = {**task.partial_kwargs}
        for name in ("python_callable", "multiple_outputs"):
            if hasattr(task, name):
                found[name] = getattr(task, name)
        return found
    names = (*_OF_TASKS, *_OPERATORS_OWN, "python_callable", "op_args", "op_kwargs")
    return {name: getattr(task, name) for name in names if hasattr(task, name)}


def _callable(own: Mapping[str, Any]) -> dict[str, Any] | None:
    function = own.get("python_callable")
    return callable_seen(function) if function is not None else None


def _own_params(task: Any, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The parameters that the task gives a value of its own."""
    from airflow.sdk.definitions._internal.types import is_arg_set

    around = _values(task.dag.params) if task.dag is not None else {}
    for name, value in _values(given.get("params") or {}).items():
        if name not in around or (is_arg_set(value) and around[name] != value):
            yield name, seen(value)


def _values(params: Any) -> dict[str, Any]:
    """The values of Params by name, of those that have none the mark of that."""
    found = {}
    for name in params:
        param = params.get_param(name) if hasattr(params, "get_param") else params[name]
        found[name] = getattr(param, "value", param)
    return found


def _around(task: Any) -> list[str]:
    """The groups that a task is in, the outermost first."""
    found = []
    group = task.task_group
    while group is not None and group.group_id:
        found.append(group.group_id)
        group = group.parent_group
    return found[::-1]


def _expanded(task: Any) -> Any:
    if not hasattr(task, "partial_kwargs"):
        return None
    return getattr(task, task._expand_input_attr)


def _mapping(expanded: Any) -> dict[str, Any] | None:
    if expanded is None:
        return None
    kind = "lists" if expanded.EXPAND_INPUT_TYPE == "dict-of-lists" else "dicts"
    if kind == "lists":
        return {"kind": kind, "value": {n: seen(v) for n, v in expanded.value.items()}}
    return {"kind": kind, "value": seen(expanded.value)}
