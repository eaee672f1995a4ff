"""``bridge log``"""

from __future__ import annotations

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("log", short_help="One run: its steps, its results.")
@click.argument("run")
@options.json_option
def command(run: str, as_json: bool) -> int:
    """Tell of RUN, by its id: its steps as a tree, with their times, and what it gave."""
    from bridge.cli.describe import describe
    from bridge.runner import history

    found = history.find(run)
    if as_json:
        answer(found.to_json())
    for line in () if as_json else describe(found, steps=True):
        click.echo(line)
    return 0
