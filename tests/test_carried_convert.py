"""Values fitted to annotations."""
# ruff: noqa: UP006, UP007, UP045 - people still write List, Optional and Union

from __future__ import annotations

import collections.abc
import enum
import typing
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Generic, Literal, NewType, Optional, TypedDict, TypeVar, Union

import numpy as np
import pandas as pd
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.carried.convert import convert

if typing.TYPE_CHECKING:
    from somewhere import Unknown

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Swapped(enum.Enum):
    """A member's name that is another's value: the value counts first."""

    A = "B"
    B = "A"


@dataclass
class Layer:
    size: int
    active: bool = True


@dataclass
class Network:
    layers: list[Layer]
    out: Path | None = None
    rates: dict[str, float] = field(default_factory=dict)


@dataclass
class Strict:
    share: float
    scale: InitVar[int] = 1

    def __post_init__(self, scale: int) -> None:
        if self.share > scale:
            raise ValueError("share is more than all")


@dataclass
class Box(Generic[T]):
    item: T


@dataclass
class Half:
    known: int
    unknown: Unknown


class Model(pydantic.BaseModel):
    rate: float
    layers: list[Layer] = []


class Options(TypedDict):
    a: int


class Foreign:
    pass


UserId = NewType("UserId", int)
foreign = Foreign()
frame = pd.DataFrame({"a": [1]})
model = Model(rate=1)
layer = Layer(3)

FITS = [
    ("3", int, 3),
    (" -3 ", int, -3),
    (3.0, int, 3),
    (2**70, int, 2**70),
    (3, float, 3.0),
    ("0.5", float, 0.5),
    ("1e3", float, 1000.0),
    ("true", bool, True),
    ("False", bool, False),
    ("1", bool, True),
    (0, bool, False),
    (np.int64(3), int, 3),
    (np.float32(0.5), float, 0.5),
    (np.bool_(True), bool, True),
    (np.int64(3), float, 3.0),
    ("r", Colour, Colour.RED),
    ("BLUE", Colour, Colour.BLUE),
    ("A", Swapped, Swapped.B),
    (2, Level, Level.HIGH),
    ("LOW", Level, Level.LOW),
    ("a/b", Path, Path("a/b")),
    ("a/b", PurePosixPath, PurePosixPath("a/b")),
    ("2024-02-29", date, date(2024, 2, 29)),
    ("2024-02-29T12:00:00", datetime, datetime(2024, 2, 29, 12)),
    ("2024-02-29T12:00:00Z", datetime, datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ("12:30", time, time(12, 30)),
    ("2024-02-29", pd.Timestamp, pd.Timestamp(2024, 2, 29)),
    (None, Optional[int], None),
    ("3", Optional[int], 3),
    ("3", int | None, 3),
    ("3", int | str, "3"),
    ("3", float | int, 3.0),
    (3, float | int, 3),
    (3, bool | int, 3),
    ("x", Union[int, Path, str], "x"),
    ("x", int | Path, Path("x")),
    ("x", Foreign | Path, Path("x")),
    ("x", Foreign | None, "x"),
    (["1"], list[int] | None, [1]),
    (["a"], list[int] | list[str], ["a"]),
    ({"size": 1}, Layer | None, Layer(1)),
    ({"size": 1}, Layer | dict, {"size": 1}),
    ("b", Literal["a", "b"], "b"),
    ("2", Literal[1, 2], 2),
    (None, Literal["a", None], None),
    (1, Literal[True, 1], 1),
    (True, Literal[1, True], True),
    ("r", Literal[Colour.RED], Colour.RED),
    ("3", Annotated[int, "positive", []], 3),
    (["3"], list[Annotated[int, "x"]], [3]),
    ("3", UserId, 3),
    (["3"], list[UserId], [3]),
    (["1", 2.0], list[int], [1, 2]),
    ((1, 2), list[int], [1, 2]),
    ((1, 2), list, [1, 2]),
    (["1"], typing.List[int], [1]),
    ([["1"], []], list[list[float]], [[1.0], []]),
    (["a", 1], tuple[str, float], ("a", 1.0)),
    (["1", "2"], tuple[int, ...], (1, 2)),
    ([1, "a"], tuple, (1, "a")),
    ([1, 1], set[int], {1}),
    (["1"], frozenset[int], frozenset({1})),
    (["1"], collections.abc.Sequence[int], [1]),
    (("1",), collections.abc.Sequence[int], ("1",)),
    (["a"], collections.abc.Iterable[Path], [Path("a")]),
    ({"a": 1}, dict[str, float], {"a": 1.0}),
    ({"1": ["2"]}, dict[int, list[int]], {1: [2]}),
    ({"a": "1"}, collections.abc.Mapping[str, int], {"a": 1}),
    ({"size": "3", "active": "false"}, Layer, Layer(3, False)),
    (
        {"layers": [{"size": 1}, {"size": 2.0}], "out": "x", "rates": {"a": 1}},
        Network,
        Network([Layer(1), Layer(2)], Path("x"), {"a": 1.0}),
    ),
    ({"share": "0.5", "scale": 2}, Strict, Strict(0.5, 2)),
    ({"item": 1}, Box[int], Box(1)),
    ({"known": "1", "unknown": "2"}, Half, Half("1", "2")),  # type: ignore[arg-type]
    ({"rate": "0.5", "layers": [{"size": 2}]}, Model, Model(rate=0.5, layers=[Layer(2)])),
]


@pytest.mark.parametrize(("value", "annotation", "expected"), FITS, ids=repr)
def test_a_value_is_fitted(value: Any, annotation: Any, expected: Any) -> None:
    fitted = convert(value, annotation, "x")
    assert type(fitted) is type(expected)
    assert fitted == expected
    assert repr(fitted) == repr(expected)  # to the types of the parts
    assert convert(fitted, annotation, "x") is fitted


SAME = [
    (None, None),
    (None, type(None)),
    (True, bool),
    (3, int),
    (np.float64(0.1), float),
    (Level.LOW, int),
    ("false", str),
    (Colour.RED, Colour),
    (Path("a"), Path),
    (datetime(2024, 1, 1), datetime),
    (datetime(2024, 1, 1), date),
    ([1, 2], list[int]),
    ([1, 2], list),
    ((1, "a"), tuple[int, str]),
    ({1}, set[int]),
    ({"a": 1}, dict[str, int]),
    ({"a": 1}, dict),
    ("text", collections.abc.Sequence[str]),
    (range(3), collections.abc.Iterable[int]),
    (layer, Layer),
    (model, Model),
    (model, Model | None),
    (frame, pd.DataFrame),
    (frame, collections.abc.Iterable),
    # not known here, so left alone
    ({"a": "1"}, Options),
    ({"a": 1}, pd.DataFrame),
    (None, Foreign),
    ("3", Any),
    ("3", T),
    ("3", "int"),
    ("3", {"not": "a type"}),
    ("3", collections.abc.Callable[[], int]),
    ("3", type[int]),
    ("3", object),
    ("3", typing.SupportsInt),
]


@pytest.mark.parametrize(("value", "annotation"), SAME, ids=repr)
def test_what_fits_or_is_not_known_stays_as_it_is(value: Any, annotation: Any) -> None:
    assert convert(value, annotation, "x") is value


MISFITS = [
    ("abc", int, "argument 'x' of type int cannot take 'abc'"),
    (3.5, int, "argument 'x' of type int cannot take 3.5"),
    (float("inf"), int, "argument 'x' of type int cannot take inf"),
    (True, int, "argument 'x' of type int cannot take True"),
    (np.bool_(True), int, "argument 'x' of type int cannot take np.True_"),
    (None, int, "argument 'x' of type int cannot take None"),
    ("", int, "argument 'x' of type int cannot take ''"),
    ([1], int, "argument 'x' of type int cannot take [1]"),
    (True, float, "argument 'x' of type float cannot take True"),
    ("x", float, "argument 'x' of type float cannot take 'x'"),
    (10**400, float, "argument 'x' of type float cannot take 100000000000000000..."),
    ("yes", bool, "argument 'x' of type bool cannot take 'yes'"),
    (2, bool, "argument 'x' of type bool cannot take 2"),
    (1.0, bool, "argument 'x' of type bool cannot take 1.0"),
    (None, bool, "argument 'x' of type bool cannot take None"),
    (5, str, "argument 'x' of type str cannot take 5"),
    (None, str, "argument 'x' of type str cannot take None"),
    (Path("a"), str, "argument 'x' of type str cannot take PosixPath('a')"),
    (0, None, "argument 'x' of type NoneType cannot take 0"),
    ("", None, "argument 'x' of type NoneType cannot take ''"),
    ("green", Colour, "argument 'x' of type Colour cannot take 'green'"),
    (["r"], Colour, "argument 'x' of type Colour cannot take ['r']"),
    (None, Colour, "argument 'x' of type Colour cannot take None"),
    (5, Path, "argument 'x' of type Path cannot take 5"),
    (None, Path, "argument 'x' of type Path cannot take None"),
    ("tomorrow", date, "argument 'x' of type date cannot take 'tomorrow'"),
    (5, datetime, "argument 'x' of type datetime cannot take 5"),
    ("x", int | None, "argument 'x' of type int | None cannot take 'x'"),
    ("x", Optional[int], "argument 'x' of type Optional[int] cannot take 'x'"),
    (True, int | str, "argument 'x' of type int | str cannot take True"),
    ("c", Literal["a", "b"], "argument 'x' of type Literal['a', 'b'] cannot take 'c'"),
    (True, Literal[1], "argument 'x' of type Literal[1] cannot take True"),
    ("abc", list, "argument 'x' of type list cannot take 'abc'"),
    ({"a": 1}, list[int], "argument 'x' of type list[int] cannot take {'a': 1}"),
    ({1}, list, "argument 'x' of type list cannot take {1}"),
    ([1, "a"], list[int], "argument 'x[1]' of type int cannot take 'a'"),
    ([[1], ["a"]], list[list[int]], "argument 'x[1][0]' of type int cannot take 'a'"),
    ([1], tuple[int, int], "argument 'x' of type tuple[int, int] cannot take [1]"),
    ([1, 2, 3], tuple[int, int], "argument 'x' of type tuple[int, int] cannot take [1, 2, 3]"),
    ("ab", tuple[str, str], "argument 'x' of type tuple[str, str] cannot take 'ab'"),
    ([[1]], set, "argument 'x' of type set cannot take [[1]]"),
    (5, collections.abc.Iterable[int], "argument 'x' of type collections.abc.Iterable[int] cannot"),
    ([1], dict, "argument 'x' of type dict cannot take [1]"),
    ({"a": "b"}, dict[str, int], "argument 'x['a']' of type int cannot take 'b'"),
    ({"a": 1}, dict[int, int], "argument 'x.keys()' of type int cannot take 'a'"),
    ({"1": 1, "01": 2}, dict[int, int], "argument 'x' of type dict[int, int] cannot take {"),
    ([1], Layer, "argument 'x' of type Layer cannot take [1]"),
    (None, Layer, "argument 'x' of type Layer cannot take None"),
    ({}, Layer, "argument 'x' of type Layer cannot take {}: missing a required argument: 'size'"),
    (
        {"size": 1, "sise": 2},
        Layer,
        "argument 'x' of type Layer cannot take {'sise': 2, 'size': 1}: "
        "got an unexpected keyword argument 'sise'",
    ),
    ({"size": "a"}, Layer, "argument 'x.size' of type int cannot take 'a'"),
    ({"layers": [{"size": "a"}]}, Network, "argument 'x.layers[0].size' of type int cannot take"),
    (
        {"share": 2},
        Strict,
        "argument 'x' of type Strict cannot take {'share': 2}: share is more than all",
    ),
    ({1: 2}, Layer, "argument 'x' of type Layer cannot take {1: 2}: "),
    ({"rate": "a"}, Model, "argument 'x' of type Model cannot take {'rate': 'a'}: rate: Input"),
    (None, Model, "argument 'x' of type Model cannot take None: "),
]


@pytest.mark.parametrize(("value", "annotation", "message"), MISFITS, ids=lambda v: repr(v)[:40])
def test_what_does_not_fit_is_told_in_a_sentence(value: Any, annotation: Any, message: str) -> None:
    with pytest.raises(ValueError, match="argument 'x") as caught:
        convert(value, annotation, "x")
    assert str(caught.value).startswith(message)
    assert type(caught.value) is ValueError
    assert "\n" not in str(caught.value)


def test_a_long_value_is_shown_short() -> None:
    for value in ("long " * 10_000, list(range(10_000)), frame):
        with pytest.raises(ValueError, match="cannot take") as caught:
            convert(value, int, "x")
        assert len(str(caught.value)) < 120
        assert "\n" not in str(caught.value)


annotations = st.recursive(
    st.sampled_from([int, float, bool, str, None, Colour, Path, datetime, Any, Literal[1, "a"]]),
    lambda inner: (
        st.builds(lambda a: list[a], inner)  # type: ignore[valid-type]
        | st.builds(lambda a: Optional[a], inner)
        | st.builds(lambda a, b: Union[a, b], inner, inner)
        | st.builds(lambda a: dict[str, a], inner)  # type: ignore[valid-type]
        | st.builds(lambda a, b: tuple[a, b], inner, inner)  # type: ignore[valid-type]
    ),
    max_leaves=4,
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=3)
    | st.sampled_from(["1", "true", "r", "2024-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(values, annotations)
def test_it_fits_once_for_all_or_raises_valueerror(value: Any, annotation: Any) -> None:
    try:
        fitted = convert(value, annotation, "x")
    except ValueError:
        return
    assert repr(convert(fitted, annotation, "x")) == repr(fitted)
