"""What the steps of a composite do that are none of its tasks: choose, fan out, gather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bridge.emit.python import docstring, literal
from bridge.emit.task import Body
from bridge.emit.types import trusted
from bridge.expressions import Expression, spreads
from bridge.flow import Output
from bridge.model import Conditional, Loop, Map
from bridge.values import Kind
from bridge_metaflow.layout import FlowStep
from bridge_metaflow.places import Place, parts
from bridge_metaflow.plan import Plan
from bridge_metaflow.values import Values

__all__ = ["Composites"]


@dataclass
class Composites:
    """Writes the statements of such steps."""

    plan: Plan
    values: Values

    def write(self, step: FlowStep, found: Body) -> None:
        """Add what a step does for its composite to what it does besides."""
        assert step.of
        if step.does == "switch" and isinstance(step.of.node.task, Conditional):
            self._choose(step, step.of, found)
            return
        writers: dict[str, Callable[[Place, Body], None]] = {
            "switch": self._any,
            "fan": lambda place, found: None,
            "join": self._gather,
            "empty": self._empty,
            "reducer": self._reduce,
            "caught": self._caught,
            "loop": self._again,
        }
        writers[step.does](step.of, found)

    def docstring(self, step: FlowStep) -> str:
        """What such a step is there for; with the composite's name where its own differs."""
        assert step.of
        task = step.of.node.task
        text = self._about(step, task)
        if step.does in ("switch", "loop") and task.name != self.plan.names.step[step]:
            text = f"{type(task).__name__} '{task.name}': {text}"
        return docstring(text)

    def _about(self, step: FlowStep, task: Any) -> str:
        if step.does == "caught":
            return f"Go on, or handle the failure of '{task.name}'."
        if isinstance(task, Loop):
            until = f" until '{task.break_on}'," if task.break_on else ""
            index = f", counted as '{task.index_as}'" if task.index_as else ""
            name = step.tasks[0].node.task.name
            return f"'{name}',{until} {task.max_iterations} times at most{index}."
        if isinstance(task, Conditional):
            return f"Take the branch that '{task.on.name}' asks for."
        what = {
            "switch": f"Go over '{task.on.name}', if there is anything in it.",
            "fan": f"One task for each '{task.iterate_as}'.",
            "join": f"Gather what was made of each '{task.iterate_as}'.",
            "empty": f"There was no '{task.iterate_as}' at all.",
            "reducer": f"Make one value of each list of '{task.name}'.",
        }
        return what[step.does]

    # Conditionals

    def condition(self, place: Place) -> str:
        """The artifact that holds the key of a switch."""
        what = "any" if isinstance(place.node.task, Map) else "branch"
        what = "over" if isinstance(place.node.task, Loop) else what
        what = "failed" if place.node.handler else what
        return self.plan.names.own(place, what)

    def keys(self, step: FlowStep) -> list[Any]:
        """The keys of a switch as Metaflow can read them: text, numbers, true and false."""
        assert step.of
        if not isinstance(step.of.node.task, Conditional) or self._as_text(step.of):
            return step.keys
        own = {str(key): key for key in step.of.node.task.branches}
        return [own.get(key, key) for key in step.keys]

    def _as_text(self, place: Place) -> bool:
        """Whether the keys of a conditional have to be made text for that."""
        return not all(
            isinstance(key, str | bool) or (type(key) is int and key >= 0)
            for key in place.node.task.branches
        )

    def _choose(self, step: FlowStep, place: Place, found: Body) -> None:
        task: Conditional = place.node.task
        keys = literal(list(task.branches))
        more = ", default=True" if task.default is not None else ""
        name, value = self.values.name(place), self.values.control(place)
        call = f"{found.need('steps', 'choose')}({name}, {value}, {keys}{more})"
        call = f"str({call})" if self._as_text(place) else call
        found.lines.append(f"self.{self.condition(place)} = {call}")
        for output in place.node.outputs:
            self._keep(place, output, found)

    def _keep(self, place: Place, output: Output, found: Body) -> None:
        """Let a name that the branch taken may not set have the value that it had."""
        sets = [flow.sets.get(output.name) for flow in parts(place.node).values()]
        reads = [r for r in place.node.reads if r.argument.name == output.name]
        if all(left and left.certain for left in sets) or not reads:
            return
        target = f"self.{self.plan.names.artifact(place.flow, output)}"
        value = self.values.of(place, reads[0])
        if value != target and reads[0].certain:
            found.lines.append(f"{target} = {value}")

    def _caught(self, place: Place, found: Body) -> None:
        error = self.plan.names.own(place, "error")
        found.lines.append(f"self.{self.condition(place)} = self.{error} is not None")

    def _again(self, place: Place, found: Body) -> None:
        """Count the iterations, and say whether this was the last."""
        task: Loop = place.node.task
        index = f"self.{self.values.index(place)}"
        found.lines.insert(0, f'{index} = getattr(self, "{index[5:]}", -1) + 1')
        over = f"{index} == {task.max_iterations - 1}"
        if task.break_on:
            over = f"bool({self._break_on(place)}) or {over}"
        found.lines.append(f"self.{self.condition(place)} = {over}")

    def _break_on(self, place: Place) -> str:
        name = place.node.task.break_on
        for output in place.node.outputs:
            if output.name == name:
                return f"self.{self.plan.names.artifact(place.flow, output)}"
        return self.values.of(place, next(r for r in place.node.reads if r.argument.name == name))

    # Maps

    def _any(self, place: Place, found: Body) -> None:
        """Whether there are any items; a foreach over none is an error of Metaflow."""
        attribute, value = f"self.{self.values.list_of(place)}", self.values.control(place)
        if value not in (attribute, "self.input"):
            found.lines.append(f"{attribute} = {value}")
        if not self._is_list(place):
            name = self.values.name(place)
            attribute = f"{found.need('steps', 'each')}({name}, {attribute})"
        found.lines.append(f"self.{self.condition(place)} = bool({attribute})")

    def _is_list(self, place: Place) -> bool:
        """Whether what a map goes over is known to be a list."""
        control = place.node.control
        assert control
        read = next(r for r in place.node.reads if r.argument.name == control.argument.name)
        source, flow = self.plan.places.origin(place.flow, read.source)
        if not isinstance(source, Output):
            return False
        made = flow.nodes[source.step]
        if isinstance(made.task, Map):
            return made.task.reducer is None and not control.path
        asked = replace(control, source=source, argument=replace(control.argument, annotation=list))
        return trusted(flow, asked)

    def _gather(self, place: Place, found: Body) -> None:
        flow = parts(place.node)[""]
        names = self.plan.names
        gathered = set()
        for output in place.node.outputs:
            one = f"item.{names.artifact(flow, flow.sets[output.name])}"
            artifact = names.artifact(place.flow, output)
            perhaps = not flow.sets[output.name].certain
            has = f' if hasattr(item, "{one[5:]}")' if perhaps else ""
            found.lines.append(f"self.{artifact} = [{one} for item in inputs{has}]")
            gathered.add(artifact)
        self._gather_files(place, found)
        inside = self.plan.places.inside(place)
        apart = [artifact for inner in inside for artifact in names.owned(inner)]
        apart += [names.artifact(inner.flow, o) for inner in inside for o in inner.node.outputs]
        apart += [names.own(place, "item")] if self.values.keeps_item(place) else []
        left = sorted({*apart} - gathered)
        exclude = f", exclude={literal(left)}" if left else ""
        found.lines.append(f"self.merge_artifacts(inputs{exclude})")

    def _gather_files(self, place: Place, found: Body) -> None:
        if not place.node.stores:
            return
        target = f"self.{self.plan.names.own(place, 'files')}"
        given = [
            expression.replace("self", "item", 1).replace(", None)", ", {})")
            for expression in self.values.inside(place, certain=True)
        ]
        loop = f"{given[0]} for item in inputs"
        if len(given) > 1:
            loop = f"files for item in inputs for files in [{', '.join(given)}]"
        found.lines.append(f"{target} = {found.need('files', 'merged')}({loop})")

    def _empty(self, place: Place, found: Body) -> None:
        for output in place.node.outputs:
            found.lines.append(f"self.{self.plan.names.artifact(place.flow, output)} = []")
        if place.node.stores:
            found.lines.append(f"self.{self.plan.names.own(place, 'files')} = {{}}")

    def _reduce(self, place: Place, found: Body) -> None:
        name, function = self.values.name(place), _reducer(place.node.task, found)
        for output in place.node.outputs:
            target = f"self.{self.plan.names.artifact(place.flow, output)}"
            value = f"{found.need('steps', 'reduced')}({name}, {function}, {target})"
            if output.kind is not Kind.PICKLED:
                value = f"{found.need('values', 'to_json')}({value}, {literal(output.name)})"
            found.lines.append(f"{target} = {value}")


def _reducer(task: Map, found: Body) -> str:
    """The expression of a map's reducer, as a function of the list of values."""
    reducer: Any = task.reducer
    if isinstance(reducer, Expression):
        function = f"({reducer.text})"
    else:
        top, _, rest = reducer.qualname.partition(".")
        alias = "reducer" if top in _TAKEN else top
        found.imports.append(
            f"from {reducer.module} import {top}{'' if alias == top else f' as {alias}'}"
        )
        function = f"{alias}.{rest}" if rest else alias
    return f"lambda values: {function}(*values)" if spreads(reducer) else function


_TAKEN = ("reduced", "self", "to_json")
