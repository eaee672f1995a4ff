"""Projects that bridge has written: the pipelines behind them, told from the text.

A pipeline is guessed from what the project says, and written again. Only where that gives the very
text of the project is the guess right; else the project is read like any other. Runs in a process
of its own, since writing imports the functions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.adapter import Options
from bridge.emit.python import finish
from bridge.errors import BridgeError
from bridge.inquiry import answer
from bridge.lower.groups import WAYS
from bridge.model import Pipeline
from bridge.recover import UnlikeError
from bridge.serial import from_data, to_data
from bridge.translate import lowered
from bridge_kedro.reading.guess import Guess, module_of
from bridge_kedro.reading.seen import Project
from bridge_kedro.writer import write

__all__ = ["is_likely", "look", "notebooks"]


def is_likely(project: Project, root: Path) -> bool:
    """Whether a project is laid out as the writer does it."""
    return (root / project.src / module_of(project).replace(".", "/") / "pipeline.py").is_file()


def notebooks(project: Project, root: Path) -> str:
    """The file beside which the project has the notebooks and the modules of its tasks."""
    return str(root / project.src / "pipeline.py")


def look(question: Mapping[str, Any]) -> dict[str, Any] | None:
    """The pipeline as data; None for a project that would be written otherwise."""
    root, project = Path(question["root"]), Project.from_json(question["project"])
    sys.path.insert(0, str(root / project.src))
    try:
        found = to_data(Guess(project, root).pipeline())
        pipeline = from_data(found, notebooks(project, root))
        return found if any(_is_written(files, root) for files in _ways(pipeline)) else None
    except (UnlikeError, BridgeError):
        return None


def _ways(pipeline: Pipeline) -> Iterator[Mapping[str, str]]:
    """The files of the project, written in each way in which steps may share a node."""
    known: list[Pipeline] = []
    for way in ("", *WAYS):
        found = lowered(pipeline, "kedro", way).pipeline
        if found not in known:
            known.append(found)
            yield write(found, Options()).files


def _is_written(files: Mapping[str, str], root: Path) -> bool:
    return all(_is_there(root, *file) for file in files.items())


def _is_there(root: Path, path: str, text: str) -> bool:
    try:
        written = (root / path).read_text("utf-8")
    except OSError:
        return False
    return written == (finish(text, path) if path.endswith(".py") else text)


if __name__ == "__main__":
    answer(look)
