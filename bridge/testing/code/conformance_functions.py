"""The functions of the conformance cases: plain Python, copied into every export."""

from __future__ import annotations

import logging
import math
import os
import sys
import threading
import time
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


def count_away(pattern: str) -> int:
    """Counts files and removes them."""
    paths = [path for path in Path().glob(pattern) if path.is_file()]
    for path in paths:
        path.unlink()
    return len(paths)


def fail(value: Any = None) -> None:
    raise KeyError('it\'s "gone"')


def write_and_fail() -> None:
    Path("late.txt").write_text("late")
    raise RuntimeError("after the file was written")


def nan() -> float:
    return math.nan


def lock() -> Any:
    return threading.Lock()


def upto(n: int) -> list[int]:
    return list(range(n))


def square(x: int) -> int:
    return x * x


def is_even(x: int) -> bool:
    return x % 2 == 0


def at_least(x: int, limit: int) -> bool:
    return x >= limit


def pick(values: list[Any], index: int) -> Any:
    return values[index]


def appended(values: list[Any], item: Any) -> list[Any]:
    return [*values, item]


def alone_by_default(alone: int = 7) -> int:
    return alone


def counted(carried: int = 0) -> int:
    return carried + 1


def named(prefix: str, **others: Any) -> dict[str, Any]:
    return {name: others[name] for name in sorted(others) if name.startswith(prefix)}


def labelled(label: Any) -> set[Any]:
    return {label, "object"}


def grown(things: set[Any], item: Any) -> set[Any]:
    things.add(item)
    return things


def labels(things: set[Any]) -> list[str]:
    return sorted(map(str, things))


def all_labels(things: list[set[Any]]) -> list[list[str]]:
    return [labels(thing) for thing in things]


def summed(numbers: list[int]) -> int:
    return sum(numbers)


def length(values: list[Any]) -> int:
    return len(values)


def distinct(values: list[Any]) -> int:
    return len(set(values))


def last(values: list[Any]) -> Any:
    return values[-1]


def write_item(folder: str, item: Any) -> None:
    write(f"{folder}/{item}.txt", f"item {item}")


def read_item(folder: str, item: Any) -> str:
    return read(f"{folder}/{item}.txt")


def write_described(name: str, value: Any) -> None:
    write(name, described(value))


def fail_on(x: int, bad: int) -> int:
    if x == bad:
        raise ValueError(f"{x} is bad")
    return x


def read_and_fail(name: str, late: str) -> None:
    write(late, f"{read(name)}, read too late")
    raise RuntimeError("after the file was read")


def make_list():
    return [1]


def append_at(values, attempt, wanted):
    """Change what it is given, and fail before the attempt that is ``wanted``."""
    values.append(attempt)
    return values if attempt == wanted else 1 / 0


def succeed_at(attempt: int, wanted: int) -> int:
    if attempt < wanted:
        raise RuntimeError(f"not at attempt {attempt}")
    return attempt


def third_try(tally: str) -> int:
    """Counts its calls in a file, for each may be in a process of its own."""
    path = Path(tally)
    calls = (path.read_text() if path.exists() else "") + "x"
    path.write_text(calls)
    return succeed_at(len(calls), 3)


def slow_at_first(attempt: int) -> int:
    if attempt == 1:
        time.sleep(60)
    return attempt


def variable(name: str) -> str | None:
    return os.environ.get(name)


def whisper(name: str) -> int:
    """Gives away how long a secret is, and would give away more."""
    print(os.environ[name])  # noqa: T201
    print(f"the token is {os.environ[name]}.", file=sys.stderr)  # noqa: T201
    logging.getLogger("conformance").warning("the token is %s.", os.environ[name])
    return len(os.environ[name])


def blurt(name: str) -> None:
    raise RuntimeError(f"the token {os.environ[name]} is refused", {"token": os.environ[name]})


class TextDataset:
    """A text in a file, and what it is to begin with."""

    def __init__(self, path: str, prefix: str = "") -> None:
        self.path = Path(path)
        self.prefix = prefix

    def load(self) -> str:
        return self.path.read_text().removeprefix(self.prefix)

    def save(self, value: str) -> None:
        self.path.write_text(self.prefix + value)


def told_number(name: str) -> str:
    return os.environ[name]


async def awaited(number: int) -> int:
    return number + 1
