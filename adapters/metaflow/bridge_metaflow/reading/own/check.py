"""Whether a flow is what is written of the pipeline that it was guessed to be.

Runs in a process of its own, since writing imports the user's functions.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bridge.adapter import Options, load
from bridge.emit.python import finish
from bridge.errors import BridgeError, SourceError
from bridge.inquiry import answer, ask
from bridge.model import Pipeline
from bridge.recover import parse
from bridge.translate import lowered
from bridge_metaflow.reading.own.flow import guess
from bridge_metaflow.reading.source import FlowSource
from bridge_metaflow.reading.source import load as load_flow

__all__ = ["is_right", "is_written_so"]


def is_right(source: FlowSource) -> bool:
    """Whether the guess at a flow is right, which takes the import of its functions."""
    question = {"path": str(source.module.path.resolve()), "name": source.name}
    try:
        return bool(ask("bridge_metaflow.reading.own.check", question, source.module.path))
    except SourceError:
        return False


def is_written_so(source: FlowSource, pipeline: Pipeline) -> bool:
    """Whether this is the flow of the pipeline, whatever the lines are broken into."""
    try:
        files = load("metaflow").write(lowered(pipeline, "metaflow").pipeline, Options()).files
    except BridgeError:
        return False
    name = source.module.path.name
    text = finish(files.get(name, ""), name)
    return ast.dump(parse(text)) == ast.dump(parse(source.module.text))


def _look(question: Mapping[str, Any]) -> bool:
    path = Path(question["path"])
    sys.path.insert(0, str(path.parent))
    source = load_flow(path, question["name"])
    found = guess(source)
    return found is not None and is_written_so(source, found.pipeline)


if __name__ == "__main__":
    answer(_look)
