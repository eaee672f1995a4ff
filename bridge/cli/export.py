"""``bridge export``"""

from __future__ import annotations

from pathlib import Path

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("export", short_help="Write a native project for a framework.")
@options.source
@options.to
@options.read_from
@click.option("-o", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Where to.")
@click.option(
    "--unsupported",
    type=click.Choice(["raise", "warn", "ignore"]),
    default="raise",
    help="What cannot be carried: refuse, leave it out and say so, or leave it out.",
)
@options.group
@click.option("--dry-run", is_flag=True, help="Name the files; write none.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@options.json_option
def command(
    source: str,
    to: str,
    read_from: str | None,
    folder: Path | None,
    unsupported: str,
    group: str,
    dry_run: bool,
    force: bool,
    as_json: bool,
) -> int:
    """Write SOURCE as a native project into DIR."""
    from bridge.findings import Level
    from bridge.source import load_source
    from bridge.translate import paths, render, write

    if folder is None and not dry_run:
        raise click.UsageError("give -o DIR, the folder to write into, or --dry-run")
    pipeline = load_source(source, read_from)
    options.warn(pipeline)
    if dry_run or folder is None:
        export = render(pipeline, to, unsupported, group)
    else:
        export = write(pipeline, to, folder, unsupported, force, group)
    written = paths(export, pipeline)
    if unsupported != "ignore":
        for finding in export.report.findings:
            if finding.level in (Level.DROPPED, Level.UNSUPPORTED, Level.APPROXIMATED):
                click.echo(str(finding), err=True)
    if as_json:
        answer(
            {
                "source": source,
                "to": to,
                "folder": str(folder or ""),
                "files": written,
                **export.report.to_json(),
            }
        )
    else:
        for path in written:
            click.echo(str(folder / path) if folder else path)
    return 0
