"""``bridge run``"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.cli import options
from bridge.cli.fail import answer
from bridge.errors import UsageError
from bridge.record import Run, now

if TYPE_CHECKING:
    from bridge.source import Loaded

__all__ = ["command"]


@click.command("run", short_help="Run a pipeline, here or on an engine.")
@options.source
@click.option("--on", "engine", default="local", metavar="NAME", help="The engine (local).")
@options.unsupported
@options.parameters
@click.option("--run-id", metavar="ID", help="The name of this run.")
@click.option("--resume", metavar="RUN", help="Go on where this run stopped.")
@click.option("--rerun-changed", is_flag=True, help="With --resume: run again what has changed.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Tasks at once (one a core).")
@click.option(
    "--workers",
    type=click.Choice(["processes", "threads", "inline"]),
    default="processes",
    help="What tasks run in: processes, threads, or the run's own thread.",
)
@options.store
@options.json_option
def command(
    source: options.Origin,
    engine: str,
    unsupported: str,
    parameters_file: Path | None,
    texts: tuple[str, ...],
    run_id: str | None,
    as_json: bool,
    **local: Any,
) -> int:
    """Run SOURCE in this folder and keep the record."""
    with _stdout_to_stderr() if as_json else contextlib.nullcontext():
        loaded = source.load_whole(unsupported)
        _tell_of_folder(loaded)
        declared = loaded.pipeline.parameters
        given = options.given_parameters(declared, parameters_file, texts)
        run = _run(loaded, engine, given, run_id, unsupported, local)
    if as_json:
        answer(run.to_json())
    else:
        _tell(run)
    return 0 if run.status == "succeeded" else 1


def _tell_of_folder(loaded: Loaded) -> None:
    """Tell when the source means another folder by the paths in it than this one."""
    if loaded.found and loaded.found.root.resolve() != Path.cwd().resolve():
        options.tell_warning(
            f"relative paths of files are read from here, and are meant from '{loaded.found.root}'"
        )


def _run(
    loaded: Loaded,
    engine: str,
    given: dict[str, Any],
    run_id: str | None,
    unsupported: str,
    local: Mapping[str, Any],
) -> Run:
    pipeline = loaded.pipeline
    if engine == "local":
        from bridge.cli.progress import watching
        from bridge.runner import history, run_local

        run_id = run_id or history.new_id()
        try:
            with watching() as watch:
                return run_local(
                    pipeline, given, run_id, warn=options.tell_warning, watch=watch, **local
                )
        except KeyboardInterrupt:
            click.echo(f"run '{run_id}' was interrupted; --resume {run_id} goes on", err=True)
            raise
    from bridge.cli.progress import told

    if local["resume"]:
        raise UsageError(f"--resume is for the local engine; '{engine}' has a way of its own")
    from bridge.compare import check_engines, run_on
    from bridge.runner import history

    check_engines([engine])
    options.warn(loaded, given)
    folder = history.make(run_id or history.new_id())
    started = now()
    history.begin(folder, engine, pipeline.name, started, given)
    run = run_on(
        *(pipeline, engine, given, folder, Path.cwd(), folder.name, lambda s: told(s)),
        origin=loaded,
        unsupported=unsupported,
    )
    run.pipeline, run.started = pipeline.name, started
    history.save(run, folder)
    return run


def _tell(run: Run) -> None:
    from bridge.cli.describe import describe

    for line in describe(run):
        click.echo(line)


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[None]:
    """Send all that the run prints, also in processes it starts, to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
