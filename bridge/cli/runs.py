"""``bridge runs``"""

from __future__ import annotations

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("runs", short_help="The runs made in this folder.")
@options.json_option
def command(as_json: bool) -> int:
    """List the runs made in this folder, the newest first."""
    from bridge.runner import history

    found = list(history.runs())
    if as_json:
        answer({"runs": [run.to_json() for run in found]})
    for run in () if as_json else found:
        click.echo(f"{run.run_id}  {run.on:<10}  {run.status:<9}  {run.seconds:8.2f} s")
    return 0
