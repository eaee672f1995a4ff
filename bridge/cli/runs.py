"""``bridge runs``"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]

_TITLES = ("run", "pipeline", "engine", "status", "started", "seconds")


@click.command("runs", short_help="The runs made in this folder.")
@options.json_option
def command(as_json: bool) -> int:
    """List the runs made in this folder, the newest first."""
    from bridge.cli.describe import started
    from bridge.runner import history

    found = list(history.runs())
    if as_json:
        answer({"runs": [run.to_json() for run in found]})
    if found and not as_json:
        lines = [
            (r.run_id, r.pipeline, r.on, r.status, started(r), f"{r.seconds:.2f}") for r in found
        ]
        for line in _aligned([_TITLES, *lines]):
            click.echo(line)
    return 0


def _aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines with cells in columns; the last of numbers."""
    *widths, last = (max(map(len, column)) for column in zip(*lines, strict=True))
    for *cells, number in lines:
        texts = [f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)]
        yield "  ".join([*texts, f"{number:>{last}}"])
