"""Progress of several engines on stderr, and the table of what they gave on stdout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Literal

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from bridge.cli import options
from bridge.cli.describe import failure
from bridge.compare import Comparison, verify
from bridge.model import Pipeline
from bridge.record import Run
from bridge.report.table import rows, verdict

__all__ = ["Live", "table", "verified"]


class Live:
    """A line an engine: its last step, its time; without a terminal, plain lines."""

    def __init__(self, engines: Sequence[str]) -> None:
        self._console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[engine]:<10}"),
            TimeElapsedColumn(),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
        )
        self._tasks = {
            engine: self._progress.add_task("waiting", total=None, start=False, engine=engine)
            for engine in engines
        }
        self._done: dict[str, int] = dict.fromkeys(engines, 0)

    def __enter__(self) -> Live:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def started(self, engine: str) -> None:
        """The engine is about to run."""
        self._progress.start_task(self._tasks[engine])
        self._progress.update(self._tasks[engine], description="starting")
        if not self._console.is_terminal:
            self._console.print(f"{engine}: starting", markup=False, highlight=False)

    def step(self, engine: str, step: str) -> None:
        """A step of the engine has ended."""
        self._done[engine] += 1
        text = f"{self._done[engine]} done, last {step}"
        self._progress.update(self._tasks[engine], description=text)

    def ended(self, engine: str, run: Run) -> None:
        """The engine has run."""
        text = f"{run.status} in {run.seconds:.1f} s"
        self._progress.update(self._tasks[engine], description=text, total=1, completed=1)
        if not self._console.is_terminal:
            self._console.print(f"{engine}: {text}", markup=False, highlight=False)


def verified(
    source: options.Origin,
    on: Sequence[str],
    unsupported: str,
    file: Path | None,
    texts: tuple[str, ...],
) -> tuple[Pipeline, Comparison]:
    """The pipeline at ``source`` and what comparing its engines gave, watched while they run."""
    loaded = source.load_whole(unsupported)
    pipeline = loaded.pipeline
    given = options.given_parameters(pipeline.parameters, file, texts)
    options.warn(loaded, given)
    with Live(on) as live:
        found = verify(pipeline, on, given, live, origin=loaded, unsupported=unsupported)
    return pipeline, found


def table(found: Comparison) -> None:
    """Print the comparison: a row an engine, then where they part."""
    console = Console(highlight=False)
    drawn = Table(box=None, pad_edge=False)
    titles, lines = rows(found)
    for title in titles:
        side: Literal["left", "right"] = "left" if title in ("engine", "status") else "right"
        drawn.add_column(title, justify=side, no_wrap=True)
    for line in lines:
        drawn.add_row(*line)
    console.print(drawn)
    for run in found.runs:
        if run.error:
            console.print(f"{run.on}: {failure(run.error)}", markup=False)
    for difference in found.differences:
        console.print(str(difference), markup=False)
    console.print(verdict(found), style="green" if found.agree else "red", markup=False)
