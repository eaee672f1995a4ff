"""Graphs of steps as series and branches."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import Parallel, Pipeline, Stub
from bridge.flow import analyse
from bridge.lower.levels import Branches, Group, Series, Structure, arrange, lower, tasks

Order = dict[str, list[str]]


def short(structure: Structure) -> str:
    """``a (b | c d) e``"""
    if isinstance(structure, Series):
        return " ".join(map(short, structure.parts))
    if isinstance(structure, Branches):
        return f"({' | '.join(map(short, structure.parts))})"
    return "+".join(structure.tasks) if isinstance(structure, Group) else structure


def before(structure: Structure) -> dict[str, set[str]]:
    """What each task of a structure waits for."""
    found: dict[str, set[str]] = {}

    def visit(part: Structure, earlier: set[str]) -> set[str]:
        if isinstance(part, Series):
            mine: set[str] = set()
            for inner in part.parts:
                mine |= visit(inner, earlier | mine)
            return mine
        if isinstance(part, Branches):
            return set().union(*(visit(inner, earlier) for inner in part.parts))
        names = part.tasks if isinstance(part, Group) else (part,)
        for i, name in enumerate(names):
            found[name] = earlier | set(names[:i])
        return set(names)

    visit(structure, set())
    return found


def closure(order: Order) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name, earlier in order.items():
        found[name] = set(earlier).union(*(found[e] for e in earlier))
    return found


@pytest.mark.parametrize(
    ("order", "expected", "barriers"),
    [
        ({"a": []}, "a", 0),
        ({"a": [], "b": ["a"], "c": ["b"]}, "a b c", 0),
        ({"a": [], "b": [], "c": []}, "(a | b | c)", 0),
        ({"a": [], "b": ["a"], "c": ["a"], "d": ["b", "c"]}, "a (b | c) d", 0),
        # a link that says nothing new
        ({"a": [], "b": ["a"], "c": ["a"], "d": ["a", "b", "c"]}, "a (b | c) d", 0),
        # sources of different depths
        ({"a": [], "b": ["a"], "c": [], "d": ["b", "c"]}, "(a b | c) d", 0),
        ({"a": [], "b": [], "c": ["a"], "d": ["b"], "e": ["c", "d"]}, "(a c | b d) e", 0),
        # two levels, linked completely
        ({"a": [], "b": [], "c": ["a", "b"], "d": ["b", "a"]}, "(a | b) (c | d)", 0),
        # the smallest that is no nest
        ({"a": [], "b": [], "c": ["a", "b"], "d": ["b"]}, "(a | b) (c | d)", 1),
    ],
)
def test_structure(order: Order, expected: str, barriers: int) -> None:
    structure, found = arrange(order)
    assert (short(structure), found) == (expected, barriers)


def test_barrier_where_the_link_is() -> None:
    """Two chains with one link between them keep their parallelism before it and after it."""
    order: Order = {f"a{i}": [f"a{i - 1}"] if i else [] for i in range(6)}
    order |= {f"b{i}": [f"b{i - 1}"] if i else [] for i in range(6)}
    order["b3"].append("a2")
    structure, barriers = arrange(dict(sorted(order.items(), key=lambda item: item[0][1])))
    assert short(structure) == "(a0 a1 a2 | b0 b1 b2) (a3 a4 a5 | b3 b4 b5)"
    assert barriers == 1


@st.composite
def graphs(draw: st.DrawFn) -> Order:
    size = draw(st.integers(1, 14))
    return {
        str(i): [str(j) for j in range(i) if draw(st.integers(0, 9)) < draw(st.integers(0, 6))]
        for i in range(size)
    }


@given(graphs())
@settings(deadline=None, max_examples=300)
def test_every_link_is_kept(order: Order) -> None:
    structure, barriers = arrange(order)
    waits, needed = before(structure), closure(order)
    assert sorted(tasks(structure)) == sorted(order)
    assert all(needed[name] <= waits[name] for name in order)
    assert (waits == needed) == (barriers == 0)


@st.composite
def nests(draw: st.DrawFn) -> Order:
    """A graph that is a nest of series and branches, by its smallest links."""
    count = iter(range(100))

    def part(depth: int) -> tuple[Order, list[str], list[str]]:
        kind = draw(st.sampled_from(["task", "series", "branches"])) if depth else "task"
        if kind == "task":
            name = str(next(count))
            return {name: []}, [name], [name]
        inner = [part(depth - 1) for _ in range(draw(st.integers(2, 3)))]
        order = {name: list(e) for o, _, _ in inner for name, e in o.items()}
        if kind == "branches":
            return order, [n for _, f, _ in inner for n in f], [n for _, _, e in inner for n in e]
        for (_, _, ends), (_, firsts, _) in pairwise(inner):
            for name in firsts:
                order[name] += ends
        return order, inner[0][1], inner[-1][2]

    return part(3)[0]


@given(nests())
@settings(deadline=None)
def test_a_nest_needs_no_barrier(order: Order) -> None:
    structure, barriers = arrange(order)
    assert barriers == 0
    assert before(structure) == closure(order)


@pytest.mark.parametrize("shape", ["chain", "wide", "comb"])
def test_large_graphs(shape: str) -> None:
    size = {"chain": 100_000, "wide": 10_000, "comb": 4_000}[shape]
    order: Order = {str(i): [str(i - 1)] if i and shape == "chain" else [] for i in range(size)}
    if shape == "wide":
        order = {"first": [], **{str(i): ["first"] for i in range(size)}}
        order["last"] = list(map(str, range(size)))
    if shape == "comb":  # as deep a nest as can be
        order = {}
        for i in range(size):
            order |= {f"x{i}": [f"x{i - 1}"] if i else [], f"y{i}": [f"x{i}"]}
    structure, _ = arrange(order)
    assert len(list(tasks(structure))) == len(order)


def test_parallels_are_branches() -> None:
    def one(name: str) -> Pipeline:
        return Pipeline([Stub(name=name)])

    inner = Parallel(name="in", branches={"x": one("x"), "y": one("y")})
    outer = Parallel(name="out", branches={"l": Pipeline([Stub(name="a"), inner]), "r": one("b")})
    alone = Parallel(name="alone", branches={"only": Pipeline([Stub(name="c"), Stub(name="d")])})
    flow = analyse(Pipeline([Stub(name="s"), outer, alone, Stub(name="t")]))
    found = lower(flow)
    assert short(found.structure) == (
        "s (out.l.a (out.l.in.x.x | out.l.in.y.y) | out.r.b) alone.only.c alone.only.d t"
    )
    assert found.barriers == {}


def test_data_decides_inside_a_branch() -> None:
    after = {"c": ["a", "b"], "d": ["b"]}
    steps = [Stub(name=name, after=after.get(name, ())) for name in "abcd"]
    inner = Pipeline(steps, order="data")
    outer = Parallel(name="p", branches={"x": inner, "y": Pipeline([Stub(name="e")])})
    found = lower(analyse(Pipeline([outer], order="data")))
    assert short(found.structure) == "((p.x.a | p.x.b) (p.x.c | p.x.d) | p.y.e)"
    assert found.barriers == {"": 0, "p.x": 1}
