"""What the commands that write a project have in common."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli import options
from bridge.cli.fail import answer

if TYPE_CHECKING:
    from bridge.adapter import Export
    from bridge.findings import Report
    from bridge.source import Loaded

__all__ = ["counts", "reading", "writes"]

_OPTIONS = (
    options.json_option,
    click.option("--force", is_flag=True, help="Overwrite files that are there."),
    click.option("--dry-run", is_flag=True, help="Name the files; write none."),
    options.unsupported,
    click.option("-o", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Where to."),
    options.source,
)


def writes(command: options.Command) -> options.Command:
    """A command that writes: from its own options it gives the target and the way of grouping."""

    @wraps(command)
    def writing(
        source: options.Origin,
        folder: Path | None,
        unsupported: str,
        dry_run: bool,
        force: bool,
        as_json: bool,
        **others: Any,
    ) -> int:
        if folder is None and not dry_run:
            raise click.UsageError("give -o DIR, the folder to write into, or --dry-run")
        to, group = command(**others)
        loaded = source.load()
        options.warn(loaded)
        export = _export(loaded, to, None if dry_run else folder, unsupported, force, group)
        if unsupported != "ignore":
            _tell_of_losses(source, loaded, export)
        _answer(source, loaded, to, folder, export, as_json)
        return 0

    found: options.Command = writing
    for option in _OPTIONS:
        found = option(found)
    return found


def _export(
    loaded: Loaded, to: str, folder: Path | None, unsupported: str, force: bool, group: str
) -> Export:
    from bridge.translate import render, write

    if folder is None:
        return render(loaded.pipeline, to, unsupported, group, loaded.found)
    return write(loaded.pipeline, to, folder, unsupported, force, group, loaded.found)


def _tell_of_losses(source: options.Origin, loaded: Loaded, export: Export) -> None:
    for finding in [*loaded.report.told(), *export.report.told()]:
        click.echo(str(finding), err=True)
    if loaded.found:
        click.echo(f"{source} ({loaded.by}): {counts(loaded.report)}", err=True)


def _answer(
    source: options.Origin,
    loaded: Loaded,
    to: str,
    folder: Path | None,
    export: Export,
    as_json: bool,
) -> None:
    from bridge.translate import paths

    written = paths(export, loaded.pipeline)
    if as_json:
        asked = {"source": str(source), "to": to, "folder": str(folder or ""), "files": written}
        answer({**asked, **export.report.to_json(), **reading(loaded)})
        return
    for path in written:
        click.echo(str(folder / path) if folder else path)


def reading(loaded: Loaded) -> dict[str, Any]:
    """What reading has found, for an answer; nothing of a source of bridge's own."""
    return {"reading": loaded.report.to_json()} if loaded.found else {}


def counts(report: Report) -> str:
    """How much was read, and what became of it."""
    totals = report.totals()
    ended = ", ".join(f"{n} {name}" for name, n in totals.items() if n and name != "read")
    return f"{totals['read']} attributes read; {ended}"
