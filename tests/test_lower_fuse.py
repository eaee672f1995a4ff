"""Series and branches within what a target can walk."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.lower.fuse import Limits, count_paths, fit, length, narrow, shorten
from bridge.lower.levels import Branches, Group, Series, Structure, tasks

LIMITS = Limits(paths=2_000, length=800, walk=50_000)


def chain(count: int, start: int = 0) -> Series:
    return Series(tuple(str(i) for i in range(start, start + count)))


def diamonds(count: int) -> Series:
    parts: list[Structure] = []
    for i in range(count):
        parts += [Branches((f"l{i}", f"r{i}"), f"p{i}", "branches"), f"j{i}"]
    return Series(tuple(parts))


def test_what_fits_stays() -> None:
    structure = diamonds(10)
    assert fit(structure, LIMITS) == (structure, [])
    assert fit(chain(800), LIMITS) == (chain(800), [])


@pytest.mark.parametrize("count", [801, 1_000, 10_000, 100_000])
def test_a_long_series_becomes_groups(count: int) -> None:
    found, narrowed = fit(chain(count), LIMITS)
    assert not narrowed
    assert 400 <= length(found) <= 800
    assert list(tasks(found)) == [str(i) for i in range(count)]
    assert isinstance(found, Series)
    assert all(isinstance(part, Group) for part in found.parts[:-1])


def test_too_many_splits_leave_the_largest() -> None:
    large = Branches((chain(5), chain(5, 5)), "large", "branches")
    structure = Series((*diamonds(20).parts, large))
    found, narrowed = fit(structure, Limits(paths=2_000, length=800, walk=10**6))
    assert count_paths(found) <= 2_000
    assert isinstance(found, Series)
    assert large in found.parts
    assert len(narrowed) == 11
    assert list(tasks(found)) == list(tasks(structure))


def test_a_wide_split_becomes_narrower() -> None:
    structure = Series(("a", Branches(tuple(map(str, range(10_000)))), "z"))
    found, narrowed = fit(structure, LIMITS)
    assert count_paths(found) == 2_000
    assert len(narrowed) == 1
    assert sorted(tasks(found)) == sorted(tasks(structure))


def test_splits_inside_a_split() -> None:
    structure = Branches((diamonds(12), "x"), "outer", "branches")
    found: list[Branches] = []
    kept = narrow(structure, 2_000, found)
    assert count_paths(kept) <= 2_000
    assert isinstance(kept, Branches)
    assert {b.step for b in found} == {"p10", "p11"}


def test_runs_between_splits_are_grouped() -> None:
    parts = [*chain(600).parts, Branches(("x", "y")), *chain(600, 600).parts]
    found = shorten(Series(tuple(parts)), 800)
    assert length(found) <= 800
    assert list(tasks(found)) == list(tasks(Series(tuple(parts))))


def test_steps_on_all_paths_together_are_limited() -> None:
    structure = Series((*diamonds(10).parts, *chain(700).parts))
    found, narrowed = fit(structure, LIMITS)
    assert count_paths(found) * length(found) <= 50_000
    assert narrowed


def test_what_cannot_be_shortened_stays() -> None:
    structure = diamonds(5)
    assert shorten(structure, 3) == structure


structures = st.recursive(
    st.just("task"),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: Series(tuple(parts))),
        st.lists(inner, min_size=2, max_size=4).map(lambda parts: Branches(tuple(parts))),
    ),
    max_leaves=40,
)


def numbered(structure: Structure, count: list[int]) -> Structure:
    if isinstance(structure, Series):
        parts = [numbered(part, count) for part in structure.parts]
        return Series(
            tuple(p for part in parts for p in (part.parts if isinstance(part, Series) else [part]))
        )
    if isinstance(structure, Branches):
        return Branches(tuple(numbered(part, count) for part in structure.parts))
    count[0] += 1
    return str(count[0])


def earlier(structure: Structure) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}

    def visit(part: Structure, ended: set[str]) -> set[str]:
        mine: set[str] = set()
        if isinstance(part, Series):
            for inner in part.parts:
                mine |= visit(inner, ended | mine)
        elif isinstance(part, Branches):
            for inner in part.parts:
                mine |= visit(inner, ended)
        else:
            for name in part.tasks if isinstance(part, Group) else (part,):
                found[name] = ended | mine
                mine.add(name)
        return mine

    visit(structure, set())
    return found


@given(structures, st.integers(1, 30), st.integers(3, 12))
@settings(deadline=None, max_examples=300)
def test_order_and_limits_hold(given: Structure, paths: int, longest: int) -> None:
    structure = numbered(given, [0])
    narrowed: list[Branches] = []
    kept = narrow(structure, paths, narrowed)
    found = shorten(kept, longest)
    assert count_paths(found) <= max(1, paths)
    assert bool(narrowed) == (count_paths(structure) > paths)
    assert sorted(tasks(found)) == sorted(tasks(structure))
    needed, waits = earlier(structure), earlier(found)
    assert all(needed[name] <= waits[name] for name in needed)
    if count_paths(found) == 1:
        assert length(found) <= longest
