"""``bridge diff``"""

from __future__ import annotations

from typing import Any

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("diff", short_help="Where two pipelines differ, whatever they are written in.")
@click.argument("a")
@click.argument("b")
@click.option("--from-a", metavar="NAME", help="The kind of A.")
@click.option("--from-b", metavar="NAME", help="The kind of B.")
@options.json_option
def command(a: str, b: str, from_a: str | None, from_b: str | None, as_json: bool) -> int:
    """Tell where A and B, two sources, differ in what they mean; 0 when they do not.

    A line begins with - for what only A says, with + for what only B says, with ~ for what they say
    differently. Functions are compared by their code, not by their names.
    """
    from bridge.diff import difference

    changes = difference(_described(a, from_a), _described(b, from_b))
    if as_json:
        answer({"a": a, "b": b, "same": not changes, "changes": [c.to_json() for c in changes]})
    else:
        for change in changes:
            click.echo(str(change))
    return 1 if changes else 0


def _described(source: str, by: str | None) -> Any:
    from bridge.description import describe
    from bridge.modules import apart

    with apart():
        loaded = options.Origin(source, by).load()
        for finding in loaded.report.refused():
            options.tell_warning(finding)
        return describe(loaded.pipeline)
