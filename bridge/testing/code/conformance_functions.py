"""The functions of the conformance cases: plain Python, copied into every export."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

# What is heavy is imported where it is used: engines start a process for each step.


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Options:
    size: int
    name: str = "none"


def same(value: Any) -> Any:
    return value


def described(value: Any) -> str:
    """What arrived, to the letter."""
    return repr(value)


def kinds(
    number: float, flag: bool, colour: Colour, path: Path, day: date, options: Options
) -> list[str]:
    return [repr(number), repr(flag), colour.name, path.name, day.isoformat(), repr(options)]


def maybe(value: int | None) -> str:
    return repr(value)


def one() -> int:
    return 1


def two() -> int:
    return 2


def add(a: int, b: int) -> int:
    return a + b


def increment(x: int) -> int:
    return x + 1


def pair() -> tuple[int, str]:
    return 1, "two"


def keyed() -> dict[str, Any]:
    return {"second": "two", "first": 1}


def defaulted(absent: int = 7) -> int:
    return absent


def rest(taken: int, **others: Any) -> dict[str, Any]:
    return {name: others[name] for name in sorted(others) if name.startswith("rest_")}


def nothing() -> None:
    return None


def numpy_numbers() -> dict[str, Any]:
    import numpy as np

    return {
        "int": np.int64(3),
        "floats": [np.float32(0.5), np.float64(0.1)],
        "flag": np.bool_(True),
    }


def odd_json() -> Any:
    return {
        "": [],
        "quote\"s and 'apostrophes'": "{{ params.x }} {% raw %} $(touch pwned) `id` \\ %s {0}",
        "lines\nand\ttabs": "Ünïcode \u2028 🚀 \x00",
        "__type__": {"__classname__": "x", "__data__": [], "__var": {}, "__version__": 1},
        "numbers": [0, -1, 2**70, 1e308, 5e-324, -0.0, 0.1],
        "nested": [[[{"a": None}]], True, False, None],
        "1": "not a number",
    }


def frame() -> Any:
    import pandas as pd

    return pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


def total(frame: Any) -> int:
    frame["a"] += 1  # seen by nobody else
    return int(frame["a"].sum())


def letters() -> list[str]:
    return ["a", "b"]


def lengthened(letters: list[str]) -> int:
    letters.append("c")  # seen by nobody else
    return len(letters)


def any_object() -> Any:
    return {1: (2, {3})}


def member(thing: Any) -> bool:
    return 3 in thing[1][1]


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text)


def write_many() -> None:
    Path("many").mkdir(exist_ok=True)
    for i in range(3):
        Path(f"many/{i}.txt").write_text(str(i))
    Path("many/other.csv").write_text("x")
    Path("with space ü.txt").write_text("odd")
    Path("empty").write_text("")


def read(name: str) -> str:
    return Path(name).read_text()


def remove(name: str) -> None:
    Path(name).unlink()


def count(pattern: str) -> int:
    return len([path for path in Path().glob(pattern) if path.is_file()])


def fail(value: Any = None) -> None:
    raise KeyError('it\'s "gone"')


def write_and_fail() -> None:
    Path("late.txt").write_text("late")
    raise RuntimeError("after the file was written")


def nan() -> float:
    return math.nan


def lock() -> Any:
    return threading.Lock()
