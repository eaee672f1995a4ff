"""``bridge convert``"""

from __future__ import annotations

import click

from bridge.cli import options
from bridge.cli.writing import writes

__all__ = ["command"]


@click.command("convert", short_help="Turn a project of one framework into one of another.")
@writes
@options.to
@options.group
def command(to: str, group: str) -> tuple[str, str]:
    """Read SOURCE, a project of some framework, and write it as one of another into DIR."""
    return to, group
