"""The names of the ``runnable`` SDK, so that its pipelines run by ``import bridge as runnable``.

Most are those of the model; what stands here builds on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath
from typing import Any

from bridge.errors import ModelError
from bridge.model import (
    AsyncPipeline,
    Catalog,
    Conditional,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    Task,
)
from bridge.policies import written_at
from bridge.values import Return, json, metric, pickled

__all__ = [
    "AsyncPipeline",
    "AsyncPythonTask",
    "Catalog",
    "Conditional",
    "Fail",
    "Loop",
    "Map",
    "NotebookJob",
    "NotebookTask",
    "Parallel",
    "Pipeline",
    "PythonJob",
    "PythonTask",
    "ShellJob",
    "ShellTask",
    "Stub",
    "Success",
    "json",
    "metric",
    "pickled",
]

Returns = Sequence[Return | str]


def AsyncPythonTask(  # noqa: N802 - stands for a class
    *, function: Callable[..., Any], stream_end_type: str = "done", **given: Any
) -> PythonTask:
    """A call of an asynchronous function, or of a generator that ends with its values.

    Of a generator's events the one of type "done" holds the values, or else the last;
    ``stream_end_type`` names its type for people to read.
    """
    return PythonTask(function=function, **given)


class Job(Pipeline):
    """A pipeline of one task; ``PythonJob`` and its like make one."""

    def execute(self, *, job_id: str | None = None, **options: Any) -> Any:
        """Run the task as ``Pipeline.execute`` does; ``job_id`` names the run."""
        return super().execute(run_id=job_id, is_job=True, **options)


def PythonJob(  # noqa: N802
    *,
    function: Callable[..., Any],
    returns: Returns = (),
    catalog: Catalog | None = None,
    secrets: Sequence[str] = (),
) -> Job:
    """A job of one function, named like it."""
    return _job(PythonTask(function=function, returns=returns, catalog=catalog, secrets=secrets))


def NotebookJob(  # noqa: N802
    *,
    notebook: str,
    returns: Returns = (),
    catalog: Catalog | None = None,
    secrets: Sequence[str] = (),
    optional_ploomber_args: dict[str, Any] | None = None,
) -> Job:
    """A job of one notebook, named like its file."""
    return _job(
        NotebookTask(
            name=PurePath(notebook).stem,
            notebook=notebook,
            returns=returns,
            catalog=catalog,
            secrets=secrets,
            optional_ploomber_args=optional_ploomber_args,
        )
    )


def ShellJob(  # noqa: N802
    *,
    command: str,
    returns: Returns = (),
    catalog: Catalog | None = None,
    secrets: Sequence[str] = (),
) -> Job:
    """A job of one command, named ``job``."""
    return _job(
        ShellTask(name="job", command=command, returns=returns, catalog=catalog, secrets=secrets)
    )


def _job(task: Task) -> Job:
    if task.catalog and task.catalog.get:
        raise ModelError(
            "a job cannot get files, since nothing runs before it; make it a task of a Pipeline",
            written_at(),
        )
    return Job([task], name=task.name)


def Success(*, name: str = "success") -> Stub:  # noqa: N802
    """A step that ends the pipeline well."""
    return Stub(name=name, terminate_with_success=True)


def Fail(*, name: str = "fail") -> Stub:  # noqa: N802
    """A step that ends the pipeline with a failure."""
    return Stub(name=name, terminate_with_failure=True)
