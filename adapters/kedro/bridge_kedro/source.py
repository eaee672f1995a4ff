"""Running a project as it is: by a ``KedroSession``, watched by a hook."""

from __future__ import annotations

import inspect
import os
from typing import Any

import pluggy
from kedro.framework.session import KedroSession

from bridge.adapter import Job
from bridge.carried.values import to_json
from bridge.engine import serve
from bridge.flow import Stored
from bridge.model import Pipeline, Task
from bridge.record import Run, Status
from bridge.results import settle, settle_datasets
from bridge.values import Kind
from bridge_kedro.reader import steps_of
from bridge_kedro.reading.looking import note_places, project_at
from bridge_kedro.reading.telling import Tell

__all__ = ["NAME", "run"]

NAME = "KEDRO_PIPELINE"
"""The variable that names the pipeline to run."""

hook_impl = pluggy.HookimplMarker("kedro")


def run(job: Job) -> Run:
    """Run the project at ``job.project``, of which ``job.pipeline`` is what was read."""
    note_places()
    root = job.project.resolve()
    name = os.environ.get(NAME, "")
    project = project_at(root, name, os.environ.get("KEDRO_ENV", ""))
    steps = steps_of(project, root, Tell(root))
    watch = _Watch(job, steps.names)
    with KedroSession.create(project_path=root) as session:
        if steps.facts:  # else it is the time of day, by which Kedro puts versions in order
            session._store["session_id"] = job.run_id
        session._hook_manager.register(watch)
        try:
            session.run(**_named(session, project.pipeline))
        except (Exception, SystemExit) as error:
            watch.fail(error)
    settle_datasets(watch.run, watch.saved.values())
    return watch.run


def _named(session: Any, name: str) -> dict[str, Any]:
    """The argument by which this version of Kedro is told which pipeline to run."""
    known = inspect.signature(session.run).parameters
    return {"pipeline_names": [name]} if "pipeline_names" in known else {"pipeline_name": name}


class _Watch:
    """A hook that notes what nodes give: values at once, datasets by what they hold at the end.

    ``names`` are what datasets are called in the pipeline that was read.
    """

    def __init__(self, job: Job, names: dict[str, str]) -> None:
        status: Status = "succeeded"
        self.run = Run(job.run_id, "source", status)
        self.run.parameters = {**job.pipeline.parameters, **job.parameters}
        self.saved: dict[str, Stored] = {}
        self._job, self._names, self._current = job, names, ""
        self._kinds = _kinds(job.pipeline)

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Set each parameter as a whole and as it is; ``--params`` would merge and expand them."""
        if self._job.parameters:
            declared = context.config_loader["parameters"]
            context.config_loader["parameters"] = {**declared, **self._job.parameters}

    @hook_impl
    def before_dataset_loaded(self, node: Any) -> None:
        self._current = node.name

    @hook_impl
    def before_node_run(self, node: Any) -> None:
        self._current = node.name

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Any) -> None:
        name = self._names.get(dataset_name, dataset_name)
        if name in self._job.pipeline.datasets:
            self.saved[name] = Stored(name, self._job.pipeline.datasets[name])
            return
        kind = self._kinds.get(name, Kind.PICKLED)
        settle(self.run, {name: (kind, data if kind is Kind.PICKLED else to_json(data, name))})
        if dataset_name == node.outputs[-1]:
            self._job.progress(node.name)

    def fail(self, error: BaseException) -> None:
        """Note a failure, and the node under way."""
        self.run.status = "failed"
        told = {"type": type(error).__name__, "text": str(error)}
        self.run.error = {"step": self._current, "attempt": 1, **told}


def _kinds(pipeline: Pipeline) -> dict[str, Kind]:
    tasks = [step for step in pipeline.steps if isinstance(step, Task)]
    return {found.name: found.kind for task in tasks for found in task.outputs}


if __name__ == "__main__":
    serve(run)
