"""The order of the steps of one pipeline: as written, or as the data asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from heapq import heapify, heappop, heappush

from bridge.errors import Problem
from bridge.model import Composite, Pipeline, Step
from bridge.scope import Puts

__all__ = ["Earlier", "Order", "arrange", "components", "find_cycle", "sort"]

Order = dict[str, tuple[str, ...]]
Touches = Callable[[Step], tuple[set[str], tuple[str, ...]]]


def arrange(pipeline: Pipeline, reads: Touches, writes: Touches) -> tuple[Order, list[Problem]]:
    """Each step's name, in an order that can run, with the names of those just before it.

    ``reads`` and ``writes`` tell the names and the globs that a step touches; they are asked only
    where the data decides the order.
    """
    if pipeline.order == "list":
        return _as_written(pipeline)
    problems: list[Problem] = []
    earlier = _by_data(pipeline, reads, writes, problems)
    order = sort(earlier)
    if len(order) < len(earlier):
        cycle = find_cycle({n: e for n, e in earlier.items() if n not in order})
        problems.append(
            Problem(
                f"the steps of '{pipeline.name}' wait for each other: {' -> '.join(cycle)}",
                _step(pipeline, cycle[0]).where,
            )
        )
    return {name: tuple(earlier[name]) for name in order}, problems


def _as_written(pipeline: Pipeline) -> tuple[Order, list[Problem]]:
    names = [step.name for step in pipeline.steps]
    place = {name: i for i, name in enumerate(names)}
    problems = []
    for i, step in enumerate(pipeline.steps):
        for name in step.after:
            if place.get(name, i) >= i:
                what = "comes no earlier" if name in place else "is no step there"
                problems.append(
                    Problem(f"'{step.name}' is to run after '{name}', which {what}", step.where)
                )
    return {n: tuple(names[i - 1 : i]) if i else () for i, n in enumerate(names)}, problems


def _by_data(
    pipeline: Pipeline, reads: Touches, writes: Touches, problems: list[Problem]
) -> dict[str, list[str]]:
    producer, puts = _producers(pipeline, writes, problems)
    names = {step.name for step in pipeline.steps}
    earlier: dict[str, list[str]] = {}
    files, anywhere = Puts(), Puts()
    for name, patterns in puts.items():
        anywhere.add(name, patterns)
    for step in pipeline.steps:
        wanted, globs = reads(step)
        found = {producer[name]: None for name in sorted(wanted) if name in producer}
        if step.name in found and (
            isinstance(step, Composite)
            or step.on_failure
            or wanted & writes(step)[0] <= set(pipeline.parameters)
        ):
            del found[step.name]  # what it takes of itself is made inside, or begun with
        for pattern in globs:
            # Of the steps that put it those written before, for a file may be written anew after.
            putters = files.find(pattern) or anywhere.find(pattern)
            found |= dict.fromkeys(p for p in putters if p != step.name)
        for name in step.after:
            if name not in names:
                problems.append(
                    Problem(f"'{step.name}' is to run after '{name}', which is no step there",
                            step.where)
                )  # fmt: skip
            else:
                found[name] = None
        earlier[step.name] = list(found)
        files.add(step.name, puts[step.name])
    return earlier


def _producers(
    pipeline: Pipeline, writes: Touches, problems: list[Problem]
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    producer: dict[str, str] = {}
    puts = {}
    for step in pipeline.steps:
        names, puts[step.name] = writes(step)
        for name in sorted(names):
            if name in producer:
                problems.append(
                    Problem(
                        f"'{name}' is produced by '{producer[name]}' and by '{step.name}'; with "
                        'order="data" one step produces a name',
                        step.where,
                    )
                )
            producer[name] = step.name
    return producer, puts


class Earlier:
    """Whether the step at a path has ended when the one called ``name`` starts, not by chance.

    The paths of the steps in its scope begin with ``prefix``; those outside have ended. What is
    before is looked for when somebody asks, which few steps do.
    """

    def __init__(self, order: Order, name: str, prefix: str) -> None:
        self._order, self._name, self._prefix = order, name, prefix

    def __call__(self, path: str) -> bool:
        """Whether it has."""
        if not path.startswith(self._prefix):
            return True
        parts = path.removeprefix(self._prefix).split(".")
        return any(".".join(parts[:i]) in self._names for i in range(1, len(parts) + 1))

    @cached_property
    def _names(self) -> set[str]:
        todo, found = [self._name], set[str]()
        while todo:
            fresh = [name for name in self._order[todo.pop()] if name not in found]
            found.update(fresh)
            todo += fresh
        return found


def sort(earlier: Mapping[str, Iterable[str]]) -> list[str]:
    """The names so that each stands after its ``earlier`` ones, else in the order given.

    What waits for a cycle is left out.
    """
    place = {name: i for i, name in enumerate(earlier)}
    names = list(earlier)
    waiting = {name: len(set(before)) for name, before in earlier.items()}
    later: dict[str, list[str]] = {name: [] for name in earlier}
    for name, before in earlier.items():
        for other in set(before):
            later[other].append(name)
    ready = [place[name] for name, count in waiting.items() if not count]
    heapify(ready)
    order = []
    while ready:
        name = names[heappop(ready)]
        order.append(name)
        for other in later[name]:
            waiting[other] -= 1
            if not waiting[other]:
                heappush(ready, place[other])
    return order


def components(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The names in groups, each of all those that can be reached from one another.

    By Kosaraju: in the order in which a search ends, backwards, whoever reaches a name is with it.
    """
    reached_from: dict[str, list[str]] = {name: [] for name in edges}
    for name, others in edges.items():
        for other in others:
            reached_from[other].append(name)
    seen: set[str] = set()
    ended = reversed(list(_as_they_end(edges, edges, set())))
    groups = (list(_as_they_end([name], reached_from, seen)) for name in ended)
    return [group for group in groups if group]


def _as_they_end(
    starts: Iterable[str], edges: Mapping[str, Iterable[str]], seen: set[str]
) -> Iterator[str]:
    """The names in the order in which a search in depth is done with them."""
    for start in starts:
        todo = [(start, iter(edges[start]))] if start not in seen else []
        seen.add(start)
        while todo:
            name, others = todo[-1]
            fresh = next((other for other in others if other not in seen), None)
            if fresh is None:
                todo.pop()
                yield name
            else:
                seen.add(fresh)
                todo.append((fresh, iter(edges[fresh])))


def find_cycle(earlier: Mapping[str, Iterable[str]]) -> list[str]:
    """One cycle among the names, its first name repeated at the end; there must be one."""
    name = next(iter(earlier))
    trail: dict[str, None] = {}
    while name not in trail:
        trail[name] = None
        name = next(e for e in earlier[name] if e in earlier)
    names = list(trail)
    return [*reversed(names[names.index(name) :]), names[-1]]


def _step(pipeline: Pipeline, name: str) -> Step:
    return next(step for step in pipeline.steps if step.name == name)
