"""A graph of steps as a nest of series and branches, for targets that only split and join.

Where the graph is such a nest, it is found exactly. Elsewhere steps are made to wait for more than
they need: a barrier is put where it adds the fewest links.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.flow import Flow
from bridge.model import Composite, Pipeline

__all__ = [
    "Block",
    "Branches",
    "Group",
    "Lowered",
    "Series",
    "Structure",
    "arrange",
    "lower",
    "tasks",
]

Order = Mapping[str, Iterable[str]]
"""For each name those that must end before it; every name stands after these."""

_DEEPEST = 24  # nestings searched for; what lies deeper is levelled, so that time stays linear


@dataclass(frozen=True)
class Series:
    """Parts that run one after the other."""

    parts: tuple[Structure, ...]


@dataclass(frozen=True)
class Branches:
    """Parts that may run at the same time.

    ``step`` and ``attribute`` tell what made them: the ``branches`` of a composite, or the
    ``order`` of a pipeline whose data decides (its path; empty for the outermost).
    """

    parts: tuple[Structure, ...]
    step: str = ""
    attribute: str = "order"


@dataclass(frozen=True)
class Group:
    """Tasks that run one after the other in a single place of the target."""

    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    """A step that shares its place of the target with none, or takes up several.

    ``paths`` lead through these, the longest with ``length`` of them.
    """

    path: str
    paths: int = 1
    length: int = 1


Structure = str | Block | Group | Series | Branches


@dataclass
class Lowered:
    """A pipeline's tasks, by path, as series and branches.

    ``barriers`` counts, for each pipeline whose data decides the order, how often steps were made
    to wait for more than they need.
    """

    structure: Structure
    barriers: dict[str, int] = field(default_factory=dict)


def lower(flow: Flow, blocks: Mapping[str, Block] | None = None) -> Lowered:
    """The whole pipeline as series and branches; ``blocks`` are those of its steps that are one."""
    found = Lowered("")
    structure = _scope(flow, flow.pipeline, "", found.barriers)
    found.structure = _replace(structure, blocks) if blocks else structure
    return found


def _scope(flow: Flow, pipeline: Pipeline, path: str, barriers: dict[str, int]) -> Structure:
    prefix = f"{path}." if path else ""
    order = {prefix + n: [prefix + e for e in es] for n, es in flow.orders[prefix].items()}
    structure: Structure = Series(tuple(order))
    if pipeline.order == "data":
        structure, barriers[path] = arrange(order, path)
    inside = {
        place: _composite(flow, step, place, barriers)
        for place, step in ((prefix + s.name, s) for s in pipeline.steps)
        if isinstance(step, Composite) and place in flow.steps and place not in flow.nodes
    }
    return _replace(structure, inside) if inside else structure


def _composite(flow: Flow, step: Composite, path: str, barriers: dict[str, int]) -> Structure:
    parts = [
        _scope(flow, inner, f"{path}.{key}", barriers) for key, inner in step.pipelines().items()
    ]
    return Branches(tuple(parts), path, "branches") if len(parts) > 1 else parts[0]


def _replace(structure: Structure, inside: Mapping[str, Any]) -> Structure:
    if isinstance(structure, Series):
        return _series(_replace(part, inside) for part in structure.parts)
    if isinstance(structure, Branches):
        parts = tuple(_replace(part, inside) for part in structure.parts)
        return Branches(parts, structure.step, structure.attribute)
    return inside.get(structure, structure) if isinstance(structure, str) else structure


def tasks(structure: Structure) -> Iterator[str]:
    """The tasks of a structure, in an order in which they can run."""
    todo = [structure]
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, Block):
            yield part.path
        elif isinstance(part, Group):
            yield from part.tasks
        else:
            todo += reversed(part.parts)


def arrange(order: Order, path: str = "") -> tuple[Structure, int]:
    """Names that wait for each other as series and branches, and how many barriers that took.

    Time grows linearly with the names and links, for graphs that do not nest deeply.
    """
    arrangement = _Arrangement(path)
    earlier = {name: list(dict.fromkeys(before)) for name, before in order.items()}
    return arrangement.structure(_levelled(earlier), 0), arrangement.barriers


_Links = dict[str, list[str]]


class _Arrangement:
    def __init__(self, path: str) -> None:
        self.path = path
        self.barriers = 0

    def structure(self, earlier: _Links, depth: int) -> Structure:
        if len(earlier) == 1:
            return next(iter(earlier))
        parts = _components(earlier)
        if len(parts) > 1:
            return Branches(tuple(self.structure(p, depth + 1) for p in parts), self.path)
        return _series(self.structure(p, depth + 1) for p in self._cut(earlier, depth))

    def _cut(self, earlier: _Links, depth: int) -> list[_Links]:
        """The graph in pieces of which each may wait for all of the one before."""
        missing = dict(enumerate(_missing_links(earlier), 1))
        cuts = [place for place, count in missing.items() if not count]
        if depth >= _DEEPEST:
            cuts = _level_ends(earlier)
        elif not cuts:
            middle = len(earlier) / 2
            cuts = [min(_level_ends(earlier), key=lambda n: (missing[n], abs(n - middle)))]
        self.barriers += sum(missing[place] > 0 for place in cuts)
        names = list(earlier)
        ends = [*cuts, len(names)]
        return [_within(earlier, names[a:b]) for a, b in zip([0, *ends[:-1]], ends, strict=True)]


def _series(parts: Iterable[Structure]) -> Series:
    flat: list[Structure] = []
    for part in parts:
        flat += part.parts if isinstance(part, Series) else [part]
    return Series(tuple(flat))


def _within(earlier: _Links, names: Iterable[str]) -> _Links:
    """The part of a graph that holds these names only."""
    kept = dict.fromkeys(names)
    return {name: [e for e in earlier[name] if e in kept] for name in kept}


def _levels(earlier: _Links) -> dict[str, int]:
    level: dict[str, int] = {}
    for name, before in earlier.items():
        level[name] = 1 + max((level[e] for e in before), default=-1)
    return level


def _levelled(earlier: _Links) -> _Links:
    """The graph with its names sorted by the longest way that leads to them."""
    level = _levels(earlier)
    return {name: earlier[name] for name in sorted(earlier, key=level.__getitem__)}


def _level_ends(earlier: _Links) -> list[int]:
    """After how many names a level ends and another begins."""
    level = list(_levels(earlier).values())
    return [i for i in range(1, len(level)) if level[i - 1] < level[i]]


def _later(earlier: _Links) -> _Links:
    later: _Links = {name: [] for name in earlier}
    for name, before in earlier.items():
        for other in before:
            later[other].append(name)
    return later


def _components(earlier: _Links) -> list[_Links]:
    """The parts of the graph between which there is no link."""
    later = _later(earlier)
    part: dict[str, int] = {}
    count = 0
    for start in earlier:
        if start in part:
            continue
        part[start], todo = count, [start]
        while todo:
            name = todo.pop()
            for other in (*earlier[name], *later[name]):
                if other not in part:
                    part[other] = count
                    todo.append(other)
        count += 1
    if count == 1:
        return [earlier]
    parts: list[_Links] = [{} for _ in range(count)]
    for name, before in earlier.items():
        parts[part[name]][name] = before
    return [_levelled(p) for p in parts]


def _missing_links(earlier: _Links) -> list[int]:
    """What a barrier after the first 1, 2, 3, ... names would add.

    That is the number of pairs of a last name before it and a first name behind it that are not
    linked; none is missing exactly where all before it precede all behind it.
    """
    later = _later(earlier)
    waits = {name: len(before) for name, before in earlier.items()}
    last: set[str] = set()
    first = {name for name, count in waits.items() if not count}
    links, missing = 0, []
    for name, before in earlier.items():
        first.remove(name)
        links -= sum(other in last for other in before)
        for other in before:
            if other in last:
                last.remove(other)
                links -= sum(n in first for n in later[other])
        last.add(name)
        for other in later[name]:
            waits[other] -= 1
            if not waits[other]:
                first.add(other)
                links += sum(n in last for n in earlier[other])
        missing.append(len(last) * len(first) - links)
    return missing[:-1]
