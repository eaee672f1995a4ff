"""``bridge log``"""

from __future__ import annotations

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("log", short_help="One run: its steps, its results.")
@click.argument("run")
@click.option("--step", metavar="NAME", help="What this step has written, instead.")
@options.json_option
def command(run: str, step: str | None, as_json: bool) -> int:
    """Tell of RUN, by its id: its steps as a tree, with their times, and what it gave."""
    if step is not None:
        return _tell_output(run, step, as_json)
    from bridge.cli.describe import describe
    from bridge.runner import history

    found = history.find(run)
    if as_json:
        answer(found.to_json())
    for line in () if as_json else describe(found, steps=True):
        click.echo(line)
    return 0


def _tell_output(run: str, step: str, as_json: bool) -> int:
    from bridge.runner import history

    found = history.output(run, step)
    if as_json:
        answer({"step": step, "attempts": [{"attempt": a, "output": text} for a, text in found]})
        return 0
    for attempt, text in found:
        if len(found) > 1 or attempt > 1:
            click.echo(f"attempt {attempt}:", err=True)
        click.echo(text, nl=not text.endswith("\n"))
    if not found:
        click.echo(f"'{step}' has written nothing", err=True)
    return 0
