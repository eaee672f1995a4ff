"""What a run tells while it goes on: the steps that end, their errors, files of failed tasks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Watch"]


class Watch:
    """Listens to Airflow in the process of ``dag.test()``; ``name`` tells the step of a task.

    It is given the id of the task and the number of the item. By step: ``seconds`` of work over
    all attempts, ``errors`` of the last attempt, as type and text, and ``manifests`` of files that
    were put, which a failed task has no XCom to tell of.
    """

    def __init__(self, name: Callable[[str, int], str], progress: Callable[[str], None]) -> None:
        self.seconds: dict[str, float] = {}
        self.errors: dict[str, dict[str, str]] = {}
        self.manifests: dict[str, Mapping[str, str]] = {}
        self._name = name
        self._progress = progress
        self._running, self._since = "", 0.0

    def start(self) -> None:
        """Listen from now on; the DAG has been loaded."""
        from airflow.listeners import hookimpl
        from airflow.sdk.listener import get_listener_manager

        watch = self

        class Listener:
            @hookimpl  # type: ignore[untyped-decorator]
            def on_task_instance_running(self, task_instance: Any) -> None:
                watch._begins(task_instance)

            @hookimpl  # type: ignore[untyped-decorator]
            def on_task_instance_success(self, task_instance: Any) -> None:
                watch._ends(task_instance)

            @hookimpl  # type: ignore[untyped-decorator]
            def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
                watch._ends(task_instance, error)

        get_listener_manager().add_listener(Listener())
        if carried := sys.modules.get("tasklib.files"):
            self._follow(carried.catalog)

    def _follow(self, catalog: Any) -> None:
        """Note what a ``with catalog(...)`` has stored when it ends, in whatever way."""
        leave = catalog.__exit__

        def noted(block: Any, *details: Any) -> Any:
            try:
                return leave(block, *details)
            finally:
                self.manifests[self._running] = dict(block.manifest)

        catalog.__exit__ = noted

    def _begins(self, task: Any) -> None:
        self._running, self._since = self._name(task.task_id, task.map_index), time.monotonic()

    def _ends(self, task: Any, error: Any = None) -> None:
        name = self._name(task.task_id, task.map_index)
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - self._since
        if error is not None:
            self.errors[name] = {"type": type(error).__name__, "text": str(error)}
        self._progress(name)
