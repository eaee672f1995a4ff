"""``bridge import``"""

from __future__ import annotations

import click

from bridge.cli.writing import writes

__all__ = ["command"]


@click.command("import", short_help="Turn a project of a framework into a pipeline in Python.")
@writes
def command() -> tuple[str, str]:
    """Write SOURCE as pipeline.py, with the modules that it needs, into DIR."""
    return "python", ""
