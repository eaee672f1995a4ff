"""Pipelines for people to look at: as a tree, a chart, a drawing, a page, or data."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from bridge import serial
from bridge.errors import ModelError, UsageError
from bridge.flow import Flow
from bridge.model import Pipeline
from bridge.serial.spot import did_you_mean

__all__ = ["FORMATS", "render"]

FORMATS = ("text", "mermaid", "svg", "html", "json", "yaml")

_DATA: dict[str, Callable[[Pipeline], str]] = {"json": serial.dump_json, "yaml": serial.dump_yaml}


def render(what: Pipeline | Flow, format: str = "text") -> str:
    """The pipeline in one of ``FORMATS``.

    What can be drawn is drawn even when the pipeline contradicts itself; the drawing says so.
    Raises UsageError for any other format, ModelError for what cannot be written as data.
    """
    if format not in FORMATS:
        raise UsageError(f"'{format}' is no form to show; {did_you_mean(format, FORMATS)}")
    if format in _DATA:
        return _DATA[format](what.pipeline if isinstance(what, Flow) else what)
    try:
        found: str = import_module(f"bridge.show.{format}").render(what)
    except RecursionError:
        raise ModelError("pipelines are nested too deeply in one another") from None
    return found
