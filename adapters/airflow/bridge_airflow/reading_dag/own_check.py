"""Whether a DAG file is what is written of the pipeline that it was guessed to be.

Runs in a process of its own, since writing imports the user's functions.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.adapter import Options, load
from bridge.emit.python import finish
from bridge.errors import BridgeError, SourceError
from bridge.inquiry import answer, ask
from bridge.model import Pipeline
from bridge.modules import search
from bridge.serial import from_data, to_data
from bridge.translate import lowered

__all__ = ["is_written_so"]


def is_written_so(file: Path, pipeline: Pipeline) -> bool:
    """Whether the file is the DAG of the pipeline, whatever its lines are broken into."""
    question = {"file": str(file), "pipeline": to_data(pipeline)}
    try:
        return bool(ask("bridge_airflow.reading_dag.own_check", question, file))
    except SourceError:
        return False


def _look(question: Mapping[str, Any]) -> bool:
    file = Path(question["file"])
    search(file.parent)
    try:
        inside = lowered(from_data(question["pipeline"]), "airflow").pipeline
        text = load("airflow").write(inside, Options()).files[file.name]
        text = finish(text, file.name)
    except (BridgeError, LookupError):
        return False
    return ast.dump(ast.parse(text)) == ast.dump(ast.parse(file.read_text(encoding="utf-8")))


if __name__ == "__main__":
    answer(_look)
