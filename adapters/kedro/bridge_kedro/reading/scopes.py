"""Steps put together again to the pipeline and the branches that they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.model import Parallel, Pipeline, Step
from bridge_kedro.reading.notes import Notes
from bridge_kedro.remarks import is_chain

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
    is_parallel: bool
    nodes: list[Child]

    def ends(self) -> tuple[set[str], set[str]]:
        """The datasets that its nodes take, and those that they give."""
        taken = set().union(*(node.taken for node in self.nodes))
        return taken, set().union(*(node.given for node in self.nodes))


def assembled(
    children: Sequence[Child], order: str, gathers: Gathers, around: tuple[str, ...] = ()
) -> tuple[list[Step], Any]:
    """The steps of one scope, and their order: ``order`` if it is told, else as it looks."""
    members = _members(children, len(around) // 2)
    ends = [member.ends() for member in members]
    order = order or next((c.more["order"] for c in children if "order" in c.more), "")
    order = order or ("list" if is_chain(ends, gathers) else "data")
    makers = _makers(members, ends, gathers) if order == "data" else {}
    steps: list[Step] = []
    for member in members:
        if member.is_parallel:
            steps.append(_parallel(member, gathers, (*around, member.name)))
        else:
            steps += _after(member.nodes[0], makers)
    return steps, order


def _members(children: Sequence[Child], depth: int) -> list[_Member]:
    """What stands side by side in a scope that is so deep."""
    found: dict[tuple[str, bool], _Member] = {}
    for child in children:
        inside = len(child.notes.around) > depth
        name = child.notes.around[depth][0] if inside else child.notes.name
        found.setdefault((name, inside), _Member(name, inside, [])).nodes.append(child)
    return list(found.values())


def _makers(
    members: Sequence[_Member], ends: Sequence[tuple[set[str], set[str]]], gathers: Gathers
) -> dict[str, str]:
    """The step that gives each dataset; of gathered markers the one that gives them."""
    pairs = zip(members, ends, strict=True)
    found = {dataset: member.name for member, (_, given) in pairs for dataset in given}
    for marker, markers in gathers.items():
        if names := [found[name] for name in markers if name in found]:
            found[marker] = names[0]
    return found


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


def _after(child: Child, makers: Mapping[str, str]) -> list[Step]:
    """The steps of a node, the first of which waits for those whose markers it is given."""
    first, *others = child.steps
    found = dict.fromkeys(makers[marker] for marker in child.waits if marker in makers)
    if found and not first.after:
        first = replace(first, after=[*found])
    return [first, *others]
