"""What the tasks of the tests do."""

import os
import sys
from pathlib import Path
from typing import Any

import pandas


def prepare(rows: int, scale: float) -> tuple[dict[str, int], pandas.DataFrame]:
    table = pandas.DataFrame({"x": range(rows), "y": [i * scale for i in range(rows)]})
    Path("table.csv").write_text(table.to_csv(index=False))
    return {"rows": rows}, table


def train(table: pandas.DataFrame, degree: int) -> tuple[dict[str, Any], float]:
    Path(f"weights-{degree}.txt").write_text(f"{table.y.sum() * degree}")
    return {"degree": degree, "slope": float(table.y.iloc[-1])}, 1.0 / degree


def select(model_a: dict[str, Any], model_b: dict[str, Any], score_a: float, score_b: float) -> Any:
    return model_a if score_a >= score_b else model_b


def evaluate(best: dict[str, Any]) -> tuple[float, None]:
    assert len(Path("table.csv").read_text().splitlines()) > 2
    return best["slope"] + 0.5, None


def same(value: Any) -> Any:
    return value


def pair(value: Any, other: Any = "none given") -> list[Any]:
    return [value, other]


def add_one(total: int) -> int:
    return total + 1


def sort_of(value: Any) -> str:
    return type(value).__name__


def everything(**values: Any) -> dict[str, Any]:
    values["changed"] = values.pop("nested", None)
    return values


def change(nested: dict[str, Any]) -> int:
    nested["more"] = 1
    return len(nested)


def odd_values() -> tuple[Any, ...]:
    return (
        None,
        1.0,
        {"__classname__": "builtins.tuple", "__version__": 1, "__data__": [1]},
        {"__type": "dict", "__var": {"a": 1}},
        [2**70, -(2**63) - 1, -0.0, 1e308, 5e-324, {"__id__": None}],
        "{{ 1 + 1 }} {% raw %} \x00 \u2028 Ünï /tmp/x.sh",
    )


def facts(run_id: str, attempt: int, when: str, step: str) -> dict[str, Any]:
    return {"run_id": run_id, "attempt": attempt, "dated": when[:2], "step": step}


def positional(value: int, /, *, other: float) -> float:
    return value + other


class Model:
    """An object of the user's own module, with a method as a task."""

    def __init__(self, weight: int) -> None:
        self.weight = weight

    @staticmethod
    def make(weight: int) -> "Model":
        return Model(weight)


def weigh(model: Model) -> int:
    assert type(model) is Model
    return model.weight


def no_bridge() -> bool:
    return "bridge" not in sys.modules


def fail_after_writing(message: str) -> None:
    Path("left.txt").write_text("left behind")
    raise KeyError(message)


def not_json() -> float:
    return float("nan")


def not_picklable() -> Any:
    return lambda: os.getpid()


def nothing() -> None:
    pass


def find_pages(topic: str, count: int) -> list[str]:
    return [f"{topic}-{number}" for number in range(count)]


def fetch(page: str) -> str:
    return f"the text of {page}"


def count_words(text: str) -> int:
    return len(text.split())


def archive(words: list[int]) -> str:
    return f"archived {sum(words)} words"


def ask_for_more(topic: str) -> str:
    return f"who knows more about {topic}?"


def publish(note: str) -> str:
    return note.upper()


def square(value: int) -> int:
    return value * value


def note_file(name: str, text: str) -> None:
    Path(name).write_text(text)


def variable(name: str) -> str | None:
    return os.environ.get(name)


def several(first: Any = "none", second: Any = "none", third: Any = "none") -> list[Any]:
    return [first, second, third]
