"""The functions of the pipelines that are made at random: each gives a result for whatever it gets.

They tell nothing apart that engines may tell differently (the order of a dict, an object's
identity), and what they give stays small, however often it is handed on.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LONGEST = 200


class RefusedError(Exception):
    """A failure of a type of its own."""


@dataclass
class Box:
    items: list[Any] = field(default_factory=list)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


# Values


def same(value: Any) -> Any:
    return value


def untyped(value):  # type: ignore[no-untyped-def]
    return value


def described(value: Any) -> str:
    """What arrived, to the letter."""
    return _text(value)[:_LONGEST]


def pair(value: Any) -> tuple[Any, str]:
    return value, described(value)


def keyed(names: list[str], value: Any) -> dict[str, Any]:
    """A dict to be matched by its keys, the last first."""
    return {name: [value, i] for i, name in reversed(list(enumerate(names)))}


def added(x: int, y: int = 2) -> int:
    return (x + y) % 1000


def scaled(number: float, by: float = 0.5) -> float:
    return (number * by) % 1000


def negated(flag: bool) -> bool:
    return not flag


def doubled(text: str, times: int = 2) -> str:
    return (text * times)[:_LONGEST]


def even(value: Any) -> bool:
    return len(_text(value)) % 2 == 0


def maybe(x: int | None = None) -> str:
    return repr(x)


def optional(x: int = 1, text: str = "none", value: Any = None, values: Any = ()) -> list[Any]:
    return [x, text, described(value), described(list(values))]


def rest(start: str, **others: Any) -> dict[str, Any]:
    """What else there is, as far as its name starts so."""
    return {name: described(others[name]) for name in sorted(others) if name.startswith(start)}


def is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


# Lists


def upto(x: int) -> list[int]:
    return list(range(x % 4))


def halves(x: int) -> list[float]:
    return [i / 2 for i in upto(x)]


def rows(x: int) -> list[list[int]]:
    return [upto(i) for i in upto(x)]


def words(text: str) -> list[str]:
    return text.split(" ")[:3]


def records(value: Any) -> list[dict[str, Any]]:
    return [{"a.b": described(value), "n": i} for i in range(2)]


def length(values: list[Any]) -> int:
    return len(values)


def joined(values: list[Any], text: str = ", ") -> str:
    return text.join(map(described, values))[:_LONGEST]


def lengthened(values: list[Any], value: Any = "more") -> int:
    values.append(value)  # seen by nobody else
    return len(values)


def shaken(value: Any) -> str:
    """Changes what it is given, for itself alone."""
    seen = described(value)
    if isinstance(value, list):
        value.reverse()
        value.append("shaken")
    elif isinstance(value, dict):
        value["shaken"] = value.pop(next(iter(value), ""), None)
    return seen + described(value)


# Objects


def boxed(value: Any) -> Box:
    return Box([value, {1: (2, {3})}])


def opened(thing: Any) -> str:
    """What an object consists of, be it boxes in lists in boxes."""
    return described(_opened(thing))


def _opened(thing: Any) -> Any:
    if isinstance(thing, Box):
        return {"box": [_opened(item) for item in thing.items]}
    if isinstance(thing, list | tuple):
        return [_opened(item) for item in thing]
    return repr(thing) if isinstance(thing, dict) and 1 in thing else thing


def grown(thing: Any, value: Any = "more") -> Any:
    """The object itself, with one thing more in it."""
    if isinstance(thing, Box):
        thing.items.append(value)
    elif isinstance(thing, list):
        thing.append(Box([value]))
    return thing


def emptied(thing: Any) -> str:
    """Takes out of the object what is in it, for itself alone."""
    seen = opened(thing)
    if isinstance(thing, Box):
        thing.items.clear()
    elif isinstance(thing, list):
        thing.clear()
    return seen


# Reducers


def count(values: list[Any]) -> int:
    return len(values)


def ends(*values: Any) -> list[Any]:
    return [*values[:1], *values[-1:]]


# Files


def write(name: str, value: Any) -> None:
    """Puts the file there at once, for another may read what is there already."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(f".{os.getpid()}-{threading.get_ident()}.draft")
    draft.write_text(described(value), encoding="utf-8")
    draft.replace(path)


def write_item(folder: str, value: Any) -> str:
    """A file of its own for each value."""
    name = hashlib.sha256(_text(value).encode()).hexdigest()[:8]
    write(f"{folder}/{name}.txt", value)
    return name


def read(name: str) -> str:
    return Path(name).read_text(encoding="utf-8")


# Surroundings


def variable(name: str) -> str | None:
    return os.environ.get(name)


# Failures


def fail(text: str) -> None:
    raise RefusedError(text)


def fail_if(value: Any, text: str = "refused") -> Any:
    if even(value):
        raise ValueError(text)
    return value


def fail_unless(flag: bool) -> bool:
    if not flag:
        raise KeyError("flag")
    return flag


def unfit(value: Any) -> tuple[Any, float]:
    return value, float("nan")


def write_and_fail(name: str, value: Any) -> None:
    write(name, value)
    raise RefusedError(name)


def flaky(attempt: int, wanted: int = 2) -> int:
    if attempt < wanted:
        raise RefusedError(f"not at attempt {attempt}")
    return attempt
