"""``bridge show``"""

from __future__ import annotations

import click

from bridge.cli import options

__all__ = ["command"]

FORMATS = ["text", "mermaid", "svg", "html", "json", "yaml"]


@click.command("show", short_help="Show a pipeline as text, a drawing or data.")
@options.source
@options.read_from
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="The form.")
def command(source: str, read_from: str | None, form: str) -> int:
    """Show SOURCE."""
    from bridge.show import render
    from bridge.source import load_source

    click.echo(render(load_source(source, read_from), form).rstrip("\n"))
    return 0
