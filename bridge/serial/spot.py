"""Where something stands in a model's data, and what is said when it is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.errors import ModelError, Problem, Where
from bridge.suggest import did_you_mean

__all__ = ["Lines", "Problems", "Spot", "did_you_mean", "shown"]

Lines = Mapping[int, Mapping[Any, int]]
"""The line of each key or item of a container, by the container's ``id``."""


@dataclass(frozen=True)
class Spot:
    """A place in the data: ``trail`` inside ``owner``, and where that is written."""

    owner: str
    where: Where | None = None
    trail: str = ""
    lines: Lines = field(default_factory=dict)

    def at(self, container: Any, key: str | int) -> Spot:
        """The place of a key or an item of ``container``, which stands here."""
        line = self.lines.get(id(container), {}).get(key)
        where = self.where._replace(line=line) if self.where and line else self.where
        dotted = isinstance(key, str) and key.isidentifier()
        trail = f"{self.trail}.{key}" if dotted else f"{self.trail}[{key!r}]"
        return Spot(self.owner, where, trail.removeprefix("."), self.lines)

    def of(self, owner: str, where: Where | None) -> Spot:
        """The place of something inside that has a name of its own."""
        return Spot(owner, where, "", self.lines)

    def refuse(self, what: str) -> ModelError:
        """The error that says what is wrong here."""
        subject = f"{self.trail} of {self.owner}" if self.trail else self.owner
        return ModelError(f"{subject} {what}", self.where)


class Problems:
    """Does one thing after the other and gathers what goes wrong, to tell all of it at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def run(self, action: Callable[..., Any], *given: Any) -> Any:
        """What the action gives; None when it raised a ModelError, which is kept."""
        try:
            return action(*given)
        except ModelError as error:
            self.add(error)

    def add(self, error: ModelError) -> None:
        """Keep what ``error`` says."""
        self._found += error.problems

    def tell(self) -> None:
        """Raise ModelError with all that went wrong, if anything did."""
        if self._found:
            raise ModelError(self._found)


def shown(value: Any) -> str:
    """A value inside a message: itself when it is short, else what it is."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
