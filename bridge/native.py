"""bridge's own forms as targets: a pipeline as the Python that makes it, and as YAML.

Whatever a pipeline says is carried; beside it go the user's modules, notebooks and files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path

from bridge import serial
from bridge.adapter import Adapter, Export, Import, Job, Options, Source
from bridge.emit.pipeline import module
from bridge.emit.python import comment
from bridge.errors import UsageError
from bridge.findings import Feature, Support, native
from bridge.model import Pipeline
from bridge.record import Run

__all__ = ["FORMS"]


class _Form:
    """An adapter that knows no framework; what it has written is read without one."""

    name = ""  # no target's own: what is written for any of them is kept
    reads = False
    framework = ""
    support: Mapping[Feature, Support] = dict.fromkeys(Feature, native())

    def __init__(self, render: Callable[[Pipeline, Options], dict[str, str]]) -> None:
        self._render = render

    def recognises(self, source: Path) -> bool:
        return False

    def read(self, source: Source) -> Import:
        raise UsageError(f"'{source.path}' needs no adapter")

    def write(self, pipeline: Pipeline, options: Options) -> Export:
        return Export(self._render(pipeline, options))

    def run(self, job: Job) -> Run:
        raise UsageError("a form is no engine; the local one runs what is written in it")


def _python(pipeline: Pipeline, options: Options) -> dict[str, str]:
    serial.to_data(pipeline)  # refuses what has no literal
    return {"pipeline.py": module(pipeline, options.todos)}


def _yaml(pipeline: Pipeline, options: Options) -> dict[str, str]:
    todos = chain.from_iterable(options.todos.values())
    head = "".join(f"{comment(f'TODO: {todo}')}\n" for todo in todos)
    return {"pipeline.yaml": head + serial.dump_yaml(pipeline)}


FORMS: Mapping[str, Adapter] = {"python": _Form(_python), "yaml": _Form(_yaml)}
"""By the name that ``--to`` has for each."""
