"""Who is told what happens in a run."""

from __future__ import annotations

from collections.abc import Callable

from bridge.record import StepRun
from bridge.runner.history import written
from bridge.runner.work import Log

__all__ = ["PassedOn", "Watch"]


class Watch:
    """Is told what happens, by several threads at once; of this one nobody hears anything."""

    def began(self, name: str) -> None:
        """An attempt at a step has begun."""

    def ended(self, step: StepRun) -> None:
        """A step has ended."""

    def wrote(self, name: str, log: Log) -> None:
        """An attempt has written something: whole lines, or all that was left at its end."""

    def expects(self, name: str, count: int) -> None:
        """A map has so many items."""

    def advanced(self, name: str) -> None:
        """One more item of a map has ended."""


class PassedOn(Watch):
    """Passes on what tasks write, with the name of the step where others ran beside it."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._under_way: set[str] = set()
        self._beside_others: set[str] = set()

    def began(self, name: str) -> None:
        """An attempt at a step has begun."""
        self._under_way.add(name)
        if len(self._under_way) > 1:
            self._beside_others |= self._under_way

    def ended(self, step: StepRun) -> None:
        """A step has ended."""
        self._under_way.discard(step.name)
        self._beside_others.discard(step.name)

    def wrote(self, name: str, log: Log) -> None:
        """An attempt has written something."""
        text = written(log)
        if name in self._beside_others:
            text = "".join(f"{name} | {line}" for line in text.splitlines(keepends=True))
            text += "" if text.endswith("\n") else "\n"
        self._write(text)
