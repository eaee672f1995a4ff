"""``bridge export``"""

from __future__ import annotations

import click

from bridge.cli import options
from bridge.cli.writing import writes

__all__ = ["command"]


@click.command("export", short_help="Write a native project for a framework.")
@writes
@options.to
@options.group
def command(to: str, group: str) -> tuple[str, str]:
    """Write SOURCE as a native project into DIR; with --to python or yaml as bridge's own."""
    return to, group
