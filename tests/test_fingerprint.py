"""Fingerprints: equal for equal content, different for any difference."""

from __future__ import annotations

import copy
import decimal
import enum
import functools
import math
import pathlib
import pickle
import random
import re
import threading
import time
import types
import uuid
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bridge.fingerprint import fingerprint


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Point:
    x: Any
    y: Any = field(default=0)


@dataclass(slots=True)
class Slim:
    x: Any


class Plain:
    def __init__(self, **state: Any) -> None:
        self.__dict__.update(state)


class Other(Plain):
    pass


class Model(pydantic.BaseModel):
    a: int
    b: list[float]


class Linked:
    """A node that knows its neighbours on both sides."""

    def __init__(self, value: Any) -> None:
        self.value, self.before, self.after = value, None, None


def _linked(values: list[Any]) -> Any:
    nodes = [Linked(value) for value in values]
    for one, two in pairwise(nodes):
        one.after, two.before = two, one  # type: ignore[assignment]
    return nodes[0]


def _ring(*values: Any) -> list[Any]:
    """Lists of a value and the next list, the last followed by the first."""
    ring: list[list[Any]] = [[value] for value in values]
    for one, two in zip(ring, ring[1:] + ring[:1], strict=True):
        one.append(two)
    return ring[0]


Pair = namedtuple("Pair", "a b")
shared = [1.5, "x"]
long_text = "long " * 1000

# Values of which each is different from any other
DIFFERENT = [
    None,
    True,
    False,
    1,
    0,
    -1,
    2**70,
    10**5000,
    1.0,
    0.0,
    -0.0,
    math.nan,
    math.inf,
    1j,
    complex(0, math.nan),
    "",
    "1",
    "None",
    b"1",
    bytearray(b"1"),
    long_text,
    long_text + "!",
    "\ud800",
    ...,
    NotImplemented,
    [],
    (),
    {},
    set(),
    frozenset(),
    [1],
    [1.0],
    [True],
    ["1"],
    (1,),
    {1},
    ["a", "b"],
    ["astr:b"],
    [[1], 2],
    [1, 2],
    [2, 1],
    [[1, 2]],
    [[], []],
    [[]],
    {"a": 1},
    {"a": 2},
    {"b": 1},
    {"a": 1, "b": 2},
    {"a": 2, "b": 1},
    {"a": {"b": 1}},
    {1: "a"},
    [("a", 1)],
    {("a", 1)},
    {(1, 2): 3},
    Counter("ab"),
    OrderedDict(a=1),
    defaultdict(list, a=1),
    defaultdict(int, a=1),
    deque([1]),
    deque([1], maxlen=3),
    Pair(1, 2),
    (1, 2),
    Point(1),
    Point(1, 1),
    Point(Point(1)),
    Slim(1),
    Slim(2),
    Plain(x=1),
    Plain(y=1),
    Other(x=1),
    Model(a=1, b=[1.0]),
    Model(a=1, b=[2.0]),
    Colour.RED,
    Colour.BLUE,
    Colour,
    Plain,
    int,
    len,
    sorted,
    list[int],
    fingerprint,
    _ring,
    functools.partial(max, 1),
    functools.partial(max, 2),
    [1].append,
    [2].append,
    Plain(x=1).__init__,
    math,
    types.SimpleNamespace(a=1),
    range(3),
    slice(1, 2),
    decimal.Decimal("1.0"),
    decimal.Decimal("1.00"),
    Fraction(1, 3),
    date(2024, 1, 1),
    datetime(2024, 1, 1),
    datetime(2024, 1, 1, tzinfo=UTC),
    datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
    timedelta(1),
    uuid.UUID(int=1),
    pathlib.PurePosixPath("a/b"),
    pathlib.PurePosixPath("a"),
    re.compile("a"),
    re.compile("a", re.IGNORECASE),
    random.Random(1),
    random.Random(2),
    ValueError("a"),
    ValueError("b"),
    np.int64(1),
    np.int32(1),
    np.float64(1),
    np.float64("nan"),
    np.float32(1),
    np.bool_(True),
    np.str_("a"),
    np.datetime64("2024-01-01"),
    np.datetime64("NaT"),
    np.longdouble(1),
    np.float64,
    np.sum,
    np.add,
    np.dtype("f8"),
    np.dtype("i4"),
    np.array(1),
    np.array([1]),
    np.array([[1]]),
    np.array([1, 2]),
    np.array([1, 2], dtype="i4"),
    np.array([1.0, 2.0]),
    np.array([0.0]),
    np.array([-0.0]),
    np.array([np.nan]),
    np.array([1j]),
    np.array([complex(0, np.nan)]),
    np.array([1], dtype=np.longdouble),
    np.array(["a", "bc"]),
    np.array(["a", "bc"], dtype=object),
    np.array(["a", None], dtype=object),
    np.array(["a", "bc"], dtype=np.dtypes.StringDType()),
    np.array([(1, 2.0)], dtype=[("a", "i8"), ("b", "f8")]),
    np.array([(1, 3.0)], dtype=[("a", "i8"), ("b", "f8")]),
    np.array([(1, 3.0)], dtype=[("a", "i8"), ("c", "f8")]),
    np.zeros((2, 3)),
    np.zeros((3, 2)),
    np.zeros((0, 2)),
    np.arange(6).reshape(2, 3),
    np.arange(6).reshape(2, 3).T.copy(),
    np.ma.masked_array([1, 2], [True, False]),
    np.ma.masked_array([1, 2], [False, True]),
    np.random.RandomState(1),
    np.random.RandomState(2),
    np.random.default_rng(1),
    np.random.default_rng(2),
    pd.DataFrame({"a": [1, 2]}),
    pd.DataFrame({"a": [1, 3]}),
    pd.DataFrame({"a": [1.0, 2.0]}),
    pd.DataFrame({"b": [1, 2]}),
    pd.DataFrame({"a": [1, 2], "b": [3, 4]}),
    pd.DataFrame({"b": [3, 4], "a": [1, 2]}),
    pd.DataFrame({"a": [1, 2]}, index=[1, 2]),
    pd.DataFrame({"a": [1, 2]}, index=pd.Index([0, 1], name="n")),
    pd.DataFrame({"a": ["x", None]}),
    pd.DataFrame({"a": ["x", "y"]}, dtype=object),
    pd.DataFrame({"a": ["x", "y"]}, dtype="category"),
    pd.DataFrame({"a": [1, None]}, dtype="Int64"),
    pd.DataFrame({"a": [1, None]}),
    pd.DataFrame({"a": pd.to_datetime(["2024-01-01", None])}),
    pd.DataFrame({"a": pd.to_datetime(["2024-01-01", None], utc=True)}),
    pd.DataFrame(),
    pd.Series([1, 2]),
    pd.Series([1, 2], name="a"),
    pd.Series([1, 2], index=["a", "b"]),
    pd.Index([1, 2]),
    pd.Index(["a"]),
    pd.DatetimeIndex(["2024-01-01"]),
    pd.period_range("2024-01", periods=2, freq="M"),
    pd.interval_range(0, 2),
    pd.MultiIndex.from_tuples([(1, "a"), (2, "b")]),
    pd.MultiIndex.from_tuples([(1, "a"), (2, "b")], names=["x", "y"]),
    pd.Categorical(["a", "b"]),
    pd.Categorical(["a", "b"], ordered=True),
    pd.Categorical(["a", "b"], categories=["b", "a"]),
    pd.Timestamp("2024-01-01"),
    pd.Timestamp("2024-01-01", tz="Europe/Paris"),
    pd.Timedelta(1),
    pd.NaT,
    pd.NA,
    pd.array([1, 2], dtype="Int64"),
    pd.array(["a"], dtype="string"),
    _ring(1),
    _ring(2),
    _ring(1, 2),
    _ring(1, 2, 2),
    _ring(1, 1, 2),
    [_ring(1)],
    [_ring(1), _ring(2)],
    [_ring(2), _ring(1)],
    _linked([0] * 50),
    _linked([0] * 51),
    _linked([0] * 30 + [1] + [0] * 19),
    _linked([0] * 31 + [1] + [0] * 18),
]


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
        (_ring(1, 2, 3), _ring(1, 2, 3)),
        ([_ring(1), _ring(1)], [_ring(1)] * 2),
        ({"a": _ring(1), "b": _ring(2)}, {"b": _ring(2), "a": _ring(1)}),
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
    assert fingerprint(_linked(list(range(1000)))) == fingerprint(_linked(list(range(1000))))


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


def test_much_is_not_slow() -> None:
    table = pd.DataFrame(np.random.default_rng(1).normal(size=(200_000, 20)))
    numbers = [float(i) for i in range(300_000)]
    records = [{"id": i, "name": str(i)} for i in range(30_000)]
    began = time.perf_counter()
    fingerprint([table, numbers, records])
    assert time.perf_counter() - began < 10
