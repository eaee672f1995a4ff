from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.globs import is_literal, overlap


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a.txt", "a.txt", True),
        ("a.txt", "./a.txt", True),
        ("a.txt", "b.txt", False),
        ("*.txt", "a.txt", True),
        ("*.txt", "*.csv", False),
        ("*.txt", "a*", True),
        ("a*", "b*", False),
        ("data/*", "data/x.csv", True),
        ("data/*", "data/x/y.csv", False),
        ("**/*.csv", "data/x/y.csv", True),
        ("**/*.csv", "y.csv", True),
        ("**", "a/b/c", True),
        ("data/**", "other/x", False),
        ("model[0-9].bin", "model7.bin", True),
        ("model?.bin", "model10.bin", False),
        ("a[", "a[", True),
    ],
)
def test_overlap(one, other, expected):
    assert overlap(one, other) is overlap(other, one) is expected


def test_literal():
    assert is_literal("a/b.txt")
    assert not any(map(is_literal, ["*", "a?", "[ab]"]))


names = st.text("ab", min_size=1, max_size=3)
globs = st.text("ab*?", min_size=1, max_size=4)


@given(names, globs, globs)
def test_a_name_that_matches_both_is_never_denied(name, one, other):
    def matches(pattern):
        translated = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        return re.fullmatch(translated, name)

    if "**" not in (one, other) and matches(one) and matches(other):
        assert overlap(one, other)
