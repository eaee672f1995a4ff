"""DAG files that this adapter has written, read back as the pipelines they were written from."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from bridge.model import (
    Conditional,
    Map,
    Parallel,
    Pipeline,
    Resources,
    Retry,
    Step,
    Task,
)
from bridge.recover import Remarks, is_unit, remarks
from bridge.recover.remarks import is_of_pipeline, pipeline_said, step_said, stub_said, texts
from bridge.values import At, Return, at
from bridge_airflow.project import IGNORE
from bridge_airflow.reading_dag.bodies import Body, NotOursError, handed_on, returned_names
from bridge_airflow.reading_dag.making import Task as TaskSeen
from bridge_airflow.reading_dag.own_check import is_written_so
from bridge_airflow.reading_dag.own_units import comments_of_groups, headings, plain, said_of, unit
from bridge_airflow.reading_dag.source_text import Function, SourceText
from bridge_airflow.settings import name_of
from bridge_airflow.tables import OPERATOR_ARGUMENTS

__all__ = ["is_ours", "read_own"]

_IMAGE = "To be run in the image `"
_COMPOSITE = ("items", "gathered", "choose", "joined")


def is_ours(file: Path) -> bool:
    """Whether a file stands in an export: beside it is what says that it alone makes a DAG."""
    ignored = file.parent / ".airflowignore"
    if not ignored.is_file():
        return False
    return ignored.read_text(encoding="utf-8") == IGNORE.format(module=file.stem)


def read_own(
    dag: Mapping[str, Any], text: SourceText, settings: Mapping[str, Any]
) -> tuple[Pipeline, dict[str, tuple[str, str]]]:
    """The pipeline that a DAG was written from, and the task and key of each value in it.

    Raises NotOursError where the file has been changed since.
    """
    own = _Own(dag, text)
    found = own.pipeline(settings)
    if own.is_guess and not is_written_so(Path(text.file), found):
        raise NotOursError("what the code looks like would be written in another way")
    return found, own.origins()


@dataclass
class _Held:
    """Steps, and what the code of them says of their pipeline."""

    steps: list[Step]
    more: Mapping[str, Any] = field(default_factory=dict)


class _Own:
    def __init__(self, dag: Mapping[str, Any], text: SourceText) -> None:
        self._dag, self._text = dag, text
        self._tasks: dict[str, TaskSeen] = {task["id"]: task for task in dag["tasks"]}
        self._items: dict[str, At] = {}
        self.is_guess = False
        comments = dict(comments_of_groups(text))
        self._said = {group: remarks(told) for group, told in comments.items()}
        self._keys = {g: key for g, told in comments.items() for _, key in headings(told)}
        self.datasets: dict[str, Any] = {}
        self._names: dict[tuple[str, str], Return] = {}
        for task_id in self._tasks:
            if node := self._function(task_id):
                for key, found in returned_names(node).items():
                    self._names[task_id, key] = found
        for task_id in self._tasks:
            self._hand_on(task_id)

    def _hand_on(self, task_id: str) -> None:
        """Note what a task returns as it was given it by another."""
        node = self._function(task_id)
        given = self._given(task_id)
        for key, argument, inner in handed_on(node) if node else ():
            if not given.get(argument) or (task_id, key) in self._names:
                continue
            if (given[argument], inner) not in self._names:
                self._hand_on(given[argument])
            if found := self._names.get((given[argument], inner)):
                self._names[task_id, key] = found

    def pipeline(self, settings: Mapping[str, Any]) -> Pipeline:
        """The outermost pipeline."""
        params = self._dag["params"]
        parameters = {name: param["value"]["json"] for name, param in params.items()}
        kept = {n: v for n, v in settings.get("overrides", {}).get("airflow", {}).items()
                if n != "params"}  # fmt: skip
        more = {**settings, **self._shown(kept), "overrides": {"airflow": kept} if kept else {}}
        found = self._steps(self._dag["children"], "", "")
        more["datasets"] = self.datasets
        return replace(found, parameters=parameters, **more)

    def _shown(self, kept: dict[str, Any]) -> dict[str, str]:
        """The name and the description, as they were written."""
        described = self._dag["settings"].get("description", {"json": ""})["json"]
        known = self._dag["dag_id"]
        shown = kept.get("dag_display_name", known)
        name = name_of(known, shown)
        if "pipeline" in self._said.get("", {}):
            name = pipeline_said(self._said[""])["name"]
        elif name == shown:
            kept.pop("dag_display_name", "")
        self.is_guess |= name != known
        return {"name": name, "description": described}

    def origins(self) -> dict[str, tuple[str, str]]:
        """The task that has each value in the end, and its key there: the outermost, the last."""
        inmost = sorted(self._names.items(), key=lambda item: -item[0][0].count("."))
        return {found.name: place for place, found in inmost}

    def _function(self, task_id: str) -> Function | None:
        function = self._tasks[task_id]["callable"]
        return self._text.function_at(function["line"], function["name"]) if function else None

    # Pipelines

    def _steps(self, children: Iterable[str], tooltip: str, group: str) -> Pipeline:
        """The pipeline of the tasks and groups in a group."""
        children = list(children)
        names = [name for name in children if not self._is_barrier(name, children)]
        held = [self._held(name) for name in names]
        said = self._said.get(group, {})
        more = {"description": tooltip, **pipeline_said(said)}
        for found in held:
            more |= found.more
        inside = {name: set(self._inside(name)) for name in names}
        for name in names:
            inside[name] |= {f"{name}_done"} & self._tasks.keys() - {*names}
        before = {
            name: [o for o in names if o != name and self._upstream(inside[name]) & inside[o]]
            for name in names
        }
        is_data = more.get("order") == "data"
        if not is_data and all(earlier in before[later] for earlier, later in pairwise(names)):
            return Pipeline([step for found in held for step in found.steps], **more)
        steps = []
        ends = {name: found.steps[-1].name for name, found in zip(names, held, strict=True)}
        for name, found in zip(names, held, strict=True):
            taken = self._taken(inside[name])
            after = [ends[other] for other in before[name] if not taken & inside[other]]
            first, *rest = found.steps
            steps += [first if first.after else replace(first, after=after), *rest]
        if "steps" in said:
            place = {name: i for i, name in enumerate(texts(said["steps"]))}
            steps.sort(key=lambda step: place.get(step.name, 0))
        return Pipeline(steps, **{"order": "data", **more})

    def _name(self, task_id: str) -> str:
        """The name of a step or a branch, which its id may only be like."""
        if task_id in self._keys:
            return self._keys[task_id]
        if task_id not in self._tasks:
            shown = self._dag["groups"][task_id]["display"]
        else:
            shown = self._tasks[task_id]["given"].get("task_display_name", {}).get("json", "")
            shown = shown if shown != _last(task_id) else ""
        self.is_guess |= bool(shown)
        return shown or _last(task_id)

    def _held(self, name: str) -> _Held:
        """The steps that a task or a group stands for; most stand for one."""
        try:
            return _Held([self._step(name)])
        except NotOursError:
            node = self._function(name) if name in self._tasks else None
            if node is None or (_last(name) in _COMPOSITE and "." in name):
                raise
        body = self._body(name, node)
        self.is_guess = True
        if not is_unit(body.node.body):
            said = remarks(self._text.comments(node))
            more = self._policies(self._tasks[name], said)
            return _Held([self._with_datasets(body, self._name(name), said, more)])
        found = unit(self._text, body, self._at(name))
        handler = {"on_failure": found.on_failure} if found.on_failure else {}
        self.datasets |= found.datasets
        if after := step_said(remarks(self._text.comments(node))).get("after"):
            found.steps[0] = replace(found.steps[0], after=after)
        return _Held(found.steps, {**found.more, **handler})

    def _is_barrier(self, name: str, children: Iterable[str]) -> bool:
        """Whether a task is only there for others to wait for, after a wide group."""
        group = name.removesuffix("_done")
        is_empty = name in self._tasks and self._tasks[name]["class"] == "EmptyOperator"
        return is_empty and name != group and group in children and group in self._dag["groups"]

    def _at(self, name: str) -> str:
        """How the names of steps begin where a task stands; NUL stands around variables."""
        found = ""
        parts = name.split(".")[:-1]
        for number in range(len(parts)):
            around, group = ".".join(parts[:number]), ".".join(parts[: number + 1])
            if f"{around}.items" not in self._tasks:
                found += f"{self._name(group)}."
            if f"{group}.items" in self._tasks:
                found += "\0ti.map_index\0."
        return found

    def _inside(self, name: str) -> Iterator[str]:
        if name in self._tasks:
            yield name
            return
        for child in self._dag["groups"][name]["children"]:
            yield from self._inside(child)

    def _upstream(self, tasks: Iterable[str]) -> set[str]:
        return {other for task in tasks for other in self._tasks[task]["upstream"]}

    def _taken(self, tasks: Iterable[str]) -> set[str]:
        """The tasks from which some of these take a result."""
        return {held for task in tasks for held in self._given(task).values() if held}

    # Steps

    def _step(self, name: str) -> Step:
        if name in self._tasks:
            return self._task(name)
        group = self._dag["groups"][name]
        own = [child for child in group["children"] if child in self._tasks]
        kinds = {_last(child) for child in own}
        if "items" in kinds:
            return self._map(name, group)
        if "choose" in kinds:
            return self._conditional(name, group)
        if own or not group["children"]:
            raise NotOursError(f"group '{name}' is not one of branches")
        branches = {self._name(c): self._branch(c) for c in group["children"]}
        return Parallel(name=self._name(name), branches=branches, **self._told(name))

    def _branch(self, name: str) -> Pipeline:
        group = self._dag["groups"][name]
        return self._steps(group["children"], group["tooltip"], name)

    def _told(self, name: str) -> dict[str, Any]:
        """What a group says of the composite that it is."""
        default = self._dag["groups"][name]["default_args"]
        found = {n: value["json"] for n, value in default.items()}
        said = step_said(self._said.get(name, {}))
        return said | ({"overrides": {"airflow": found}} if found else {})

    def _map(self, name: str, group: Mapping[str, Any]) -> Map:
        items = self._function(f"{name}.items")
        if items is None:
            raise NotOursError(f"map '{name}' has no function for its items")
        called = next(n for n in ast.walk(items) if isinstance(n, ast.ListComp))
        item = ast.literal_eval(called.elt.args[1])  # type: ignore[attr-defined]
        each: Any = called.generators[0].iter
        listed = self._body(f"{name}.items", items).value(each.args[1])
        if not isinstance(listed, At):
            raise NotOursError(f"map '{name}' has no list")
        before, self._items = self._items, {**self._items, name: at(item)}
        inner = [c for c in group["children"] if _last(c) not in ("items", "gathered")]
        if len(inner) != 1:
            raise NotOursError(f"map '{name}' is not over one task or group")
        if inner[0] in self._tasks:
            held = self._held(inner[0])
            said = {"description": group["tooltip"], **pipeline_said(self._said.get(name, {}))}
            branch = Pipeline(held.steps, **{**said, **held.more})
        else:
            branch = self._branch(inner[0])
        self._items = before
        return Map(
            name=self._name(name),
            branch=branch,
            iterate_on=listed if listed.path else listed.name,
            iterate_as=item,
            reducer=self._reducer(name),
            **self._told(name),
        )

    def _reducer(self, name: str) -> str | None:
        node = self._function(f"{name}.gathered") if f"{name}.gathered" in self._tasks else None
        for inner in ast.walk(node) if node else ():
            if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Lambda):
                return ast.unparse(inner.func)
            if isinstance(inner, ast.ImportFrom) and inner.names[0].asname == "reducer":
                return f"{inner.module}:{inner.names[0].name}"
        return None

    def _conditional(self, name: str, group: Mapping[str, Any]) -> Conditional:
        choose = self._function(f"{name}.choose")
        if choose is None:
            raise NotOursError(f"conditional '{name}' has no function that chooses")
        keys: Any = next(n for n in choose.body if isinstance(n, ast.Assign)).value
        found: Any = next(n for n in choose.body if isinstance(n, ast.Return)).value
        call = found.slice
        given = self._body(f"{name}.choose", choose).value(call.args[1])
        if not isinstance(given, At):
            raise NotOursError(f"conditional '{name}' has nothing to decide it")
        self._keys |= {of: str(key) for key, of in ast.literal_eval(keys).items()}
        branches = {key: self._branch(of) for key, of in ast.literal_eval(keys).items()}
        has_default = any(word.arg == "default" for word in call.keywords)
        default = branches.pop("default") if has_default else None
        return Conditional(
            name=self._name(name),
            parameter=given if given.path else given.name,
            branches=branches,
            default=default,
            **self._told(name),
        )

    def _task(self, task_id: str) -> Step:
        task = self._tasks[task_id]
        if _last(task_id) in _COMPOSITE and "." in task_id:
            raise NotOursError(f"'{task_id}' stands where it should not")
        node = self._function(task_id)
        above = self._text.comments(node) if node else self._text.comments_above(task["place"][0])
        said = remarks(comment for comment in above if not is_of_pipeline(comment))
        more = self._policies(task, said)
        if node is not None:
            body = self._body(task_id, node)
            if "datasets" in said:
                return self._with_datasets(body, self._name(task_id), said, more)
            return said_of(body.task(self._name(task_id), more), said)
        if task["class"] != "EmptyOperator":
            raise NotOursError(f"'{task_id}' is an operator of Airflow's own")
        return replace(stub_said(self._name(task_id), said), **more)

    def _with_datasets(self, body: Body, name: str, said: Remarks, more: Mapping[str, Any]) -> Task:
        """A task that loads and saves by itself."""
        found, datasets = plain(self._text, body, name, said, more)
        self.datasets |= datasets
        self.is_guess = True
        return found

    def _given(self, task_id: str) -> dict[str, str]:
        """The task whose result an argument of a task's function is, by the argument."""
        task = self._tasks[task_id]
        function = task["callable"]
        if function is None:
            return {}
        names = [name for name, *_ in function["parameters"]]
        mapped = (task["mapped"] or {}).get("value", {})
        given = {**dict(zip(names, task["args"], strict=False)), **task["kwargs"], **mapped}
        return {name: value["xcom"][0] if "xcom" in value else "" for name, value in given.items()}

    def _body(self, task_id: str, node: Function) -> Body:
        given = self._given(task_id)

        def argument(name: str) -> At | str | None:
            held = given.get(name)
            if held is None:
                return None
            owner = next((o for o in reversed(self._items) if task_id.startswith(f"{o}.")), "")
            if owner and (not held or held == f"{owner}.items"):
                return self._items[owner]
            return held

        return Body(node, argument, self._names, own=f"{self._at(task_id)}{self._name(task_id)}")

    def _policies(self, task: TaskSeen, said: Remarks) -> dict[str, Any]:
        given, values = dict(task["given"]), task["values"]
        found: dict[str, Any] = {}
        if "retries" in given:
            delay = values["retry_delay"]["seconds"] if "retry_delay" in given else 0
            idle = {
                k: float(v) for k, _, v in (t.partition(" ") for t in texts(said.get("retry", "")))
            }
            found["retry"] = Retry(given["retries"]["json"], **{"delay": _number(delay), **idle})
        if "execution_timeout" in given:
            found["timeout"] = _number(given["execution_timeout"]["seconds"])
        if "resources" in given:
            asked = given["resources"]["json"]
            found["resources"] = Resources(asked.get("cpus"), asked.get("ram"), asked.get("gpus"))
        kept = {n: v.get("json") for n, v in given.items() if n in OPERATOR_ARGUMENTS}
        if kept.get("task_display_name") == self._name(task["id"]):
            del kept["task_display_name"]
        image = kept.get("doc_md") or ""
        if image.startswith(_IMAGE):
            found["image"] = image.removeprefix(_IMAGE).removesuffix("`.")
            del kept["doc_md"]
        return found | ({"overrides": {"airflow": kept}} if kept else {})


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _number(seconds: float) -> float:
    return int(seconds) if seconds == int(seconds) else seconds
