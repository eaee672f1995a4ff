"""What travels as JSON, and what a function returned by name."""

from __future__ import annotations

import datetime
import enum
import json
import math
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.carried.values import to_json, unpack

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def _same(a: Any, b: Any) -> bool:
    """Equal in value and in type, at any depth, and to the sign of zero."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(_same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(_same, a, b))
    return repr(a) == repr(b)


@given(trees)
def test_what_is_json_comes_back_as_it_was(value: Any) -> None:
    plain = to_json(value, "x")
    assert _same(plain, value)
    assert _same(json.loads(json.dumps(plain)), value)


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Mode(enum.StrEnum):
    FAST = "fast"


class Text(str):
    __slots__ = ()


class Number(int):
    pass


@dataclass
class Config:
    rate: float


Pair = namedtuple("Pair", "a b")

circular: list[Any] = [1]
circular.append({"again": circular})


REFUSED = [
    (float("nan"), "is nan"),
    (-math.inf, "is -inf"),
    ((1, 2), "of type tuple"),
    ({1, 2}, "of type set"),
    (b"x", "of type bytes"),
    (datetime.date(2024, 1, 1), "of type date"),
    (pd.DataFrame({"a": [1]}), "of type DataFrame"),
    (np.array([1, 2]), "of type ndarray"),
    (np.array([1]), "of type ndarray"),
    (np.array(1), "of type ndarray"),
    (np.float32("nan"), "is nan"),
    (np.complex128(1j), "of type complex"),
    (np.datetime64("2024-01-01"), "of type date"),
    (np.longdouble(1), "of type longdouble"),
    (np.bytes_(b"x"), "of type bytes"),
    (1j, "of type complex"),
    (Colour.RED, "of type Colour"),
    (Level.LOW, "of type Level"),
    (Mode.FAST, "of type Mode"),
    (Text("x"), "of type Text"),
    (Number(3), "of type Number"),
    (Config(0.1), "of type Config"),
    (Pair(1, 2), "of type Pair"),
    (OrderedDict(a=1), "of type OrderedDict"),
    (range(3), "of type range"),
    (10**5000, "an int of more than 4,000 digits"),
    ("\ud800", "half of a surrogate pair"),
    (circular, "holds itself"),
    (int, "of type type"),
    (len, "of type builtin_function_or_method"),
]


@pytest.mark.parametrize(("value", "what"), REFUSED, ids=lambda v: str(type(v).__name__))
def test_what_json_would_change_is_refused(value: Any, what: str) -> None:
    for wrapped, place in ((value, "m"), ({"loss": [0, value]}, "m['loss'][1]")):
        with pytest.raises(ValueError, match="JSON would not bring it back") as caught:
            to_json(wrapped, "m")
        text = str(caught.value)
        assert text.startswith(place)
        assert what in text
        assert text.endswith('declare it with pickled("m")')
        assert "\n" not in text


@pytest.mark.parametrize(
    "key", [1, None, True, (1,), b"a", Mode.FAST, np.int64(1), "\udfff", Text("x")]
)
def test_only_text_is_a_key(key: Any) -> None:
    with pytest.raises(ValueError, match=r"m\['a'\] has a key of type \w+"):
        to_json({"a": {key: 1}}, "m")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.int64(3), 3),
        (np.uint8(255), 255),
        (np.float64(0.1), 0.1),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("ü"), "ü"),
        ([np.float64(1), {"a": np.int8(-1)}], [1.0, {"a": -1}]),
        ({np.str_("k"): np.float64(2)}, {"k": 2.0}),
    ],
)
def test_numpy_scalars_become_plain_at_any_depth(value: Any, plain: Any) -> None:
    assert _same(to_json(value, "x"), plain)


class Inner(pydantic.BaseModel):
    when: datetime.date
    rate: float = pydantic.Field(alias="learning rate")


class Outer(pydantic.BaseModel):
    inner: Inner
    tags: set[str]


class Secret(pydantic.BaseModel):
    word: pydantic.SecretStr


def test_a_pydantic_model_becomes_fields_that_make_it_again() -> None:
    model = Outer.model_validate(
        {"inner": {"when": "2024-01-01", "learning rate": 0.1}, "tags": ["a"]}
    )
    fields = to_json([model], "x")[0]
    assert fields == {"inner": {"when": "2024-01-01", "learning rate": 0.1}, "tags": ["a"]}
    assert Outer.model_validate(fields) == model


@pytest.mark.parametrize(
    "model",
    [
        Secret(word=pydantic.SecretStr("x")),
        Inner.model_validate({"when": "2024-01-01", "learning rate": math.nan}),
    ],
)
def test_a_pydantic_model_that_its_fields_do_not_make_again_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match=r"x\[0\].* is .*JSON would not bring it back"):
        to_json([model], "x")


def test_containers_are_new() -> None:
    value = {"a": [1]}
    plain = to_json(value, "x")
    plain["a"].append(2)
    assert value == {"a": [1]}


def test_depth_is_refused_not_a_crash() -> None:
    deep: Any = 0
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match=r"^x\[0\]\[0\].* nested deeper than 100 levels"):
        to_json(deep, "x")
    fair: Any = 0
    for _ in range(100):
        fair = [fair]
    assert to_json(fair, "x") == fair
    assert eval(repr(fair)) == fair


def test_what_is_long_is_shown_short() -> None:
    deep: Any = math.nan
    for _ in range(50):
        deep = [deep]
    with pytest.raises(ValueError, match="is nan") as caught:
        to_json(deep, "x")
    assert len(str(caught.value)) < 200


def test_a_list_of_a_million_numbers_is_no_trouble() -> None:
    numbers = [float(i) for i in range(1_000_000)]
    assert to_json(numbers, "x") == numbers


class Row(dict):  # type: ignore[type-arg]
    pass


@pytest.mark.parametrize(
    ("result", "values"),
    [
        ((1, 2), (1, 2)),
        ([1, 2], (1, 2)),
        (Pair(1, 2), (1, 2)),
        ({"a": 1, "b": 2}, (1, 2)),
        ({"b": 2, "a": 1}, (1, 2)),
        (Row(b=2, a=1), (1, 2)),
        (({"a": 1}, {"b": 2}), ({"a": 1}, {"b": 2})),
        ((None, (1, 2)), (None, (1, 2))),
    ],
)
def test_unpack_matches_by_key_or_position(result: Any, values: Any) -> None:
    assert unpack(result, ["a", "b"]) == values


@pytest.mark.parametrize(
    ("result", "given"),
    [
        ((1, 2, 3), "a tuple of 3"),
        ([1], "a list of 1"),
        ({"a": 1}, "a dict with the keys ['a']"),
        ({"a": 1, "b": 2, "c": 3}, "a dict with the keys ['a', 'b', 'c']"),
        (None, "a NoneType"),
        ("ab", "a str"),
        ({1, 2}, "a set"),
        (np.array([1, 2]), "a ndarray"),
    ],
)
def test_unpack_says_what_does_not_match(result: Any, given: str) -> None:
    with pytest.raises(ValueError, match="was returned") as caught:
        unpack(result, ["a", "b"])
    assert str(caught.value) == (f"{given} was returned where 2 values are declared: ['a', 'b']")
