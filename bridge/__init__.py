"""One task graph for every workflow framework.

Write a pipeline of plain functions, notebooks and commands once; run it here, or export it as a
native project of the framework that a team has or moves to.
"""

from __future__ import annotations

from bridge.model import (
    AsyncPipeline,
    Catalog,
    Conditional,
    Dataset,
    ForeignTask,
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
from bridge.sdk import AsyncPythonTask, Fail, NotebookJob, PythonJob, ShellJob, Success
from bridge.values import at, constant, fact, json, metric, pickled

__all__ = [
    "AsyncPipeline",
    "AsyncPythonTask",
    "Catalog",
    "Conditional",
    "Dataset",
    "Fail",
    "ForeignTask",
    "Loop",
    "Map",
    "NotebookJob",
    "NotebookTask",
    "Parallel",
    "Pipeline",
    "PythonJob",
    "PythonTask",
    "Resources",
    "Retry",
    "ShellJob",
    "ShellTask",
    "Stub",
    "Success",
    "at",
    "constant",
    "fact",
    "json",
    "metric",
    "pickled",
]

__version__ = "0.1.0"
