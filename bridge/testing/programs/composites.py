"""Composites of programs, and the pipelines in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from bridge.findings import Feature
from bridge.model import Composite, Conditional, Loop, Map, Parallel, Pipeline, Step
from bridge.testing.programs.making import Making
from bridge.testing.programs.scope import Held, Scope, Sort, left, places, sort_of
from bridge.testing.programs.tasks import failing, sets, task
from bridge.testing.programs.texts import NAMES, keys
from bridge.values import At

__all__ = ["pipeline"]

Names = list[tuple[str, Sort]]


def pipeline(making: Making, scope: Scope, depth: int, names: Names = []) -> Pipeline:  # noqa: B006
    """A pipeline that sets at least ``names``; what it leaves is in ``scope`` then.

    Names that it may leave unset are bound as such.
    """
    begun = scope.inside()
    handled = making.has(Feature.ON_FAILURE) and making.chance(12)
    order = making.has(Feature.ORDER_DATA) and making.chance(15)
    inner = scope.inside(once=scope.once or order)
    walk = _Walk(making, inner, depth, handled, order)
    steps = walk.steps(names)
    ways = [dict(inner.own), *walk.ways]
    more: dict[str, Any] = {}
    if handled:
        more["on_failure"], found = _handler(making, begun, depth, names)
        ways.append(found)
    scope.absorb(left(ways), [] if len(ways) > 1 else inner.files)
    if order:
        steps = making.draw(st.permutations(steps))
        more["order"] = "data"
    if making.chance(10) and making.has(Feature.DESCRIPTION):
        more["description"] = making.text()
    name = making.pick(["pipeline", *NAMES])
    return Pipeline(steps, name, **more)


def _handler(
    making: Making, begun: Scope, depth: int, names: Names
) -> tuple[Pipeline, dict[str, Held]]:
    """A pipeline for a failure, which starts from ``begun``; and what it leaves."""
    scope = begun.inside()
    found = pipeline(making, scope, min(depth, 1), names)
    return found, scope.own


class _Walk:
    """The steps of one pipeline, one after the other; ``ways`` has what handled failures leave."""

    def __init__(
        self, making: Making, scope: Scope, depth: int, handled: bool, order: bool
    ) -> None:
        self.making, self.scope, self.depth = making, scope, depth
        self.handled, self.order = handled, order
        self.ways: list[Mapping[str, Held]] = []

    def steps(self, names: Names) -> list[Step]:
        """Some steps, the last of which set ``names``."""
        making = self.making
        count = making.pick([1, 2, 3, 4]) if not names else making.pick([0, 1, 2])
        found: list[Step] = []
        for i in range(count):
            if making.tasks <= 0 and (found or names):
                break
            found.append(self._after(self._step(i), found))
            if self._ends(found[-1]):
                found[-1] = replace(found[-1], terminate_with_success=True)
                self.scope = self.scope.inside()  # of what follows nothing is left
                break
        for name, sort in names:
            making.tasks -= 1
            found.append(sets(making, self.scope, len(found), name, sort))
        return found

    def _after(self, step: Step, earlier: list[Step]) -> Step:
        """The step, perhaps after one to which nothing else ties it."""
        making = self.making
        if not earlier or not making.has(Feature.ORDER_AFTER) or not making.chance(10):
            return step
        return replace(step, after=[making.pick(earlier).name])

    def _ends(self, step: Step) -> bool:
        if self.order or step.terminate_with_failure:
            return False
        return self.making.has(Feature.TERMINATE) and self.making.chance(3)

    def _step(self, index: int) -> Step:
        making, scope = self.making, self.scope
        before = scope.inside()
        handles = making.has(Feature.ON_FAILURE) and making.chance(10)
        already = dict(scope.own)
        may_fail = handles or self.handled or making.fails
        step = self._any(index, may_fail)
        if not handles:
            return step
        own = {n: h for n, h in scope.own.items() if already.get(n) is not h}
        kept: Names = [(n, h.sort) for n, h in own.items() if h.sure and making.chance(50)][:2]
        handler, found = _handler(making, before, self.depth, kept)
        self.ways.append(found if self.order else {**already, **found})
        return replace(step, on_failure=handler)

    def _any(self, index: int, may_fail: bool) -> Step:
        making = self.making
        if may_fail and making.chance(25):
            making.tasks -= 1
            return failing(making, self.scope, index)
        makers = [self._task] * 8
        if self.depth and making.tasks > 1:
            makers += [self._parallel] * 2
            makers += [self._map] * 3 * making.has(Feature.MAP)
            makers += [self._conditional] * 3 * making.has(Feature.CONDITIONAL)
            makers += [self._loop] * 3 * making.has(Feature.LOOP)
        step = making.pick(makers)(index)
        ends = isinstance(step, Composite) and making.has(Feature.TERMINATE)
        if ends and may_fail and making.chance(8):
            return replace(step, terminate_with_failure=True)
        return step

    def _task(self, index: int) -> Step:
        self.making.tasks -= 1
        return task(self.making, self.scope, index)

    # Composites

    def _label(self, index: int) -> str:
        return f"{self.making.label()}{index}"

    def _parallel(self, index: int) -> Step:
        making = self.making
        branches = {}
        scopes = []
        for key in self._keys(making.pick([2, 1, 3])):
            inner = self.scope.inside()
            branches[key] = pipeline(making, inner, self.depth - 1)
            scopes.append(inner)
        for inner in scopes:
            self.scope.absorb(inner.own, inner.files)
        return Parallel(name=self._label(index), branches=branches)

    def _keys(self, count: int) -> list[str]:
        """Names of branches; any text may be one."""
        making = self.making
        found = [making.label() if making.chance(70) else making.text() for _ in range(count)]
        return list(dict.fromkeys(found))

    def _map(self, index: int) -> Step:
        making, scope = self.making, self.scope
        on = making.place(scope, Sort.LIST)
        if on is None:
            return self._task(index)
        item = f"{making.prefix}{making.label()}{making.unique()}"
        inner = scope.inside(item=item)
        inner.names[item] = Held(_items(scope, on))
        branch = pipeline(making, inner, self.depth - 1)
        reducer = None
        if making.has(Feature.MAP_REDUCER) and making.chance(20):
            reducer = making.pick(_REDUCERS)
        for name, held in inner.own.items():
            sort = Sort.OBJECT if held.sort is Sort.OBJECT else Sort.ANY if reducer else Sort.LIST
            if name in scope.names and sort is not Sort.OBJECT:
                sort = Sort.ANY
            scope.bind(name, Held(sort, items=held.sort))
        return Map(
            name=self._label(index),
            branch=branch,
            iterate_on=on if on.path else on.name,
            iterate_as=item,
            reducer=reducer,
        )

    def _conditional(self, index: int) -> Step:
        making, scope = self.making, self.scope
        on = making.place(scope, making.pick([Sort.FLAG, Sort.ANY, Sort.WHOLE, Sort.TEXT]))
        if on is None:
            return self._task(index)
        chosen = self._chosen(on)
        default = making.chance(60) or not chosen
        names: Names = []
        if making.chance(60):
            sort = making.pick([Sort.ANY, Sort.WHOLE, Sort.TEXT, Sort.LIST, Sort.OBJECT])
            names = [(making.name(scope, sort), sort)]
        inner = [scope.inside() for _ in range(len(chosen) + default)]
        found = [pipeline(making, one, self.depth - 1, names) for one in inner]
        scope.absorb(left([one.own for one in inner]))
        return Conditional(
            name=self._label(index),
            parameter=on if on.path else on.name,
            branches=dict(zip(chosen, found, strict=False)),
            default=found[-1] if default else None,
        )

    def _chosen(self, on: At) -> list[Any]:
        """The keys of a conditional, often with one that will be taken."""
        making = self.making
        held = self.scope.names[on.name]
        value = dict(places(held.value)).get(on.path) if not isinstance(held.value, type) else None
        sort = held.sort if not on.path else sort_of(value)
        found = [True, False] if sort is Sort.FLAG else []
        if value is not None and not isinstance(value, list | dict) and making.chance(70):
            found = [value]
        if not found or making.chance(30):
            found = [*found, making.draw(keys())]
        by_text = {str(key): key for key in found if str(key) != "default"}
        return list(by_text.values())[: 2 if making.chance(80) else 1]

    def _loop(self, index: int) -> Step:
        making, scope = self.making, self.scope
        inner = scope.inside()
        number = ""
        if making.chance(60):
            number = f"{making.prefix}{making.label()}{making.unique()}"
            inner.names[number] = Held(Sort.WHOLE)
        names: Names = []
        if making.chance(50):
            names = [(making.name(scope, Sort.FLAG), Sort.FLAG)]
        branch = pipeline(making, inner, self.depth - 1, names)
        scope.absorb(inner.own, inner.files)
        ends = [n for n, sort in names if n in scope.own and scope.own[n].sure]
        if not ends and making.chance(20):
            ends = [n for n, h in scope.names.items() if h.sure and h.sort is not Sort.OBJECT]
        return Loop(
            name=self._label(index),
            branch=branch,
            max_iterations=making.pick([2, 1, 3]),
            break_on=making.pick(ends) if ends else "",
            index_as=number,
        )


_REDUCERS = (
    *("lambda *values: len(values)", "lambda values: values[:2]", "fuzz_functions:count"),
    *("fuzz_functions:ends", "lambda first=None, *rest: [first, len(rest)]"),
)


def _items(scope: Scope, on: At) -> Sort:
    """The sort of what is in a list."""
    held = scope.names[on.name]
    if not on.path and held.sort is Sort.LIST and held.value is None:
        return held.items
    value = dict(places(held.value)).get(on.path)
    sorts = {sort_of(item) for item in value} if isinstance(value, list) else set()
    return sorts.pop() if len(sorts) == 1 else Sort.ANY
