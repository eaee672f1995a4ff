"""``bridge check``"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from bridge.cli import options
from bridge.cli.fail import answer

if TYPE_CHECKING:
    from bridge.findings import Report

__all__ = ["command"]


@click.command("check", short_help="What an export would carry and not; nothing is written.")
@options.source
@options.to
@options.group
@options.json_option
def command(source: options.Origin, to: str, group: str, as_json: bool) -> int:
    """Tell what a translation of SOURCE would carry, approximate and drop."""
    from bridge.cli.writing import reading
    from bridge.translate import check

    loaded = source.load()
    options.warn(loaded)
    report = check(loaded.pipeline, to, group)
    if as_json:
        answer({"source": str(source), "to": to, **report.to_json(), **reading(loaded)})
    else:
        if loaded.found:
            _tell(loaded.report, f"{source} ({loaded.by})")
        _tell(report, f"{source} -> {to}")
    return 2 if report.refused() or loaded.report.refused() else 0


def _tell(report: Report, what: str) -> None:
    from bridge.cli.writing import counts
    from bridge.findings import Level

    for finding in report.findings:
        if finding.level is not Level.CARRIED:
            click.echo(str(finding))
    click.echo(f"{what}: {counts(report)}")
