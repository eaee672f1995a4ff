"""``bridge compare``"""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("compare", short_help="Run on several engines, compare, and write a report.")
@options.source
@options.on
@options.unsupported
@options.parameters
@click.option(
    "-o",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the report goes (comparisons/NAME/report).",
)
@options.json_option
def command(
    source: options.Origin,
    on: list[str],
    unsupported: str,
    parameters_file: Path | None,
    texts: tuple[str, ...],
    folder: Path | None,
    as_json: bool,
) -> int:
    """Verify SOURCE on each engine; write index.html, report.json and report.md into DIR."""
    from bridge.cli.live import table, verified
    from bridge.emit.names import identifier
    from bridge.report import save

    pipeline, found = verified(source, on, unsupported, parameters_file, texts)
    name = identifier(pipeline.name, ascii_only=True)
    folder = folder or Path("comparisons", name, "report")
    save(found, pipeline, folder)
    if as_json:
        answer(found.to_json())
    else:
        table(found)
        click.echo(f"report: {folder / 'index.html'}")
    return 0 if found.agree else 1
