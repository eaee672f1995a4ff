"""What the pipelines of the tests call: plain functions, some annotated and some not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np
import pandas as pd


@dataclass
class Size:
    width: int
    height: int = 2


class Shapes:
    @staticmethod
    def area(size: Size) -> int:
        return size.width * size.height


def echo(value):
    return value


def take(**values):
    return {name: values[name] for name in sorted(values)}


def to_json(catalog, call, REPORTING):  # noqa: N803
    """Named like what generated code uses, as are its arguments."""
    return [catalog, call, REPORTING]


def scale(rate: float, times: int = 3) -> float:
    return rate * times


def increment(x: int) -> int:
    return x + 1


def pair(x: int) -> tuple[int, int]:
    return x, x * 10


def named(x):
    return {"b": x + 2, "a": np.int64(x + 1)}


def maybe(x: int) -> Optional[int]:  # noqa: UP045
    return None if x > 0 else x


def nothing():
    return None


def quiet(x: int) -> None:
    return None


def describe(value: int | None, held: Any) -> str:
    return f"{value} and {held}"


def frame(rows: int) -> pd.DataFrame:
    return pd.DataFrame({"n": range(rows), "square": np.arange(rows) ** 2})


def split(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    half = len(table) // 2
    return table[:half], table[half:]


def total(table: pd.DataFrame) -> int:
    return int(table["square"].sum())


def write_text(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)


def write_both(text: str) -> int:
    for name in ("a.txt", "b.txt"):
        Path(name).write_text(text + name)
    return len(text)


def read_text(path: str) -> str:
    return Path(path).read_text()


def add(left: int, right: int) -> int:
    return left + right


def fail(x):
    Path("half.txt").write_text("done so far")
    raise KeyError(f"no {x}")


def leave(x):
    raise SystemExit(3)


def unpicklable(x):
    return lambda: x


def stream(x) -> Iterator[int]:
    yield x


def echo_node(value=None):
    """Named like the node of another task."""
    return value


def variable(name: str) -> str:
    return os.environ[name]


def prepare(rows: int) -> dict[str, int]:
    Path("numbers.txt").write_text("\n".join(map(str, range(rows))))
    return {"rows": rows}


def numbers() -> list[int]:
    return [int(line) for line in Path("numbers.txt").read_text().split()]


def fit(units: int, rate: float) -> tuple[Size, float]:
    return Size(units, len(numbers())), units * rate


def choose(model_small: Size, model_large: Size) -> Size:
    return max(model_small, model_large, key=lambda model: model.width)


def score(model: Size) -> float:
    return sum(numbers()) / (model.width * 10)


def download(rows: int) -> pd.DataFrame:
    return frame(rows)


def train(table: pd.DataFrame, depth: int) -> Size:
    return Size(depth, len(table))


def evaluate(model: Size) -> float:
    return 1 - 1 / (model.width * model.height)


def best(models: list[Size], scores: list[float]) -> tuple[Size, float]:
    score = max(scores)
    return models[scores.index(score)], score


def judge(best_score: float, goal: float) -> str:
    return "publish" if best_score >= goal else "reject"


def publish(best_model: Size) -> str:
    return f"models/{best_model.width}"


def explain(best_score: float, goal: float) -> str:
    return f"{best_score} is below {goal}"


def announce(verdict: str, address: str = "nowhere") -> str:
    return f"{verdict}: {address}"


def figure():
    from matplotlib.figure import Figure

    return Figure(figsize=(1, 1))
