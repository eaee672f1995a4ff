"""What the pipelines of these tests call."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Model:
    """A model that remembers what it was made of."""

    size: int
    words: set[str]


def prepare(rows: int, ratio: float) -> dict[str, Any]:
    """Write some data and say how much there is."""
    Path("data").mkdir(exist_ok=True)
    Path("data/train.csv").write_text("x\n" * rows)
    return {"train": rows, "test": int(rows * ratio), "missing": None}


def train(size: int, counts: dict[str, Any]) -> tuple[Model, float]:
    """Return a model and how good it is."""
    counts["train"] -= 1  # what it was given is its own
    lines = Path("data/train.csv").read_text().splitlines()
    return Model(size, {"alpha", "beta", "gamma"}), size / len(lines)


def select(first: Model, second: Model, first_score: float, second_score: float):
    first.words.clear()
    return second if second_score > first_score else first


def evaluate(model: Model, counts: dict[str, Any]) -> dict[str, Any]:
    return {"size": model.size, "words": sorted(model.words), "counts": counts}


def table(n: int) -> Any:
    import pandas as pd

    return pd.DataFrame({"n": range(n), "half": [i / 2 for i in range(n)]})


def total(frame: Any) -> float:
    return float(frame["half"].sum())


def one() -> int:
    return 1


def add(a: Any, b: Any = 0) -> Any:
    return a + b


def same(value: Any) -> Any:
    return value


def append(items: list[Any], item: Any) -> list[Any]:
    """Change what is given, in place."""
    items.append(item)
    return items


def odd(**values: Any) -> dict[str, Any]:
    return dict(sorted(values.items()))


def everything(
    whole: int, part: float, text: str, flag: bool, nothing: Any, deep: Any
) -> list[Any]:
    return [whole, part, text, flag, nothing, deep]


def pair(a: Any, b: Any) -> dict[str, Any]:
    return {"self": a, 'a"b': b, "merge_artifacts!": "a", "merge_artifacts?": "b"}


def facts(run: str, step: str, attempt: int, when: str) -> list[Any]:
    return [bool(run), step, attempt, when[:2]]


class OutOfLuckError(Exception):
    """An exception of the user's own."""


def fail(text: str) -> None:
    Path("kept.txt").write_text("kept")
    raise OutOfLuckError(text)


def die() -> None:
    import os

    os._exit(3)


def unpicklable() -> Any:
    return threading.Lock()


def a_function() -> Any:
    return one


def not_a_number() -> float:
    return float("nan")


def nothing() -> None:
    return None


def write_nothing() -> int:
    return 1


def fetch(url: str) -> str:
    """Get a page."""
    return f"the page at {url}"


def count(page: str) -> int:
    """Count the words of a page."""
    return len(page.split())


def judge(words: list[int], limit: int) -> tuple[str, int]:
    """Is there enough to publish?"""
    return ("long" if sum(words) >= limit else "short"), sum(words)


def publish(total: int) -> str:
    """Publish the pages."""
    return f"example.org/{total}"


def complain(total: int) -> None:
    """Tell that there is too little."""
    print(f"only {total} words")


def summarise(total: int, address: str = "nowhere") -> str:
    """Say where the words are."""
    return f"{total} words at {address}"


def largest(values: list[int]) -> int:
    return max(values, default=0)


def grow(items: list[Any], by: Any) -> list[Any]:
    items.append(by)
    return items


def grow_and_fail(items: list[Any], text: str) -> tuple[list[Any], int]:
    """Change what is given, store a file, and fail."""
    items.append(text)
    Path("kept.txt").write_text(text)
    if text:
        raise OutOfLuckError(text)
    return items, len(items)


def read() -> str:
    return Path("kept.txt").read_text()


def doubled(x: int, limit: int) -> tuple[int, bool]:
    return 2 * x, 2 * x > limit
