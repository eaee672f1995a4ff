"""Which operators become which steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.findings import Feature, Level
from bridge.model import NotebookTask, Step, Stub
from bridge_airflow.reading_dag.foreign import foreign_step
from bridge_airflow.reading_dag.making import Making, Task
from bridge_airflow.reading_dag.mapping import Mapped
from bridge_airflow.reading_dag.policies import policies
from bridge_airflow.reading_dag.python_tasks import PythonMaker
from bridge_airflow.reading_dag.shell_tasks import ShellMaker, may_skip, pushed_by

__all__ = ["Operators", "decides", "kind_of"]

_PYTHON = "airflow.providers.standard.operators.python"
_DECORATED = "airflow.providers.standard.decorators"
_KINDS = {
    f"{_PYTHON}.PythonOperator": "python",
    f"{_PYTHON}.PythonVirtualenvOperator": "python",
    f"{_PYTHON}.ExternalPythonOperator": "python",
    f"{_PYTHON}.BranchPythonOperator": "branch",
    f"{_PYTHON}.BranchPythonVirtualenvOperator": "branch",
    f"{_PYTHON}.BranchExternalPythonOperator": "branch",
    f"{_PYTHON}.ShortCircuitOperator": "short",
    f"{_DECORATED}.python._PythonDecoratedOperator": "python",
    f"{_DECORATED}.python_virtualenv._PythonVirtualenvDecoratedOperator": "python",
    f"{_DECORATED}.external_python._PythonExternalDecoratedOperator": "python",
    f"{_DECORATED}.branch_python._BranchPythonDecoratedOperator": "branch",
    f"{_DECORATED}.branch_virtualenv._BranchPythonVirtualenvDecoratedOperator": "branch",
    f"{_DECORATED}.branch_external_python._BranchExternalPythonDecoratedOperator": "branch",
    f"{_DECORATED}.short_circuit._ShortCircuitDecoratedOperator": "short",
    f"{_DECORATED}.bash._BashDecoratedOperator": "bash",
    "airflow.providers.standard.operators.bash.BashOperator": "bash",
    "airflow.providers.standard.operators.empty.EmptyOperator": "empty",
    "airflow.providers.papermill.operators.papermill.PapermillOperator": "notebook",
}
_NOTEBOOK_ARGUMENTS = {
    *("input_nb", "output_nb", "parameters", "kernel_name", "language_name", "kernel_conn_id"),
    *("nbconvert", "nbconvert_args"),
}

_ONLY_COMMANDS = "only commands and functions are mapped; let a function give the command"


def kind_of(task: Task) -> str:
    """What kind of task an operator is; ``foreign`` is any that only Airflow has."""
    return _KINDS.get(f"{task['module']}.{task['class']}", "foreign")


def decides(task: Task) -> str:
    """``branch`` or ``short`` for a task that decides what runs after it."""
    kind = kind_of(task)
    return kind if kind in ("branch", "short") else ""


class Operators:
    """Makes the steps of tasks, by their kinds."""

    def __init__(self, making: Making, read: set[str]) -> None:
        self._making, self._read = making, read
        self.python = PythonMaker(making)
        self.python.read = read
        self._shell = ShellMaker(making, self.python)

    def prepare(self) -> None:
        """Lift all functions, so that it is known what each pushes, and which tasks may skip."""
        for task in self._making.dag["tasks"]:
            is_command = kind_of(task) == "bash"
            if is_command or kind_of(task) in ("python", "branch", "short"):
                self.python.prepare(task, is_command)
            if is_command:
                self._prepare_command(task)

    def _prepare_command(self, task: Task) -> None:
        making, lifted = self._making, self.python.lifted.get(task["id"])
        if may_skip(task, lifted.node if lifted else None):
            making.skips.add(task["id"])
        for key in pushed_by(task):
            making.pushed.setdefault(task["id"], set()).add(key)

    def decides(self, task: Task) -> str:
        """``branch``, ``short`` or ``skip`` for a task that decides what runs after it."""
        return decides(task) or ("skip" if task["id"] in self._making.skips else "")

    def make(self, task: Task, name: str, mapped: Mapped | None) -> list[Step]:
        """The steps of a task under a name; for one that is mapped those for an item."""
        kind = kind_of(task)
        if task["class"].startswith("_"):
            task = {**task, "given": {n: v for n, v in task["given"].items() if _is_said(n, v)}}
        if mapped is not None and kind not in ("python", "bash", "branch", "short"):
            self._making.refuses(
                task, "expand", f"{task['class']} is mapped; call a function instead", Feature.MAP
            )
            return []
        if kind in ("python", "branch", "short"):
            step = self.python.step(task, name, mapped.values if mapped else None)
            return [step] if step else []
        if kind == "bash":
            return self._bash(task, name, mapped)
        makers: dict[str, Callable[..., Step]] = {"empty": self._empty, "notebook": self._notebook}
        if kind in makers:
            return [makers[kind](task, name)]
        return [foreign_step(self._making, task, name, self._read)]

    def _empty(self, task: Task, name: str) -> Step:
        self._making.carries(task, Feature.STUB, "EmptyOperator")
        found = policies(self._making, task, set())
        return Stub(name, where=self._making.where(task), **found)

    def _bash(self, task: Task, name: str, mapped: Mapped | None) -> list[Step]:
        if mapped is None:
            return self._shell.steps(task, name)
        if task["callable"] is not None or set(mapped.values) != {"bash_command"}:
            self._making.refuses(task, "expand", _ONLY_COMMANDS, Feature.MAP)
            return []
        values = {**task["values"], "bash_command": {"item": "bash_command"}}
        held = self._making.items
        self._making.items = {"": mapped.item, "keyed": False}
        steps = self._shell.steps({**task, "values": values}, name)
        self._making.items = held
        return steps

    def _notebook(self, task: Task, name: str) -> Step:
        making, inputs = self._making, {}
        values = task["values"]
        given = values.get("parameters", {})
        given = given.get("dict") or {n: {"json": v} for n, v in (given.get("json") or {}).items()}
        for argument, value in given.items():
            expression = making.express(value, task)
            if expression is None or expression.whole is None:
                making.refuses(
                    task, f"parameters[{argument!r}]", "only Airflow renders it", Feature.INPUTS
                )
                continue
            inputs[argument] = expression.whole
            making.carries(task, Feature.INPUTS, f"parameters[{argument!r}]")
        making.takes(task, inputs.values())
        for said in task["given"]:
            if said == "input_nb":
                making.carries(task, Feature.NOTEBOOK, said)
            elif said == "output_nb":
                how = "the executed notebook is kept with the run"
                making.tell(
                    Level.APPROXIMATED, Feature.NOTEBOOK, said, how, task["id"], task["place"][0]
                )
            elif said in _NOTEBOOK_ARGUMENTS - {"parameters"}:
                making.loses(
                    task, said, "notebooks run with the kernel they name", Feature.NOTEBOOK
                )
        return NotebookTask(
            name=name,
            notebook=str(values.get("input_nb", {}).get("json", "")),
            inputs=inputs,
            where=making.where(task),
            **policies(making, task, _NOTEBOOK_ARGUMENTS),
        )


def _is_said(name: str, value: Any) -> bool:
    """Whether an argument is one that the user wrote, and none that the decorator fills in."""
    return not (name == "multiple_outputs" and value.get("json") is False)
