"""Steps put together again to the pipeline and the branches that they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.model import Parallel, Pipeline, Step
from bridge_kedro.reading.notes import Notes
from bridge_kedro.remarks import are_linked, is_chain

__all__ = ["Child", "assembled"]

Gathers = Mapping[str, Iterable[str]]


@dataclass
class Child:
    """What one node stands for: its steps, and the datasets that it takes and gives.

    ``waits`` are those that it takes for nothing but to run later.
    """

    notes: Notes
    steps: Sequence[Step]
    taken: set[str]
    given: set[str]
    waits: Sequence[str] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Member:
    """What stands in one scope: the nodes of a step, or those of the branches of a parallel."""

    name: str
    nodes: list[Child]

    @property
    def ends(self) -> tuple[set[str], set[str]]:
        taken = set().union(*(node.taken for node in self.nodes))
        return taken, set().union(*(node.given for node in self.nodes))


def assembled(
    children: Sequence[Child], order: str, gathers: Gathers, around: tuple[str, ...] = ()
) -> tuple[list[Step], Any]:
    """The steps of one scope, and their order: ``order`` if it is told, else as it looks."""
    depth = len(around) // 2
    members: dict[tuple[str, bool], _Member] = {}
    for child in children:
        inside = len(child.notes.around) > depth
        name = child.notes.around[depth][0] if inside else child.notes.name
        members.setdefault((name, inside), _Member(name, [])).nodes.append(child)
    found = list(members.values())
    order = order or next((c.more["order"] for c in children if "order" in c.more), "")
    if not order:
        order = "list" if is_chain([member.ends for member in found], gathers) else "data"
    steps: list[Step] = []
    for (name, inside), member in members.items():
        if inside:
            steps.append(_parallel(member, gathers, (*around, name)))
        else:
            steps += _after(member.nodes[0], found, gathers) if order == "data" else [
                *member.nodes[0].steps
            ]  # fmt: skip
    return steps, order


def _parallel(member: _Member, gathers: Gathers, place: tuple[str, ...]) -> Step:
    depth = len(place) // 2
    branches: dict[str, list[Child]] = {}
    said: dict[str, Any] = {}
    for child in member.nodes:
        branches.setdefault(child.notes.around[depth][1], []).append(child)
        said |= child.notes.parallels.get(place, {})
    found = {}
    for key, children in branches.items():
        told = [c.notes.pipelines.get((*place, key)) for c in children]
        more = dict(next(filter(None, told), {}))
        steps, order = assembled(children, more.pop("order", ""), gathers, (*place, key))
        found[key] = Pipeline(steps, order=order, **more)
    return Parallel(name=member.name, branches=found, **said)


def _after(child: Child, members: Sequence[_Member], gathers: Gathers) -> list[Step]:
    """The steps of a node, the first of which waits for those whose markers it is given."""
    first, *others = child.steps
    if first.after:
        return [*child.steps]
    found = [
        member.name
        for marker in child.waits
        for member in members
        if child not in member.nodes and are_linked(member.ends[1], [marker], gathers)
    ]
    return [replace(first, after=list(dict.fromkeys(found))), *others] if found else [*child.steps]
