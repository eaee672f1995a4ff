"""What is told on stderr while something runs."""

from __future__ import annotations

import sys

import click

from bridge.record import Status

__all__ = ["told"]

_MARKS: dict[Status, str] = {"succeeded": "done", "failed": "FAILED", "skipped": "skipped"}


def told(step: str, status: Status = "succeeded") -> None:
    """Say that a step has ended; quiet where nobody watches, save for what went wrong."""
    if sys.stderr.isatty() or status != "succeeded":
        click.echo(f"{_MARKS[status]:>8}  {step}", err=True)
