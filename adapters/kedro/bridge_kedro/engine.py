"""Running an exported project by Kedro itself: a ``KedroSession``, watched by a hook."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pluggy
from kedro.framework.context.context import _convert_paths_to_absolute_posix
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from bridge.adapter import Job
from bridge.engine import collect, serve
from bridge.flow import Output, analyse
from bridge.record import Run, Status, StepRun
from bridge.values import Kind
from bridge_kedro.plan import Plan

hook_impl = pluggy.HookimplMarker("kedro")


def run(job: Job) -> Run:
    """Run the project at ``job.project`` and tell what it did."""
    bootstrap_project(job.project)
    logging.getLogger("kedro").setLevel(logging.WARNING)
    flow = analyse(job.pipeline)
    watch = _Watch(Plan(flow), job)
    status: Status = "succeeded"
    with KedroSession.create(project_path=job.project) as session:
        session._store["session_id"] = job.run_id  # Kedro's own would be the time of day
        session._hook_manager.register(watch)
        try:
            session.run()
        except (Exception, SystemExit) as error:
            status = "failed"
            watch.fail(error)
    found = Run(job.run_id, "kedro", status, error=watch.error)
    found.parameters = {**job.pipeline.parameters, **job.parameters}
    found.artifacts = _notebooks(job.project)
    return collect(flow, found, watch.steps, watch.value, watch.manifests.get, job.steps)


def _notebooks(project: Path) -> dict[str, str]:
    return {path.name: str(path) for path in sorted((project / "data").rglob("*.ipynb"))}


class _Watch:
    """A hook that notes each step as it ends, the JSON values it gave and the files it put."""

    def __init__(self, plan: Plan, job: Job) -> None:
        self.steps: list[StepRun] = []
        self.manifests: dict[str, Mapping[str, str]] = {}
        self.error: dict[str, Any] | None = None
        self._plan, self._job = plan, job
        self._own = set(plan.stored.values())
        self._paths = {str(name): path for path, name in plan.nodes.items()}
        self._values: dict[str, Any] = {}
        self._current = ""
        self._began = 0.0

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Set each parameter as a whole and as it is; ``--params`` would merge and expand them.

        Datasets are where they are in the working directory, as everywhere in bridge.
        """
        loader = context.config_loader
        loader["parameters"] = {**loader["parameters"], **self._job.parameters}
        here = {name: entry for name, entry in loader["catalog"].items() if name in self._own}
        here = _convert_paths_to_absolute_posix(self._job.workdir.resolve(), here)
        loader["catalog"] = {**loader["catalog"], **here}

    @hook_impl
    def after_catalog_created(self, catalog: Any) -> None:
        self._catalog = catalog

    @hook_impl
    def before_dataset_loaded(self, node: Any) -> None:
        self._start(node)

    @hook_impl
    def before_node_run(self, node: Any) -> None:
        self._start(node)

    def _start(self, node: Any) -> None:
        path = self._paths.get(node.name, "")
        if path != self._current:
            self._current, self._began = path, time.perf_counter()

    @hook_impl
    def after_node_run(self, node: Any) -> None:
        if not node.outputs:
            self._end("succeeded")

    @hook_impl
    def after_dataset_saved(self, dataset_name: str, data: Any, node: Any) -> None:
        self._values[dataset_name] = data
        if dataset_name == node.outputs[-1]:
            self._end("succeeded")

    def _end(self, status: Status) -> None:
        path = self._current
        if not path:
            return
        if path in self._plan.files and status == "succeeded":
            self.manifests[path] = self._values[self._plan.files[path]]
        self.steps.append(StepRun(path, status, 1, time.perf_counter() - self._began))
        self._job.progress(path)
        self._current = ""

    def fail(self, error: BaseException) -> None:
        """Note the failure of the step under way; raise what came before any step."""
        if not self._current:
            raise error
        self.error = {
            "step": self._current,
            "attempt": 1,
            "type": type(error).__name__,
            "text": str(error),
        }
        self.manifests[self._current] = _manifest(error)
        self._end("failed")

    def value(self, output: Output) -> Any:
        """What a task gave back: an object as it was saved, JSON as it was handed to Kedro."""
        name = self._plan.values[output]
        return self._catalog.load(name) if output.kind is Kind.PICKLED else self._values[name]


def _manifest(error: BaseException) -> Mapping[str, str]:
    """The files that a failed step put: what its catalog block held when the error went by."""
    trace = error.__traceback__
    found: Mapping[str, str] = {}
    while trace:
        for held in trace.tb_frame.f_locals.values():
            if type(held).__module__ == "tasklib.files" and hasattr(held, "manifest"):
                found = held.manifest
        trace = trace.tb_next
    return found


if __name__ == "__main__":
    serve(run)
