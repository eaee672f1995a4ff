"""``bridge adapters``"""

from __future__ import annotations

from typing import Any

import click

from bridge.cli import options
from bridge.cli.fail import answer

__all__ = ["command"]


@click.command("adapters", short_help="The adapters that are installed, and what each carries.")
@options.json_option
def command(as_json: bool) -> int:
    """List the adapters; with --json also what each carries, and how."""
    from bridge.adapter import installed

    found = [_description(name) for name in installed()]
    if as_json:
        answer({"adapters": found})
        return 0
    for adapter in found:
        does = ", ".join(verb for verb in ("reads", "writes", "runs") if adapter[verb])
        click.echo(f"{adapter['name']} {adapter['version']} ({adapter['framework']}): {does}")
    return 0


def _description(name: str) -> dict[str, Any]:
    from bridge.adapter import load, version

    adapter = load(name)
    return {
        "name": name,
        "version": version(name),
        "framework": adapter.framework,
        "reads": adapter.reads,
        "writes": True,
        "runs": True,
        "support": {
            feature.value: {"level": support.level.value, "how": support.how}
            for feature, support in adapter.support.items()
        },
    }
