"""What a task receives and gives back: inputs, returns, and the kinds of value."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from bridge.errors import ModelError, Where
from bridge.frozen import Frozen

__all__ = [
    "At",
    "Constant",
    "Fact",
    "Input",
    "Kind",
    "Return",
    "at",
    "constant",
    "fact",
    "json",
    "metric",
    "pickled",
    "to_input",
    "to_return",
]


class Kind(StrEnum):
    """How a value travels: as JSON, as JSON that is also listed apart, or as an object."""

    JSON = "json"
    METRIC = "metric"
    PICKLED = "pickled"


class Return(Frozen):
    """A name that a task gives back, and how its value travels."""

    name: str
    kind: Kind = Kind.JSON


def json(name: str) -> Return:
    """A value that is JSON: it must survive the trip through JSON unchanged."""
    return Return(name, Kind.JSON)


def metric(name: str) -> Return:
    """A JSON value that is listed among the run's metrics."""
    return Return(name, Kind.METRIC)


def pickled(name: str) -> Return:
    """Any object that can be pickled."""
    return Return(name, Kind.PICKLED)


class At(Frozen):
    """A place inside a JSON value of the scope: ``At("model", ("layers", 0))``."""

    name: str
    path: tuple[str | int, ...] = ()


class Constant(Frozen):
    """A JSON value written into the pipeline itself."""

    value: Any


class Fact(Frozen):
    """A fact of the run: ``run_id``, ``step``, ``attempt`` or ``logical_date``."""

    name: str


Input = At | Constant | Fact

FACTS = ("run_id", "step", "attempt", "logical_date")


def at(name: str, *path: str | int) -> At:
    """The value of ``name``, or what stands in it at ``path`` (keys and positions)."""
    return At(name, path)


def constant(value: Any) -> Constant:
    """This JSON value itself."""
    return Constant(value)


def fact(name: str) -> Fact:
    """A fact of the run: ``run_id``, ``step``, ``attempt`` or ``logical_date``."""
    if name not in FACTS:
        raise ModelError(f"'{name}' is not a fact of a run; there are {', '.join(FACTS)}")
    return Fact(name)


def to_input(value: Any, where: Where | None = None) -> Input:
    """The input that ``value`` stands for; text is the name of a value in the scope."""
    if isinstance(value, str):
        return At(value)
    if isinstance(value, At | Constant | Fact):
        return value
    raise ModelError(
        f"an input is a name, at(...), constant(...) or fact(...), not {value!r}", where
    )


def to_return(value: Any, where: Where | None = None) -> Return:
    """The return that ``value`` stands for; text is a JSON value's name."""
    found = Return(value) if isinstance(value, str) else value
    if not isinstance(found, Return) or not isinstance(found.name, str) or not found.name:
        raise ModelError(
            f"a return is a name, json(...), pickled(...) or metric(...), not {value!r}", where
        )
    return found
