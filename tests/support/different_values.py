"""Values of which each differs from all others in content."""

from __future__ import annotations

import decimal
import enum
import functools
import math
import pathlib
import random
import re
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


def linked(values: list[Any]) -> Any:
    nodes = [Linked(value) for value in values]
    for one, two in pairwise(nodes):
        one.after, two.before = two, one  # type: ignore[assignment]
    return nodes[0]


def ring(*values: Any) -> list[Any]:
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
    ring,
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
    ring(1),
    ring(2),
    ring(1, 2),
    ring(1, 2, 2),
    ring(1, 1, 2),
    [ring(1)],
    [ring(1), ring(2)],
    [ring(2), ring(1)],
    linked([0] * 50),
    linked([0] * 51),
    linked([0] * 30 + [1] + [0] * 19),
    linked([0] * 31 + [1] + [0] * 18),
]
