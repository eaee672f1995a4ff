"""Options that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bridge.errors import ModelError, UsageError

if TYPE_CHECKING:
    from bridge.source import Loaded

__all__ = [
    "Origin",
    "engines",
    "given_parameters",
    "group",
    "json_option",
    "on",
    "parameters",
    "source",
    "store",
    "tell_warning",
    "to",
    "unsupported",
    "warn",
]

Command = Callable[..., Any]


@dataclass(frozen=True)
class Origin:
    """SOURCE as it was named, and what was said of how to read it."""

    text: str
    by: str | None = None
    name: str = ""
    env: str = ""

    def __str__(self) -> str:
        return self.text

    def load(self) -> Loaded:
        """The pipeline that is there."""
        from bridge.source import read_source

        return read_source(self.text, self.by, self.name, self.env)

    def load_whole(self, unsupported: str) -> Loaded:
        """The same; unless that is to be put up with, refused when reading has lost anything."""
        loaded = self.load()
        if loaded.found and unsupported == "raise":
            from bridge.findings import refuse

            refuse(loaded.report, f"'{self}' cannot be read whole")
        return loaded


def source(command: Command) -> Command:
    """The argument SOURCE and the options that go with it; the command is given an ``Origin``."""

    @wraps(command)
    def given(
        source: str, read_from: str | None, pipeline_name: str, env: str, **others: Any
    ) -> Any:
        return command(source=Origin(source, read_from, pipeline_name, env), **others)

    for option in (
        click.option("--env", default="", metavar="NAME", help="The environment that it is for."),
        click.option(
            "--pipeline", "pipeline_name", default="", metavar="NAME", help="Which one in SOURCE."
        ),
        click.option("--from", "read_from", metavar="NAME", help="The kind of SOURCE."),
        click.argument("source"),
    ):
        given = option(given)
    return given


to = click.option("--to", required=True, metavar="NAME", help="The framework to write for.")
unsupported = click.option(
    "--unsupported",
    type=click.Choice(["raise", "warn", "ignore"]),
    default="raise",
    help="What cannot be carried: refuse, leave it out and say so, or leave it out.",
)
group = click.option(
    "--group",
    type=click.Choice(["composite", "tag", "data"]),
    callback=lambda ctx, param, value: value or "",
    help="Steps that share a task: those of a composite, of a group in overrides, or those "
    "that hand on objects.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer with a JSON object.")


def _set_store(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value:
        from bridge.configuration import STORE

        os.environ[STORE] = value  # for the processes of the run too


store = click.option(
    "--store",
    metavar="URL",
    expose_value=False,
    callback=_set_store,
    help="Where files and objects are kept by the local engine: a folder or a URL.",
)


def parameters(command: Command) -> Command:
    """Options for the values that a run starts with."""
    file = click.option(
        "--parameters",
        "parameters_file",
        metavar="FILE",
        type=click.Path(path_type=Path),
        help="Parameters in a YAML or JSON file.",
    )
    one = click.option("-p", "texts", multiple=True, metavar="NAME=VALUE", help="One parameter.")
    return file(one(command))


def given_parameters(declared: Any, file: Path | None, texts: tuple[str, ...]) -> dict[str, Any]:
    """The values given for a run: the file's, the environment's, those on the command line."""
    from bridge.parameters import from_texts, overrides

    return overrides(declared, file, from_texts(texts, declared))


def warn(loaded: Loaded, given: Mapping[str, Any] | None = None) -> None:
    """Tell on stderr what is legal in a pipeline but seldom meant.

    What contradicts itself because reading has lost something is refused for that.
    """
    from bridge.findings import refuse
    from bridge.flow import analyse

    try:
        found = analyse(loaded.pipeline, given)
    except ModelError as error:
        refuse(loaded.report, f"what was read is not whole ({error}), because of this")
        raise
    for warning in found.warnings:
        tell_warning(warning)


def tell_warning(warning: object) -> None:
    """Tell one warning on stderr."""
    click.echo(f"warning: {warning}", err=True)


def engines(ctx: click.Context, param: click.Parameter, value: str) -> list[str]:
    """The engines named in ``--on A,B``."""
    names = [name.strip() for name in value.split(",") if name.strip()]
    if not names:
        raise UsageError("--on needs the names of engines, as in --on local,...")
    return names


on = click.option(
    "--on",
    "on",
    required=True,
    metavar="A,B",
    callback=engines,
    help="The engines, local among them.",
)
