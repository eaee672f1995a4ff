"""``bridge verify``"""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("verify", short_help="Run on several engines and tell whether they agree.")
@options.source
@options.on
@options.unsupported
@options.parameters
@options.json_option
def command(
    source: options.Origin,
    on: list[str],
    unsupported: str,
    parameters_file: Path | None,
    texts: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run SOURCE on each engine and compare values, objects and files; 0 only if all agree."""
    from bridge.cli.live import table, verified

    _, found = verified(source, on, unsupported, parameters_file, texts)
    if as_json:
        answer(found.to_json())
    else:
        table(found)
    return 0 if found.agree else 1
