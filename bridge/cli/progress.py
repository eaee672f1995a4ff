"""What is told on stderr while something runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from bridge.record import Status, StepRun
from bridge.runner.watch import PassedOn, Watch

if TYPE_CHECKING:
    from rich.progress import TaskID

__all__ = ["told", "watching"]

_MARKS: dict[Status, str] = {"succeeded": "done", "failed": "FAILED", "skipped": "skipped"}
_SHOWN = 8
"""So many steps are shown at once while they run."""


def told(step: str, status: Status = "succeeded") -> None:
    """Say that a step has ended; quiet where nobody watches, save for what went wrong."""
    if sys.stderr.isatty() or status != "succeeded":
        click.echo(f"{_MARKS[status]:>8}  {step}", err=True)


@contextmanager
def watching() -> Iterator[Watch]:
    """What tells of a run here: a display that moves on a terminal, else what went wrong alone.

    Both pass on what tasks write.
    """
    if not sys.stderr.isatty():
        yield _Quiet(partial(print, end="", file=sys.stderr, flush=True))
        return
    live = _Live()
    with live.progress:
        yield live


class _Quiet(PassedOn):
    def ended(self, step: StepRun) -> None:
        super().ended(step)
        told(step.name, step.status)


class _Live(PassedOn):
    """Steps under way with their times, and how far maps have come."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        super().__init__(lambda text: self._print(text.rstrip("\n"), None))
        self.progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.fields[count]}", markup=False),
            TimeElapsedColumn(),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._shown: dict[str, TaskID] = {}
        self._maps: dict[str, list[int]] = {}

    def began(self, name: str) -> None:
        super().began(name)
        if name not in self._shown and len(self._shown) < _SHOWN:
            self._show(name)

    def ended(self, step: StepRun) -> None:
        super().ended(step)
        self._hide(step.name)
        if step.status != "succeeded" or not self._is_item(step.name):
            mark = f"{_MARKS[step.status]:>8}  {step.name}"
            self._print(f"{mark}  {step.seconds:.2f} s", "red" if step.status == "failed" else None)

    def expects(self, name: str, count: int) -> None:
        self._maps[name] = [0, count]
        self._show(name, f"0/{count}")

    def advanced(self, name: str) -> None:
        found = self._maps[name]
        found[0] += 1
        if found[0] == found[1]:
            self._hide(name)
        elif name in self._shown:
            self.progress.update(self._shown[name], count=f"{found[0]}/{found[1]}")

    def _show(self, name: str, count: str = "") -> None:
        self._shown[name] = self.progress.add_task(name, total=None, count=count)

    def _hide(self, name: str) -> None:
        if name in self._shown:
            self.progress.remove_task(self._shown.pop(name))

    def _is_item(self, name: str) -> bool:
        return any(name.startswith(f"{other}.") for other in list(self._maps))

    def _print(self, text: str, style: str | None) -> None:
        from rich.text import Text

        self.progress.console.print(Text.from_ansi(text) if style is None else Text(text, style))
