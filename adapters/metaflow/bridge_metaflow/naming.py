"""The one namespace of a flow: its Parameters, artifacts and steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from bridge.emit.names import Names, identifier
from bridge.flow import Flow, Output
from bridge_metaflow.layout import FlowStep
from bridge_metaflow.tables import RESERVED, RESERVED_IN_CLASS

__all__ = ["Naming", "class_name"]


class Naming:
    """The names of a flow's Parameters, artifacts and steps, each handed out once.

    Parameters come first, since people type them; an artifact has the name of its value, and a
    step that of its task where that is still free. ``apart`` are values of which each task that
    sets them needs an artifact of its own. ``name_steps`` comes before the last three names.
    """

    def __init__(self, flow: Flow, apart: Collection[str] = ()) -> None:
        self._flow = flow
        self._apart = apart
        self.parameters = _parameters(flow)
        self._artifacts = Names(RESERVED | set(self.parameters.values()), ascii_only=True)
        values = {self.artifact(o) for node in flow.nodes.values() for o in node.outputs}
        self._values = values | set(self.parameters.values())
        self._steps = Names(RESERVED_IN_CLASS | self._values, ascii_only=True, lower=True)
        self.task: dict[str, str] = {}
        self.step: dict[FlowStep, str] = {}

    def artifact(self, output: Output) -> str:
        """The artifact of a value that a task gives back."""
        step = output.step if output.name in self._apart else ""
        wanted = f"new_{output.name}" if output.name in self.parameters else output.name
        return self._artifacts(f"{step}={output.name}", _visible(wanted))

    def name_steps(self, steps: Sequence[FlowStep]) -> None:
        """Name the steps, and the tasks in them: ``task`` by path, ``step`` by the step itself."""
        nodes = self._flow.nodes
        often = Counter(_step_name(node.task.name) for node in nodes.values())
        self.step = {steps[0]: "start", steps[-1]: "end"}
        for step in (steps[0], steps[-1]):
            if len(step.tasks) == 1:
                self.task[step.tasks[0]] = self.step[step]
        for path, node in nodes.items():
            if path not in self.task:
                wanted = _step_name(node.task.name)
                self.task[path] = self._step(
                    path, self._with_branch(path) if often[wanted] > 1 else wanted
                )
        for step in steps[1:-1]:
            self.step[step] = self._name(step)
        self._artifacts.reserve(*self.task.values(), *self.step.values())

    def files(self, path: str) -> str:
        """The artifact that names the files which the task at ``path`` put."""
        return self._artifacts(f"files of {path}", f"{self.task[path]}_files")

    def logical_date(self) -> str:
        """The artifact of the time at which the run began."""
        return self._artifacts("the time", "logical_date")

    def _name(self, step: FlowStep) -> str:
        if len(step.tasks) == 1:
            return self.task[step.tasks[0]]
        wanted = "join" if step.joins else "split"
        if step.tasks:
            wanted = f"{self.task[step.tasks[0]]}_to_{self.task[step.tasks[-1]]}"
        elif step.origin:
            origin = self._flow.steps.get(step.origin)  # none: a branch, ordered by its data
            wanted = f"{wanted}_{origin.name if origin else step.origin.rpartition('.')[2]}"
        return self._step(f"step {len(self.step)}", _step_name(wanted))

    def _with_branch(self, path: str) -> str:
        """A task's name after that of its branch, for tasks of one name."""
        name = self._flow.nodes[path].task.name
        branch = path.removesuffix(name).removesuffix(".").rpartition(".")[2]
        return _step_name(f"{branch}_{name}" if branch else name)

    def _step(self, key: str, wanted: str) -> str:
        return self._steps(key, f"{wanted}_step" if wanted in self._values else wanted)


def class_name(text: str) -> str:
    """The name of the flow's class, in CamelCase."""
    parts = [part for part in identifier(text, ascii_only=True).split("_") if part]
    name = "".join(part[0].upper() + part[1:] for part in parts)
    return name if name.endswith("Flow") and name != "Flow" else f"{name}Flow"


def _parameters(flow: Flow) -> dict[str, str]:
    """Names that differ also where upper and lower case are one, as on the command line."""
    lowered = Names(RESERVED_IN_CLASS, ascii_only=True, lower=True)
    found = {}
    for name in flow.pipeline.parameters:
        wanted = _visible(name)
        low = lowered(name, wanted)
        found[name] = wanted if wanted.lower() == low else low
    return found


def _visible(name: str) -> str:
    """An identifier with more to it than underscores; Metaflow hides what begins with one."""
    found = identifier(name, ascii_only=True)
    return found if found.strip("_") else "value"


def _step_name(name: str) -> str:
    found = identifier(name, ascii_only=True, lower=True)
    return found if found.strip("_") else "task"
