"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from bridge.errors import UsageError

__all__ = [
    "engines",
    "given_parameters",
    "group",
    "json_option",
    "on",
    "parameters",
    "read_from",
    "source",
    "tell_warning",
    "to",
    "warn",
]

Command = Callable[..., Any]

source = click.argument("source")
read_from = click.option("--from", "read_from", metavar="NAME", help="The kind of SOURCE.")
to = click.option("--to", required=True, metavar="NAME", help="The framework to write for.")
group = click.option(
    "--group",
    type=click.Choice(["composite", "tag", "data"]),
    callback=lambda ctx, param, value: value or "",
    help="Steps that share a task: those of a composite, of a group in overrides, or those "
    "that hand on objects.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Answer with a JSON object.")


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


def warn(pipeline: Any, given: Mapping[str, Any] | None = None) -> None:
    """Tell on stderr what is legal in a pipeline but seldom meant."""
    from bridge.flow import analyse

    for warning in analyse(pipeline, given).warnings:
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
