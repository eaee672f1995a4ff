"""The layout of a drawing: nothing overlaps, and arrows lead where they should."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.show.layout import Place, Plan, Point, plan
from bridge.show.outline import Box, Group


@st.composite
def groups(draw) -> Group:
    count = draw(st.integers(1, 14))
    boxes = [Box(str(i), "x" * i, "stub") for i in range(count)]
    boxes[0].failure = Group("on failure", [Box("f", "f", "stub")], [], False)
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    edges = {(min(p), max(p)) for p in draw(st.lists(pairs, max_size=25)) if p[0] != p[1]}
    return Group("", boxes, sorted(edges), True)


@settings(deadline=None)
@given(groups(), st.integers(10, 300))
def test_boxes_never_overlap_and_arrows_go_around_them(group: Group, width: int):
    found = plan(group, lambda box: (float(width), 20.0 + 10 * (len(box.path) % 3)))
    for one, other in combinations(found.places, 2):
        left, right = sorted((one, other), key=lambda place: place.x)
        beside = left.x + across(left) < right.x
        assert beside or one.y + one.depth < other.y or other.y + other.depth < one.y
    for place in found.places:
        assert place.x >= -0.01
        assert place.x + across(place) <= found.width + 0.01
        assert place.y + place.depth <= found.height + 0.01
    assert sorted((start, end) for start, end, _ in found.arrows) == group.edges
    for start, end, points in found.arrows:
        assert_clear(found, found.places[start], found.places[end], points)


def across(place: Place) -> float:
    """The width of a box with what stands beside it."""
    return sum(place.extent)


def assert_clear(found: Plan, first: Place, last: Place, points: list[Point]) -> None:
    """The arrow leads down from one box to the other, and not through any."""
    assert points[0] == pytest.approx((first.middle, first.y + first.height))
    assert points[-1] == pytest.approx((last.middle, last.y))
    assert [y for _, y in points] == sorted(y for _, y in points)
    for (x, top), (_, bottom) in zip(points[:-1:2], points[1::2], strict=True):
        for place in found.places:
            inside = place.x < x < place.x + across(place) and place is not first
            assert not (inside and place.y < bottom and top < place.y + place.depth)


def test_a_chain_is_a_straight_line():
    boxes = [Box(str(i), str(i), "stub") for i in range(30)]
    group = Group("", boxes, [(i, i + 1) for i in range(29)], False)
    found = plan(group, lambda box: (100.0, 40.0))
    assert {place.x for place in found.places} == {0.0}
    assert all(x == 50.0 for _, _, points in found.arrows for x, _ in points)


def test_frames_hold_what_is_inside_side_by_side():
    inner = [Group(label, [Box(label, label, "stub")], [], False) for label in ("left", "right")]
    found = plan(
        Group("", [Box("both", "both", "parallel", groups=inner)], [], False),
        lambda box: (100.0, 30.0),
    )
    (place,) = found.places
    left, right = place.frames
    assert 0 < left.x < left.x + left.width < right.x < right.x + right.width < place.width
    assert place.height > left.y + left.height > left.y >= 30
