"""What the tests of the writer and of the engine share."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge import Pipeline
from bridge.compare import run_on
from bridge.record import Run
from bridge.runner.execute import run_local

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home for runs, and the functions of the pipelines where Python finds them."""
    monkeypatch.setenv("BRIDGE_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(HERE))


@pytest.fixture
def both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Pipeline, dict[str, Any]], tuple[Run, Run]]:
    """Runs a pipeline on the local engine and on Kedro; gives the records, which agree."""

    def run(pipeline: Pipeline, parameters: dict[str, Any]) -> tuple[Run, Run]:
        work = tmp_path / "local"
        work.mkdir()
        monkeypatch.chdir(work)
        here = run_local(pipeline, parameters, "the-run")
        there = run_on(pipeline, "kedro", parameters, tmp_path / "kedro", run_id="the-run")
        assert _told(there) == _told(here), there.error
        return here, there

    return run


def _told(run: Run) -> str:
    """What runs of one pipeline have in common, as JSON, where true is not 1."""
    steps = {step.name: [step.status, step.attempts] for step in run.steps}
    parts = [run.status, run.parameters, run.metrics, run.objects, run.files, steps]
    return json.dumps(parts, indent=1, sort_keys=True)


COMMANDS = """
import sys
from pathlib import Path
from kedro.framework.cli.cli import KedroCLI

for command in sys.argv[1:]:
    try:
        KedroCLI(project_path=Path.cwd()).main(command.split("|"), standalone_mode=False)
    except SystemExit as end:
        assert not end.code, command
"""


@pytest.fixture
def kedro() -> Callable[..., str]:
    """Runs Kedro's own commands where nobody can import bridge; gives what they print."""
    return _kedro


def _kedro(project: Path, *commands: str) -> str:
    shadow = project.parent / "shadow" / "bridge"
    shadow.mkdir(parents=True, exist_ok=True)
    (shadow / "__init__.py").write_text("raise ImportError('bridge is not there')")
    quiet = {"DO_NOT_TRACK": "1", "KEDRO_DISABLE_TELEMETRY": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COMMANDS, *commands],
        cwd=project,
        env={**os.environ, **quiet, "PYTHONPATH": str(shadow.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
