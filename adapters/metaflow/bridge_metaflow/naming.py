"""The one namespace of a flow: its Parameters, artifacts and steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from bridge.emit.names import Names, identifier
from bridge.flow import Flow, Output
from bridge.model import Map
from bridge_metaflow.layout import FlowStep
from bridge_metaflow.places import Place, Places
from bridge_metaflow.tables import RESERVED, RESERVED_IN_CLASS

__all__ = ["Naming", "class_name"]


class Naming:
    """The names of a flow's Parameters, artifacts and steps, each handed out once.

    Parameters come first, since people type them; an artifact has the name of its value, and a
    step that of its task where that is still free. ``apart`` are values of which each task that
    sets them needs an artifact of its own; ``used`` are names in the body of the class.
    ``name_steps`` comes before the names of what serves a single place.
    """

    def __init__(
        self, flow: Flow, places: Places, apart: Collection[str] = (), used: Collection[str] = ()
    ) -> None:
        self._flow, self._places, self._apart = flow, places, apart
        in_class = RESERVED_IN_CLASS | set(used)
        self.parameters = _parameters(flow, in_class)
        self._artifacts = Names(RESERVED | set(self.parameters.values()), ascii_only=True)
        values = {self.artifact(p.flow, o) for p in places.all for o in p.node.outputs}
        self._values = values | set(self.parameters.values())
        self._steps = Names(in_class | self._values, ascii_only=True, lower=True)
        self.task: dict[Place, str] = {}
        self.step: dict[FlowStep, str] = {}
        self._of: dict[Place, dict[str, None]] = {}

    def artifact(self, flow: Flow, output: Output) -> str:
        """The artifact of a value that a step of ``flow`` gives back.

        What the branches of a composite set is what it sets; the item of a map has names of its
        own, but they may be those around it: the join sets these again.
        """
        around = self._places.around(flow)
        if around and not isinstance(around.node.task, Map):
            return self.artifact(around.flow, Output(around.node.path, output.name))
        step = output.step if around is None and output.name in self._apart else ""
        wanted = f"new_{output.name}" if output.name in self.parameters else output.name
        return self._artifacts(f"{step}={output.name}", _visible(wanted))

    def name_steps(self, steps: Sequence[FlowStep]) -> None:
        """Name the steps, and the tasks in them: ``task`` by place, ``step`` by the step itself."""
        often = Counter(_step_name(place.node.task.name) for place in self._places.all)
        self.step = {steps[0]: "start", steps[-1]: "end"}
        for step in (steps[0], steps[-1]):
            if len(step.tasks) == 1:
                self.task[step.tasks[0]] = self.step[step]
        for number, place in enumerate(self._places.all):
            if place not in self.task:
                wanted = _step_name(place.node.task.name)
                self.task[place] = self._step(
                    str(number), _with_branch(place) if often[wanted] > 1 else wanted
                )
        for step in steps[1:-1]:
            self.step[step] = self._name(step)
        self._artifacts.reserve(*self.task.values(), *self.step.values())

    def own(self, place: Place, what: str, wanted: str = "") -> str:
        """An artifact that serves a place: its ``files``, its ``items``, its ``branch``."""
        name = self._artifacts(
            f"{what} of {id(place)}", _visible(wanted or f"{self.task[place]}_{what}")
        )
        self._of.setdefault(place, {})[name] = None
        return name

    def owned(self, place: Place) -> list[str]:
        """All artifacts that were named for a place."""
        return list(self._of.get(place, ()))

    def logical_date(self) -> str:
        """The artifact of the time at which the run began."""
        return self._artifacts("the time", "logical_date")

    def _name(self, step: FlowStep) -> str:
        if step.does == "switch" and step.of:
            return self.task[step.of]
        if len(step.tasks) == 1:
            return self.task[step.tasks[0]]
        wanted = "join" if step.joins else "split" if len(step.next) > 1 else "meet"
        if step.tasks:
            wanted = f"{self.task[step.tasks[0]]}_to_{self.task[step.tasks[-1]]}"
        elif step.of:
            wanted = f"{_ROLES[step.does]}_{self.task[step.of]}"
        elif step.origin:
            origin = self._flow.steps.get(step.origin)  # none: a branch, ordered by its data
            wanted = f"{wanted}_{origin.name if origin else step.origin.rpartition('.')[2]}"
        return self._step(f"step {len(self.step)}", _step_name(wanted))

    def _step(self, key: str, wanted: str) -> str:
        return self._steps(key, f"{wanted}_step" if wanted in self._values else wanted)


_ROLES = {"caught": "check", "fan": "split", "join": "join", "empty": "empty", "reducer": "reduce"}


def _with_branch(place: Place) -> str:
    """A task's name after that of its branch, for tasks of one name."""
    name = place.node.task.name
    branch = place.path.removesuffix(name).removesuffix(".").rpartition(".")[2]
    return _step_name(f"{branch}_{name}" if branch else name)


def class_name(text: str) -> str:
    """The name of the flow's class, in CamelCase."""
    parts = [part for part in identifier(text, ascii_only=True).split("_") if part]
    name = "".join(part[0].upper() + part[1:] for part in parts)
    return name if name.endswith("Flow") and name != "Flow" else f"{name}Flow"


def _parameters(flow: Flow, reserved: Collection[str]) -> dict[str, str]:
    """Names that differ also where upper and lower case are one, as on the command line."""
    lowered = Names(reserved, ascii_only=True, lower=True)
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
