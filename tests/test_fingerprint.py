"""Fingerprints: equal for equal content, different for any difference."""

from __future__ import annotations

import copy
import math
import pickle
import re
import threading
import types
from collections import OrderedDict
from typing import Any

import numpy as np
import pandas as pd
import pytest
from different_values import DIFFERENT, Plain, linked, ring
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bridge.fingerprint import fingerprint, fingerprint_list

shared = [1.5, "x"]


def test_different_values_have_different_fingerprints() -> None:
    by_print: dict[str, list[Any]] = {}
    for value in DIFFERENT:
        by_print.setdefault(fingerprint(value), []).append(value)
    assert [values for values in by_print.values() if len(values) > 1] == []
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", found) for found in by_print)


@pytest.mark.parametrize("value", DIFFERENT, ids=lambda value: f"{type(value).__name__}")
def test_a_copy_and_a_round_trip_by_pickle_are_equal(value: Any) -> None:
    if isinstance(value, types.ModuleType):
        return
    for protocol in range(2, 6):
        assert fingerprint(pickle.loads(pickle.dumps(value, protocol))) == fingerprint(value)
    assert fingerprint(copy.deepcopy(value)) == fingerprint(value)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ([shared, shared], [[1.5, "x"], [1.5, "x"]]),
        ((shared, {"a": shared}), ([1.5, "x"], {"a": [1.5, "x"]})),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1, 2, 3, 1025}, {1025, 3, 2, 1}),
        (frozenset(map(str, range(99))), frozenset(map(str, reversed(range(99))))),
        (OrderedDict(a=1, b=2), OrderedDict(b=2, a=1)),
        (Plain(a=1, b=2), Plain(b=2, a=1)),
        (math.nan, -math.nan),
        ([math.nan], [float("inf") - float("inf")]),
        (np.array([math.nan]), np.array([-math.nan])),
        (np.arange(6).reshape(2, 3), np.asfortranarray(np.arange(6).reshape(2, 3))),
        (np.array([1, 2], dtype=">i8"), np.array([1, 2], dtype="<i8")),
        (np.arange(6)[::2], np.array([0, 2, 4])),
        (np.broadcast_to(1, (2, 2)), np.ones((2, 2), dtype=int)),
        (np.array([shared], dtype=object)[0:1], np.array([[1.5, "x"]], dtype=object)),
        (pd.Index([0, 1, 2]), pd.RangeIndex(3)),
        (pd.DataFrame({"a": [1, 2]}), pd.DataFrame({"a": [1, 2]}, index=[0, 1])),
        (pd.DataFrame({"a": [1, 2, 3]})[:2], pd.DataFrame({"a": [1, 2]})),
        (pd.DataFrame({"a": [1], "b": [2]}), pd.DataFrame([[1, 2]], columns=["a", "b"])),
        (ring(1, 2, 3), ring(1, 2, 3)),
        ([ring(1), ring(1)], [ring(1)] * 2),
        ({"a": ring(1), "b": ring(2)}, {"b": ring(2), "a": ring(1)}),
    ],
)
def test_equal_content_has_equal_fingerprints(one: Any, two: Any) -> None:
    assert fingerprint(one) == fingerprint(two)


def test_a_list_that_holds_itself() -> None:
    def loop(size: int) -> list[Any]:
        items: list[Any] = [0] * size
        items.append(items)
        return items

    assert fingerprint(loop(1)) == fingerprint(loop(1))
    assert len({fingerprint(loop(size)) for size in range(5)}) == 5
    assert fingerprint([loop(1)]) != fingerprint(loop(1))
    assert fingerprint((loop(1), 1)) != fingerprint((loop(1), 2))


def test_a_clique_of_objects_takes_no_eternity() -> None:
    def clique(last: int) -> list[Plain]:
        members = [Plain(value=i) for i in range(40)]
        for member in members:
            member.others = [other for other in members if other is not member]
        members[-1].value = last
        return members

    assert fingerprint(clique(1)) == fingerprint(clique(1))
    assert fingerprint(clique(1)) != fingerprint(clique(2))


def test_depth_is_no_crash() -> None:
    def deep(value: Any) -> Any:
        for _ in range(50_000):
            value = [value]
        return value

    one, two = deep(1), deep(1)
    assert fingerprint(one) == fingerprint(two)
    assert fingerprint(one) != fingerprint(deep(2))
    assert fingerprint(linked(list(range(1000)))) == fingerprint(linked(list(range(1000))))


def test_what_is_shared_again_and_again_is_looked_at_once() -> None:
    def doubled(value: Any) -> Any:
        for _ in range(100):
            value = [value, value]
        return value

    assert fingerprint(doubled(1)) == fingerprint(doubled(1))
    assert fingerprint(doubled(1)) != fingerprint(doubled(2))


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text(), inner)
        | st.sets(st.integers())
    ),
    max_leaves=15,
)


def _spelt(value: Any) -> str:
    """Equal for equal content: floats by bits, sets and dicts in order."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{_spelt(k)}:{_spelt(v)}" for k, v in value.items())) + "}"
    if isinstance(value, list | tuple | set):
        parts = [_spelt(item) for item in value]
        parts = sorted(parts) if isinstance(value, set) else parts
        return f"{type(value).__name__}({','.join(parts)})"
    return f"{type(value).__name__} {value!r}"


@given(trees, trees)
def test_fingerprints_agree_with_content(one: Any, two: Any) -> None:
    assert fingerprint(one) == fingerprint(pickle.loads(pickle.dumps(one)))
    assert fingerprint(one) == fingerprint(copy.deepcopy(one))
    assert (fingerprint(one) == fingerprint(two)) == (_spelt(one) == _spelt(two))


def _classifier(seed: int) -> MLPClassifier:
    features, target = load_iris(return_X_y=True)
    model = MLPClassifier((5,), max_iter=20, random_state=seed, tol=10.0, n_iter_no_change=3)
    return model.fit(features, target)


def test_a_model_trained_twice_alike_is_equal() -> None:
    model = _classifier(1)
    assert fingerprint(model) == fingerprint(_classifier(1))
    assert fingerprint(model) == fingerprint(pickle.loads(pickle.dumps(model)))
    assert fingerprint(model) == fingerprint(copy.deepcopy(model))
    assert fingerprint(model) != fingerprint(_classifier(2))


def test_a_forest_in_a_pipeline_is_equal_to_itself() -> None:
    def forest(seed: int) -> Any:
        features, target = load_iris(return_X_y=True, as_frame=True)
        forest = RandomForestClassifier(5, random_state=seed)
        return make_pipeline(StandardScaler(), forest).fit(features, target)

    assert fingerprint(forest(1)) == fingerprint(pickle.loads(pickle.dumps(forest(1))))
    assert fingerprint(forest(1)) != fingerprint(forest(2))


def test_a_table_of_many_types_is_equal_after_a_round_trip() -> None:
    table = pd.DataFrame(
        {
            "text": ["a", None, "ü"],
            "object": [{"a": 1}, [1, 2], None],
            "category": pd.Categorical(["x", None, "y"]),
            "time": pd.to_datetime(["2024-01-01", None, "2024-01-03"]),
            "zoned": pd.to_datetime(["2024-01-01", None, "2024-01-03"], utc=True),
            "delta": pd.to_timedelta([1, None, 3]),
            "float": [1.0, math.nan, -0.0],
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "bool": pd.array([True, None, False], dtype="boolean"),
            "sparse": pd.arrays.SparseArray([0, 0, 1]),
        },
        index=pd.MultiIndex.from_product([["i"], [1, 2, 3]]),
    )
    found = fingerprint(table)
    assert found == fingerprint(pickle.loads(pickle.dumps(table)))
    assert found == fingerprint(table.copy())
    assert found == fingerprint(pd.concat([table.iloc[:1], table.iloc[1:]]))
    assert found == fingerprint(table[list(reversed(table.columns))][list(table.columns)])
    for column in table.columns:
        changed = table.copy()
        changed[column] = changed[column].iloc[::-1].array
        assert found != fingerprint(changed), column


@pytest.mark.parametrize("value", [(i for i in ()), memoryview(b"x"), threading.Lock()])
def test_what_has_no_content_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="has no content to go by"):
        fingerprint([value])


@given(st.lists(trees))
def test_a_list_has_the_same_fingerprint_piece_by_piece(values):
    assert fingerprint_list([lambda v=v: v for v in values]) == fingerprint(values)


def test_a_list_of_what_contains_itself_has_the_same_fingerprint_too():
    knot = []
    knot.append(knot)
    assert fingerprint_list([lambda: 1, lambda: knot]) == fingerprint([1, knot])
