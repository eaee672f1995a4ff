"""One task graph for every workflow framework.

Write a pipeline of plain functions, notebooks and commands once; run it here, or export it as a
native project of the framework that a team has or moves to.
"""

from __future__ import annotations

from bridge.model import (
    Catalog,
    Conditional,
    Dataset,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    ShellTask,
    Stub,
)
from bridge.values import at, constant, fact, json, metric, pickled

__all__ = [
    "Catalog",
    "Conditional",
    "Dataset",
    "Loop",
    "Map",
    "NotebookTask",
    "Parallel",
    "Pipeline",
    "PythonTask",
    "Resources",
    "Retry",
    "ShellTask",
    "Stub",
    "at",
    "constant",
    "fact",
    "json",
    "metric",
    "pickled",
]

__version__ = "0.1.0"
