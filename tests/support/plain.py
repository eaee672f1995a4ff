"""Plain functions that the tests make pipelines of."""

from __future__ import annotations

import math
import os
import sys
import threading
from pathlib import Path
from typing import Any


def one() -> int:
    return 1


def double(x: int) -> int:
    return 2 * x


def add(a: int, b: int) -> int:
    return a + b


def pair() -> tuple[int, str]:
    return 1, "two"


def by_key() -> dict[str, Any]:
    return {"b": "two", "a": 1}


def greet(name: str, greeting: str = "hello") -> str:
    return f"{greeting} {name}"


def rest(a: int, **others: Any) -> list[str]:
    return sorted(others)


def whatever(value: Any) -> Any:
    return value


def untyped(value):
    return value


def kind(value: Any) -> str:
    return type(value).__name__


def as_int(value: int) -> Any:
    return [value, type(value).__name__]


def positional(a: int, /, b: int) -> int:
    return a - b


def thing() -> set[int]:
    return {1, 2, 3}


def size(thing: set[int]) -> int:
    return len(thing)


def grow(thing: set[int]) -> int:
    thing.add(99)
    return len(thing)


def extend(xs: list[int]) -> int:
    xs.append(99)
    return len(xs)


def listed() -> list[int]:
    return [1, 2]


def nan() -> float:
    return math.nan


def lock() -> Any:
    return threading.Lock()


def nothing() -> None:
    return None


def fail() -> None:
    raise KeyError("no such thing")


def leave() -> None:
    sys.exit("gone")


def write(text: str = "written") -> None:
    Path("a.txt").write_text(text)


def write_other() -> None:
    Path("b.txt").write_text("other")


def write_and_fail() -> None:
    Path("a.txt").write_text("written before the end")
    raise RuntimeError("too late")


def read() -> str:
    return Path("a.txt").read_text()


def remove() -> None:
    os.remove("a.txt")  # noqa: PTH107


class Tools:
    @staticmethod
    def triple(x: int) -> int:
        return 3 * x
