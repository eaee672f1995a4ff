"""Which step of the flow does which task, and under which names: for the writer and the engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bridge.flow import Flow, Node, Output, Parameter, Read
from bridge.lower.fuse import fit
from bridge.lower.levels import Branches, Lowered, lower, tasks
from bridge.model import PythonTask
from bridge_metaflow.layout import FlowStep, Touched, lay_out
from bridge_metaflow.naming import Naming, class_name
from bridge_metaflow.tables import LIMITS

__all__ = ["Plan", "can_change", "changeable", "plan"]

_UNCHANGEABLE = (bool, int, float, str)


@dataclass(frozen=True)
class Plan:
    """A flow laid out and named; ``narrowed`` are branches that run one after the other."""

    flow: Flow
    lowered: Lowered
    steps: list[FlowStep]
    names: Naming
    narrowed: list[Branches]

    @property
    def class_name(self) -> str:
        """The name of the flow."""
        return class_name(self.flow.pipeline.name)

    @property
    def file(self) -> str:
        """The name of the flow's file; not that of a module of the user."""
        tops = {
            node.task.reference.module.partition(".")[0]
            for node in self.flow.nodes.values()
            if isinstance(node.task, PythonTask)
        }
        return next(f"{name}.py" for name in ("flow", "main_flow", "the_flow") if name not in tops)


def plan(flow: Flow) -> Plan:
    """The steps of the Metaflow flow for a pipeline."""
    lowered = lower(flow)
    structure, narrowed = fit(lowered.structure, LIMITS)
    names = Naming(flow, _apart(flow, narrowed))

    def sets(path: str) -> list[str]:
        return [names.artifact(output) for output in flow.nodes[path].outputs]

    def changes(path: str) -> list[str]:
        return [names.artifact(source) for source in changeable(flow, flow.nodes[path])]

    steps = lay_out(structure, Touched(sets, changes), lambda path: flow.nodes[path].task.name)
    names.name_steps(steps)
    for path, node in flow.nodes.items():
        if node.puts:
            names.files(path)
    return Plan(flow, lowered, steps, names, narrowed)


def can_change(flow: Flow, node: Node, read: Read) -> bool:
    """Whether a function could change in place a value that it is given."""
    if not isinstance(node.task, PythonTask) or read.argument.annotation in _UNCHANGEABLE:
        return False
    if isinstance(read.source, Parameter):
        return not isinstance(flow.pipeline.parameters[read.source.name], _UNCHANGEABLE)
    return isinstance(read.source, Output)


def changeable(flow: Flow, node: Node) -> list[Output]:
    """The values of other tasks that a function is given and could change in place."""
    found = [read.source for read in node.reads if can_change(flow, node, read)]
    return list(dict.fromkeys(source for source in found if isinstance(source, Output)))


def _apart(flow: Flow, narrowed: list[Branches]) -> set[str]:
    """The names of values that need an artifact for each task that sets them.

    Branches that run one after the other must not see what the one before has set.
    """
    if not narrowed:
        return set()
    setters = Counter(o.name for node in flow.nodes.values() for o in node.outputs)
    inside = {o.name for b in narrowed for path in tasks(b) for o in flow.nodes[path].outputs}
    return {name for name in inside if setters[name] > 1}
