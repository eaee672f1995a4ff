"""The command line: one file a command, each imported only when it is called."""

from __future__ import annotations

import importlib
import keyword
import sys
from typing import Any

import click

from bridge.cli.fail import fail
from bridge.errors import BridgeError

__all__ = ["main"]

COMMANDS = {
    "adapters": "The adapters that are installed, and what each carries.",
    "catalog": "The files and objects that runs have stored.",
    "check": "What an export would carry and not; nothing is written.",
    "compare": "Run on several engines, compare, and write a report.",
    "convert": "Turn a project of one framework into one of another.",
    "diff": "Where two pipelines differ, whatever they are written in.",
    "export": "Write a native project for a framework.",
    "import": "Turn a project of a framework into a pipeline in Python.",
    "log": "One run: its steps, its results.",
    "run": "Run a pipeline, here or on an engine.",
    "runs": "The runs made in this folder.",
    "show": "Show a pipeline as text, a drawing or data.",
    "verify": "Run on several engines and tell whether they agree.",
}


class _Commands(click.Group):
    """The group; a command's module is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        found: click.Command = importlib.import_module(f"bridge.cli.{name}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], COMMANDS, 1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"there is no command '{args[0]}'{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bridge-core", prog_name="bridge")
@click.option("--traceback", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def bridge(ctx: click.Context, traceback: bool) -> None:
    """One task graph for every workflow framework.

    SOURCE is file.py, file.py:object, package.module:object, pipeline.yaml or a folder, or what an
    adapter reads: a file or a folder, with :NAME behind it where it holds several pipelines.
    """
    ctx.obj = {"traceback": traceback}


def main() -> None:
    """The command ``bridge``; ends the process with the exit code."""
    try:
        code = bridge.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.exceptions.Abort:
        code = 130
    except BridgeError as error:
        if "--traceback" in sys.argv:
            raise
        code = fail(error)
    sys.exit(code if isinstance(code, int) else 0)
