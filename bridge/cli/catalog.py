"""``bridge catalog``"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bridge.cli import options
from bridge.cli.fail import answer
from bridge.errors import UsageError

__all__ = ["command"]

_HOUR = 3600.0


@click.group("catalog", short_help="The files and objects that runs have stored.")
@click.option("--store", metavar="URL", help="The store, if not the one that is configured.")
@click.pass_context
def command(ctx: click.Context, store: str | None) -> None:
    """List, fetch, check and tidy up what runs have stored.

    The store is a folder or a URL: that of --store, else of BRIDGE_STORE, else of 'store' below
    [tool.bridge] in pyproject.toml, else a folder below .bridge.
    """
    from bridge.catalog import open_store

    ctx.obj = open_store(store)


@command.command("ls")
@click.argument("run", required=False)
@options.json_option
@click.pass_obj
def ls(store: Any, run: str | None, as_json: bool) -> int:
    """List the files of RUN, or all that the store holds, with sizes in bytes."""
    from bridge.catalog import upkeep

    if run is None:
        found = [{"ref": ref, "bytes": size} for ref, size, _ in store.contents()]
    else:
        from bridge.runner import history

        files = history.find(run).files
        found = [{"path": path, **held} for path, held in upkeep.sizes(store, files).items()]
    if as_json:
        answer({"store": str(store), "contents": found})
    for one in () if as_json else found:
        size = "not stored" if one["bytes"] is None else one["bytes"]
        click.echo(f"{size:>12}  {one.get('path', one['ref'])}")
    return 0


@command.command("get")
@click.argument("run")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("-o", "folder", type=click.Path(path_type=Path), default=Path(), metavar="DIR")
@click.pass_obj
def get(store: Any, run: str, paths: tuple[str, ...], folder: Path) -> int:
    """Write files of RUN, by path or glob (default: all), below DIR (default: here)."""
    from bridge.catalog import upkeep
    from bridge.runner import history

    for path in upkeep.fetch(store, history.find(run).files, paths, folder):
        click.echo(path)
    return 0


@command.command("verify")
@options.json_option
@click.pass_obj
def verify(store: Any, as_json: bool) -> int:
    """Read all that the store holds, and tell what is damaged and what is missing.

    A file of a run is missing when the store does not hold it; one put with store_copy=False never
    was there. Damage ends the command with code 1.
    """
    from bridge.catalog import upkeep
    from bridge.runner import history

    damaged = [text for _, text in upkeep.damage(store)]
    missing = [
        f"run {run.run_id}: {path} ({run.files[path]}) is not in the store"
        for run in history.runs()
        if run.on == "local"
        for path, held in upkeep.sizes(store, run.files).items()
        if held["bytes"] is None
    ]
    if as_json:
        answer({"store": str(store), "damaged": damaged, "missing": missing})
    for line in () if as_json else [*damaged, *missing]:
        click.echo(line)
    return 1 if damaged else 0


@command.command("gc")
@click.option("--dry-run", is_flag=True, help="Tell what would be removed.")
@click.option(
    "--older-than",
    "hours",
    type=click.FloatRange(0),
    default=24.0,
    metavar="HOURS",
    help="Keep what was stored since (24); less only while nothing runs.",
)
@click.option(
    "--home",
    "homes",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder of runs that use the store (.bridge); name all.",
)
@options.json_option
@click.pass_obj
def gc(store: Any, dry_run: bool, hours: float, homes: tuple[Path, ...], as_json: bool) -> int:
    """Remove what no run refers to.

    A run refers to all hashes in its folder below .bridge/runs; remove that folder to forget it.
    """
    from bridge.catalog import upkeep
    from bridge.configuration import home

    if not homes and not upkeep.is_own(store, home()):
        raise UsageError(
            f"runs kept in several folders may use the store {store}; name each such folder "
            f"with --home, as in --home '{home()}'"
        )
    removed = upkeep.collect_garbage(store, homes or [home()], hours * _HOUR, dry_run)
    if as_json:
        answer({"store": str(store), "removed": removed.contents, "bytes": removed.size})
    else:
        done = "would be removed" if dry_run else "removed"
        click.echo(f"{removed.contents} contents of {removed.size} bytes {done}")
    return 0
