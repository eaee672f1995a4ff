"""Writes a pipeline as a DAG file: a ``@task`` function for each task, then their calls."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.adapter import Export, Options
from bridge.emit.names import Names, identifier
from bridge.emit.python import docstring, imports, indent, literal
from bridge.errors import AdapterError
from bridge.findings import account
from bridge.flow import Flow, analyse
from bridge.model import Composite, Pipeline
from bridge_airflow.edges import Edges
from bridge_airflow.ids import Ids, dag_id
from bridge_airflow.params import declare
from bridge_airflow.project import beside
from bridge_airflow.steps import Steps, is_placeholder, sources, todo_lines
from bridge_airflow.tables import MODULE_NAMES, SUPPORT

__all__ = ["write"]

_DEEPEST = 20
"""How many blocks Python allows inside one another."""


def write(pipeline: Pipeline, options: Options) -> Export:
    """The DAG file of ``pipeline`` and what goes beside it."""
    flow = analyse(pipeline)
    dag = _Dag(flow, options)
    module = f"{identifier(dag_id(pipeline)[:100], ascii_only=True)}_dag"
    files = {f"{module}.py": dag.text(), **beside(flow, module, dag.steps.carries)}
    return Export(files, account(pipeline, SUPPORT))


class _Dag:
    """One DAG file in the making."""

    def __init__(self, flow: Flow, options: Options) -> None:
        self.flow = flow
        self.todos = options.todos
        self.ids = Ids(flow.pipeline)
        self.names = Names(MODULE_NAMES)
        self.edges = Edges(flow)
        self.name = self.names("dag", flow.pipeline.name)
        self.steps = Steps(flow, self.ids, self.names, options.todos)
        self.uses = {"dag"}

    def text(self) -> str:
        """The source of the file."""
        for path, node in self.flow.nodes.items():
            if not is_placeholder(node):
                self.steps.name(path)
        functions = [line for node in self.flow.nodes.values() if not is_placeholder(node)
                     for line in ["", "", *self.steps.function(node)]]  # fmt: skip
        if functions:
            self.uses.add("task")
        graph = self._pipeline(self.flow.pipeline, "", 0)
        settings = self._settings()
        lines = [
            docstring(self.flow.pipeline.description or f"The pipeline {self.flow.pipeline.name}."),
            "",
            *self._imports(),
            *functions,
            "",
            "",
            f"@dag({', '.join(settings)})",
            f"def {self.name}():",
            *indent([*todo_lines(self.todos.get("", ())), *graph]),
            "",
            "",
            f"{self.name}()",
        ]
        return "\n".join(lines) + "\n"

    def _imports(self) -> list[str]:
        operator = "from airflow.providers.standard.operators.empty import EmptyOperator"
        lines = [operator] if "EmptyOperator" in self.uses else []
        names = sorted(self.uses - {"EmptyOperator"})
        lines.append(f"from airflow.sdk import {', '.join(names)}")
        helpers = imports(self.steps.imports)
        return [*lines, *(["", *helpers] if helpers else [])]

    def _settings(self) -> list[str]:
        pipeline = self.flow.pipeline
        settings = [] if dag_id(pipeline) == self.name else [f"dag_id={literal(dag_id(pipeline))}"]
        if pipeline.description:
            settings.append(f"description={literal(pipeline.description)}")
        settings += ["schedule=None", "catchup=False"]
        if pipeline.parameters:
            self.uses.add("Param")
            settings.append(f"params={{{', '.join(declare(self.flow))}}}")
        return settings

    def _pipeline(self, pipeline: Pipeline, prefix: str, depth: int) -> list[str]:
        """The calls of a pipeline's steps, in an order in which each finds what it takes."""
        if depth > _DEEPEST:
            raise AdapterError(f"'{prefix[:-1]}' is nested too deep for one DAG file")
        lines = []
        for name in self.flow.orders[prefix]:
            step = self.flow.steps[prefix + name]
            if isinstance(step, Composite):
                lines += self._group(step, prefix + name, depth)
            else:
                lines += self._task(prefix + name)
        return lines

    def _task(self, path: str) -> list[str]:
        node = self.flow.nodes[path]
        earlier = self._earlier(path)
        if is_placeholder(node):
            self.uses.add("EmptyOperator")
            call = f"EmptyOperator(task_id={literal(self.ids.part(path))})"
        else:
            given = ", ".join(self.steps.result(source) for source in sources(node))
            call = f"{self.steps.name(path)}({given})"
        todos = todo_lines(self.todos.get(path, ())) if is_placeholder(node) else []
        if path not in self.edges.used:
            return [*todos, f"{earlier} >> {call}" if earlier else call]
        result = self.steps.result(path)
        order = [f"{earlier} >> {result}"] if earlier else []
        return [*todos, f"{result} = {call}", *order]

    def _group(self, step: Composite, path: str, depth: int) -> list[str]:
        self.uses.add("TaskGroup")
        inner: list[str] = []
        for key, pipeline in step.pipelines().items():
            place = f"{path}.{key}"
            inner += todo_lines(self.todos.get(place, ()))
            inner += self._with(place, pipeline.description)
            inner += indent(self._pipeline(pipeline, f"{place}.", depth + 2))
        earlier = self._earlier(path)
        named = self._variable(path) if earlier or path in self.edges.used else ""
        return [
            *todo_lines(self.todos.get(path, ())),
            *self._with(path, "", named),
            *indent(inner),
            *([f"{earlier} >> {named}"] if earlier else []),
            *self._barrier(path),
        ]

    def _with(self, path: str, tooltip: str, variable: str = "") -> list[str]:
        more = f", tooltip={literal(tooltip)}" if tooltip else ""
        ending = f" as {variable}" if variable else ""
        return [f"with TaskGroup({literal(self.ids.part(path))}{more}){ending}:"]

    def _barrier(self, path: str) -> Iterator[str]:
        """One task after a wide group, where many would each wait for all of its tasks."""
        if path in self.edges.barriers:
            self.uses.add("EmptyOperator")
            ended = self._ended(path)
            yield f"{ended} = EmptyOperator(task_id={literal(self.ids.more(path, '_done'))})"
            yield f"{self._variable(path)} >> {ended}"

    def _earlier(self, path: str) -> str:
        """The expression of what must end before the step, beyond what it takes values from."""
        found = [self._ended(earlier) for earlier in self.edges.before.get(path, ())]
        return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""

    def _ended(self, path: str) -> str:
        """The variable of what has ended when the step has."""
        if path in self.edges.barriers:
            return self.names(f"done {path}", f"{self.flow.steps[path].name}_done")
        return self._variable(path)

    def _variable(self, path: str) -> str:
        if isinstance(self.flow.steps[path], Composite):
            return self.names(f"group {path}", self.flow.steps[path].name)
        return self.steps.result(path)
