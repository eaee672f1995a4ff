"""The fixture ``bridge_run``, which pytest finds by itself where bridge is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bridge.model import Pipeline
    from bridge.record import Run

__all__ = ["BridgeRun", "bridge_run"]

_READ = ("BRIDGE_PRM_", "RUNNABLE_")
"""How the variables begin by which the environment has a say in a run."""


class BridgeRun:
    """Runs pipelines in a folder of their own, which holds the store too."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        pipeline: Pipeline,
        /,
        *,
        parameters: Mapping[str, Any] | None = None,
        patch: Mapping[str, Any] | None = None,
        fails: bool = False,
        **values: Any,
    ) -> Run:
        """The record of a run of ``pipeline`` with ``values``, and ``parameters``, as parameters.

        ``patch`` is that of ``Pipeline.execute``. Raises StepError when the run fails; with
        ``fails=True`` its record is given then, and AssertionError raised when it does not.
        """
        from bridge.errors import StepError
        from bridge.launch import execute

        given = {**(parameters or {}), **values}
        with self._elsewhere():
            try:
                run = execute(pipeline, given, patch=patch)
            except StepError as error:
                if not fails:
                    raise
                run = error.run
        assert run, "a run was asked for while its source was being loaded"
        if fails and not run.failed:
            raise AssertionError(f"the run of '{pipeline.name}' was to fail, and has succeeded")
        return run

    @contextmanager
    def _elsewhere(self) -> Iterator[None]:
        """The folder as the working directory, and nothing that reaches in from outside."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "path", [*sys.path, str(Path.cwd())])
            patch.setattr(sys, "excepthook", sys.excepthook)
            for name in [name for name in os.environ if name.startswith(_READ)]:
                patch.delenv(name)
            patch.setenv("BRIDGE_HOME", str(self.folder / ".bridge"))
            patch.delenv("BRIDGE_STORE", raising=False)
            patch.chdir(self.folder)
            yield


@pytest.fixture
def bridge_run(tmp_path: Path) -> BridgeRun:
    """Runs a pipeline in ``tmp_path`` and gives its record: ``bridge_run(pipeline, rows=3)``."""
    return BridgeRun(tmp_path)
