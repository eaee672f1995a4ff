"""What a refused or failed command says: a sentence on stderr, and with ``--json`` an object."""

from __future__ import annotations

import json
import sys

import click

from bridge.errors import BridgeError, TranslationError

__all__ = ["answer", "fail"]


def fail(error: BridgeError) -> int:
    """Tell the error and give the exit code."""
    click.echo(f"bridge: {error}", err=True)
    if "--json" in sys.argv:
        report = error.report.to_json() if isinstance(error, TranslationError) else {}
        answer({"error": {"type": type(error).__name__, "message": str(error)}, **report})
    return error.exit_code


def answer(value: object) -> None:
    """Print one JSON object on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
