"""``bridge check``"""

from __future__ import annotations

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("check", short_help="What an export would carry and not; nothing is written.")
@options.source
@options.read_from
@options.to
@options.group
@options.json_option
def command(source: str, read_from: str | None, to: str, group: str, as_json: bool) -> int:
    """Tell what a translation of SOURCE would carry, approximate and drop."""
    from bridge.findings import Level
    from bridge.source import load_source
    from bridge.translate import check

    pipeline = load_source(source, read_from)
    options.warn(pipeline)
    report = check(pipeline, to, group)
    totals = report.totals()
    if as_json:
        answer({"source": source, "to": to, **report.to_json()})
    else:
        for finding in report.findings:
            if finding.level is not Level.CARRIED:
                click.echo(str(finding))
        counts = ", ".join(f"{n} {name}" for name, n in totals.items() if n and name != "read")
        click.echo(f"{source} -> {to}: {totals['read']} attributes read; {counts}")
    return 2 if report.refused() else 0
