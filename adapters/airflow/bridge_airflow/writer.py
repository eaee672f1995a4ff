"""Writes a pipeline as a DAG file: a ``@task`` function for each task, then their calls."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.adapter import Export, Options
from bridge.emit.names import Names, identifier
from bridge.emit.python import docstring, imports, indent, literal
from bridge.flow import Flow, analyse
from bridge.model import Pipeline
from bridge_airflow.composites import after, before
from bridge_airflow.foreign import is_foreign
from bridge_airflow.graph import Graph
from bridge_airflow.ids import Ids, dag_id
from bridge_airflow.params import declare
from bridge_airflow.places import Place, Places, is_composite
from bridge_airflow.project import beside
from bridge_airflow.settings import settings as settings_of
from bridge_airflow.steps import Steps, is_placeholder, todo_lines
from bridge_airflow.tables import MODULE_NAMES

__all__ = ["write"]

_STANDARD = frozenset({"datetime", "timedelta", "ZoneInfo"})


def write(pipeline: Pipeline, options: Options) -> Export:
    """The DAG file of ``pipeline`` and what goes beside it."""
    flow = analyse(pipeline)
    dag = _Dag(flow, options)
    module = f"{identifier(dag_id(pipeline)[:100], ascii_only=True)}_dag"
    files = {f"{module}.py": dag.text(), **beside(flow, module, dag.steps.carries)}
    return Export(files)


class _Dag:
    """One DAG file in the making."""

    def __init__(self, flow: Flow, options: Options) -> None:
        self.flow = flow
        self.todos = options.todos
        self.ids = Ids(flow.pipeline)
        self.names = Names(MODULE_NAMES)
        self.name = self.names("dag", flow.pipeline.name)
        places = Places(Place(flow))
        self.steps = Steps(places, self.ids, self.names, options.todos)
        self.uses = {"dag"}

    def text(self) -> str:
        """The source of the file."""
        spots = self.steps.places.spots.values()
        for spot in spots:
            if not (is_placeholder(spot) or is_composite(spot.node) or is_foreign(spot)):
                self.steps.name(spot.path)
        functions = self._functions(self.steps.places.outermost)
        written = [line for lines in functions if lines for line in ["", "", *lines]]
        if written:
            self.uses.add("task")
        graph = Graph(self.steps, self.todos)
        calls = graph.lines()
        self.uses |= graph.uses
        settings = self._settings()
        lines = [
            docstring(self.flow.pipeline.description or f"The pipeline {self.flow.pipeline.name}."),
            "",
            *self._imports(),
            *(line for code in self.steps.code for line in ["", "", code.rstrip()]),
            *written,
            "",
            "",
            f"@dag({', '.join(settings)})",
            f"def {self.name}():",
            *indent([*todo_lines(self.todos.get("", ())), *calls]),
            "",
            "",
            f"{self.name}()",
        ]
        return "\n".join(lines) + "\n"

    def _functions(self, place: Place) -> Iterator[list[str]]:
        """The functions of a flow's tasks, those of a composite between its own."""
        for node in place.flow.nodes.values():
            spot = self.steps.places.spots[place.prefix + node.path]
            if is_composite(node):
                yield before(self.steps, spot)
                for inner in self.steps.places.inner[spot.path].values():
                    yield from self._functions(inner)
                yield after(self.steps, spot)
            elif is_foreign(spot):
                self.steps.foreign(spot)
            elif not is_placeholder(spot):
                yield self.steps.function(spot)

    def _imports(self) -> list[str]:
        operator = "from airflow.providers.standard.operators.empty import EmptyOperator"
        lines = [operator] if "EmptyOperator" in self.uses else []
        names = sorted(self.uses - {"EmptyOperator"})
        names = sorted({*names, *(self.steps.uses - _STANDARD)})
        lines.append(f"from airflow.sdk import {', '.join(names)}")
        dates = sorted(self.steps.uses & {"datetime", "timedelta"})
        standard = [f"from datetime import {', '.join(dates)}"] if dates else []
        standard += ["from zoneinfo import ZoneInfo"] if "ZoneInfo" in self.steps.uses else []
        standard += [""] if standard else []
        helpers = imports(self.steps.imports)
        return [*standard, *lines, *(["", *helpers] if helpers else [])]

    def _settings(self) -> list[str]:
        pipeline = self.flow.pipeline
        settings = [] if dag_id(pipeline) == self.name else [f"dag_id={literal(dag_id(pipeline))}"]
        settings += settings_of(pipeline)
        self.steps.note(settings)
        if pipeline.parameters:
            self.uses.add("Param")
            settings.append(f"params={{{', '.join(declare(self.flow))}}}")
        return settings
