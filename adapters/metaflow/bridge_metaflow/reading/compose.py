"""The pipeline: tasks for steps, composites for what splits, chooses and repeats."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.emit.names import Names
from bridge.errors import Where
from bridge.model import Conditional, Loop, Map, Parallel, Pipeline, PythonTask, Step, Stub
from bridge.values import At, Return
from bridge_metaflow.reading.bodies import Bodies
from bridge_metaflow.reading.decorators import Policy
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.idioms import split_names
from bridge_metaflow.reading.structure import Again, Choose, Do, Each, Fork, Series
from bridge_metaflow.reading.writing import Written

__all__ = ["MOST_ITERATIONS", "Composer"]

MOST_ITERATIONS = 1_000_000
"""Metaflow repeats a step for as long as it chooses itself; a Loop has a limit."""


@dataclass
class Composer:
    """Builds the steps of pipelines; ``written`` gathers the functions in their order."""

    bodies: Bodies
    policies: dict[str, Policy]
    module: str
    written: list[Written] = field(default_factory=list)
    _names: Names = field(default_factory=Names)

    def __post_init__(self) -> None:
        self._names.reserve(*self.bodies.all.uses.steps)

    def steps(self, series: Series, otherwise: str = "") -> list[Step]:
        """The steps of a series; of one that does nothing a stub with this name."""
        found = [step for node in series for step in self._node(node)]
        if not found and otherwise:
            return [Stub(name=otherwise)]
        return found

    def _node(self, node: Any) -> Iterator[Step]:
        if isinstance(node, Do):
            yield from self._task(node, None)
        elif isinstance(node, Again):
            yield self._loop(node)
        elif isinstance(node, Fork):
            yield self._parallel(node)
        elif isinstance(node, Each):
            yield self._map(node)
        else:
            yield self._conditional(node)

    def _task(self, do: Do, again: Again | None) -> Iterator[Step]:
        step, policy = do.step, self.policies[do.step.name]
        written = self.bodies.write(do, again)
        if written is None:
            said = policy.arguments()
            name = self._stub(step)
            if name:
                yield Stub(name=name, where=step.where, overrides=_kept(policy), **said)
            return
        self.written.append(written)
        found = written.signature
        yield PythonTask(
            name=written.task or step.name,
            function=written.reference or f"{self.module}:{written.name}",
            inputs=found.inputs,
            returns=[Return(o.name, o.kind) for o in found.outputs],
            overrides=_kept(policy),
            where=step.where,
            **policy.arguments(),
        )

    def _loop(self, node: Again) -> Loop:
        step = node.do.step
        branch = Pipeline([*self._task(node.do, node)], where=step.where)
        counted = self.bodies.all.uses.idioms.counted.get(step.name)
        if counted:
            return Loop(
                name=self._names(f"loop {step.name}", counted.name),
                branch=branch,
                max_iterations=counted.most,
                break_on=counted.until,
                index_as=counted.index,
                where=step.where,
            )
        return Loop(
            name=self._names(f"loop {step.name}", f"repeat_{step.name}"),
            branch=branch,
            max_iterations=MOST_ITERATIONS,
            break_on=self.bodies.all.names.over(step.name),
            where=step.where,
        )

    def _stub(self, step: FlowStep) -> str:
        """The name of a stub for a step that does nothing; empty text where it needs none."""
        doc = ast.get_docstring(step.function) or ""
        if match := _STUB.fullmatch(doc):
            return match[1] or step.name
        idioms = self.bodies.all.uses.idioms
        ours = step.name in {*idioms.chosen, *idioms.items} or _SHAPE.fullmatch(doc)
        return step.name if step.decorators or (doc and not ours) else ""

    def _named(self, step: FlowStep, key: str, wanted: str) -> str:
        """The name of a composite: that of a step that is nothing else, or one as wanted."""
        idioms = self.bodies.all.uses.idioms
        alone = not any(w.step is step for w in self.written)
        if alone and step.name in {*idioms.chosen, *idioms.items}:
            return step.name
        return self._names(f"{key} {step.name}", wanted)

    def _parallel(self, node: Fork) -> Parallel:
        joined = "_and_".join(node.branches)
        wanted = joined if len(joined) <= 40 else f"branches_of_{node.split.name}"
        where = _where(node.split)
        name, keys = split_names(node.split) or ("", list(node.branches))
        pairs = zip(keys, node.branches.items(), strict=True)
        return Parallel(
            name=name or self._names(f"fork {node.split.name}", wanted),
            branches={
                key: Pipeline(self.steps(series, first), where=where)
                for key, (first, series) in pairs
            },
            where=where,
        )

    def _map(self, node: Each) -> Map:
        all, split, over = self.bodies.all, node.split, node.split.next.over
        where = _where(split)
        by_number = all.uses.by_number(node)
        item = all.names.item(split.name, over)
        on = At(all.names.numbers(split.name, over))
        if not by_number:
            place = all.uses.over(split)
            on = At(all.behind(split.name, place.name), place.path)
        return Map(
            name=self._named(split, "each", f"each_{item}"),
            branch=Pipeline(self.steps(node.body, split.next.targets[0]), where=where),
            iterate_on=on if on.path else on.name,
            iterate_as=all.names.number(split.name, over) if by_number else item,
            where=where,
        )

    def _conditional(self, node: Choose) -> Conditional:
        all, switch = self.bodies.all, node.switch
        where, condition = _where(switch), switch.next.condition
        chosen = all.uses.idioms.chosen.get(switch.name)
        place = chosen.on if chosen else At(condition)
        keys: dict[Any, Any] = {}
        if chosen:
            keys = dict(zip((k for k, _ in switch.next.cases), chosen.keys, strict=False))
        branches: dict[Any, Pipeline] = {}
        default = None
        for found, series in node.arms:
            pipeline = Pipeline(self.steps(series, "go_on"), where=where)
            if chosen and found[0] not in keys:
                default = pipeline
            else:
                branches |= {keys.get(key, key): pipeline for key in found}
        on = At(all.behind(switch.name, place.name), place.path)
        return Conditional(
            name=self._named(switch, "choose", f"by_{condition}"),
            parameter=on if on.path else on.name,
            branches=branches,
            default=default,
            where=where,
        )


_SHAPE = re.compile(
    r"(Split into|Join) the branches of '.*'\.|Gather what was made of each '.*'\.", re.DOTALL
)
_STUB = re.compile(r"(?:Task '(.*)': )?A stub: nothing is done here yet\.", re.DOTALL)


def _where(step: FlowStep) -> Where:
    return step.module.where(step.next.call or step.function)


def _kept(policy: Policy) -> dict[str, dict[str, Any]]:
    return {"metaflow": {"decorators": policy.kept}} if policy.kept else {}
