"""``bridge show``"""

from __future__ import annotations

import click

from bridge.cli import options

__all__ = ["command"]

FORMATS = ["text", "mermaid", "svg", "html", "json", "yaml"]


@click.command("show", short_help="Show a pipeline as text, a drawing or data.")
@options.source
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="The form.")
def command(source: options.Origin, form: str) -> int:
    """Show SOURCE."""
    from bridge.show import render

    click.echo(render(source.load().pipeline, form).rstrip("\n"))
    return 0
