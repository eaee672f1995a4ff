"""What a run tells while it goes on: the steps that end, the first error, files of failed tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

__all__ = ["Watch"]


class Watch:
    """Listens to Airflow in the process of ``dag.test()``; ``paths`` are the steps by task id.

    ``error`` is that of the first task that failed. ``manifests`` are the files that were put, by
    step: a task that fails has no XCom to tell it.
    """

    def __init__(self, paths: Mapping[str, str], progress: Callable[[str], None]) -> None:
        self.error: dict[str, Any] | None = None
        self.manifests: dict[str, Mapping[str, str]] = {}
        self._paths = paths
        self._progress = progress
        self._running = ""

    def start(self) -> None:
        """Listen from now on."""
        from airflow.listeners import hookimpl
        from airflow.sdk.listener import get_listener_manager

        watch = self

        class Listener:
            @hookimpl
            def on_task_instance_running(self, task_instance: Any) -> None:
                watch._running = watch._paths.get(task_instance.task_id, "")

            @hookimpl
            def on_task_instance_success(self, task_instance: Any) -> None:
                watch._ended(task_instance.task_id)

            @hookimpl
            def on_task_instance_failed(self, task_instance: Any, error: Any) -> None:
                watch._failed(task_instance, error)

        get_listener_manager().add_listener(Listener())
        if find_spec("tasklib.files"):
            self._follow(import_module("tasklib.files").catalog)

    def _follow(self, catalog: Any) -> None:
        """Note what a ``with catalog(...)`` has stored when it ends, in whatever way."""
        leave = catalog.__exit__

        def noted(block: Any, *details: Any) -> Any:
            try:
                return leave(block, *details)
            finally:
                self.manifests[self._running] = dict(block.manifest)

        catalog.__exit__ = noted

    def _ended(self, task_id: str) -> None:
        if task_id in self._paths:
            self._progress(self._paths[task_id])

    def _failed(self, task: Any, error: Any) -> None:
        self._ended(task.task_id)
        self.error = self.error or {
            "step": self._paths.get(task.task_id, task.task_id),
            "attempt": task.try_number,
            "type": type(error).__name__,
            "text": str(error),
        }
