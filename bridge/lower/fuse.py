"""Series and branches within what a target can walk: so many paths, so many steps on each.

Some targets follow every path from the first step to the last, by recursion. Splits one after the
other multiply the paths, and a long series exhausts the stack. So the splits that are worth least
become series, wide ones become narrower, and neighbours in a long series share one place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from math import ceil

from bridge.lower.levels import Block, Branches, Group, Series, Structure, tasks

__all__ = ["Limits", "count_paths", "fit", "length", "narrow", "shorten"]

_MANY = 10**9


@dataclass(frozen=True)
class Limits:
    """What a target can walk: paths, steps on one path, and steps on all paths together."""

    paths: int
    length: int
    walk: int


def fit(structure: Structure, limits: Limits) -> tuple[Structure, list[Branches]]:
    """The structure within the limits, and the branches that lost some of their width for it."""
    narrowed: list[Branches] = []
    walked = min(length(structure), limits.length)
    paths = max(1, min(limits.paths, limits.walk // walked))
    return shorten(narrow(structure, paths, narrowed), limits.length), narrowed


def count_paths(structure: Structure) -> int:
    """How many ways lead from the first to the last step; more than a billion are a billion."""
    if isinstance(structure, Series):
        return reduce(lambda n, part: min(_MANY, n * count_paths(part)), structure.parts, 1)
    if isinstance(structure, Branches):
        return min(_MANY, sum(count_paths(part) for part in structure.parts))
    return structure.paths if isinstance(structure, Block) else 1


def length(structure: Structure) -> int:
    """The steps on the longest path; a split and a join count as one each."""
    if isinstance(structure, Series):
        return sum(length(part) for part in structure.parts)
    if isinstance(structure, Branches):
        return 2 + max(length(part) for part in structure.parts)
    return structure.length if isinstance(structure, Block) else 1


def narrow(structure: Structure, paths: int, narrowed: list[Branches]) -> Structure:
    """The structure with no more than ``paths`` paths; ``narrowed`` is told of what it cost."""
    if isinstance(structure, Block) or count_paths(structure) <= paths:
        return structure
    if isinstance(structure, Series):
        return _narrow_series(structure, paths, narrowed)
    assert isinstance(structure, Branches)
    return _narrow_branches(structure, paths, narrowed)


def _narrow_series(series: Series, paths: int, narrowed: list[Branches]) -> Series:
    """Let the splits that hold the most tasks keep their branches."""
    splits = [i for i, part in enumerate(series.parts) if isinstance(part, Branches)]
    size = {i: sum(1 for _ in tasks(series.parts[i])) for i in splits}
    parts = list(series.parts)
    paths = max(1, paths // count_paths(Series(tuple(p for p in parts if isinstance(p, Block)))))
    for i in sorted(splits, key=size.__getitem__, reverse=True):
        parts[i] = narrow(parts[i], paths, narrowed)
        paths = max(1, paths // count_paths(parts[i]))
    return _flat(parts)


def _narrow_branches(branches: Branches, paths: int, narrowed: list[Branches]) -> Structure:
    """Put branches behind one another, or let each have its share of the paths."""
    width = min(len(branches.parts), paths)
    if width < len(branches.parts):
        narrowed.append(branches)
    lanes = [_flat(branches.parts[i::width]) for i in range(width)]
    left = paths
    found: list[tuple[int, Structure]] = []
    for i, lane in sorted(enumerate(lanes), key=lambda pair: count_paths(pair[1])):
        lane_paths = max(1, left // (width - len(found)))
        found.append((i, narrow(lane, lane_paths, narrowed)))
        left -= count_paths(found[-1][1])
    parts = [part for _, part in sorted(found, key=lambda pair: pair[0])]
    if len(parts) == 1:
        return parts[0]
    return Branches(tuple(parts), branches.step, branches.attribute)


def _flat(parts: list[Structure] | tuple[Structure, ...]) -> Series:
    flat: list[Structure] = []
    for part in parts:
        flat += part.parts if isinstance(part, Series) else [part]
    return Series(tuple(flat))


def shorten(structure: Structure, longest: int) -> Structure:
    """The structure with no path longer than ``longest``, by groups as small as will do.

    Only tasks that follow one another are grouped; what still is longer cannot be shortened.
    """
    size, found = 1, structure
    while length(found) > longest and size < _longest_run(structure):
        size = max(size + 1, ceil(size * length(found) / longest))
        found = _grouped(structure, size)
    return found


def _grouped(structure: Structure, size: int) -> Structure:
    if isinstance(structure, Series):
        return Series(tuple(_groups(structure, size)))
    if isinstance(structure, Branches):
        parts = tuple(_grouped(part, size) for part in structure.parts)
        return Branches(parts, structure.step, structure.attribute)
    return structure


def _groups(series: Series, size: int) -> Iterator[Structure]:
    for single, run in groupby(series.parts, key=lambda part: isinstance(part, str)):
        parts = list(run)
        if not single:
            yield from (_grouped(part, size) for part in parts)
            continue
        names = [part for part in parts if isinstance(part, str)]
        for i in range(0, len(names), size):
            group = tuple(names[i : i + size])
            yield Group(group) if len(group) > 1 else group[0]


def _longest_run(structure: Structure) -> int:
    """How many single tasks follow one another at most."""
    if isinstance(structure, Branches):
        return max(_longest_run(part) for part in structure.parts)
    if not isinstance(structure, Series):
        return 1
    runs = groupby(structure.parts, key=lambda part: isinstance(part, str))
    inner = [_longest_run(part) for part in structure.parts if isinstance(part, Branches)]
    return max([1, *inner, *(len(list(run)) for single, run in runs if single)])
