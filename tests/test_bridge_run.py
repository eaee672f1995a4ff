"""The fixture ``bridge_run``, as pytest finds it where bridge is installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import plain
import pytest

from bridge import Catalog, Pipeline, PythonTask, metric, pickled
from bridge.errors import ModelError, StepError

ROOT = Path(__file__).parent.parent

PIPELINE = Pipeline(
    [
        PythonTask(function=plain.double, returns=[metric("y")]),
        PythonTask(function=plain.write, catalog=Catalog(put=["*.txt"])),
        PythonTask(function=plain.thing, returns=[pickled("model")]),
    ],
    parameters={"x": 1},
)
FAILING = Pipeline([PythonTask(function=plain.fail)])


def test_it_runs_in_a_folder_of_its_own(bridge_run, tmp_path):
    before = Path.cwd()
    run = bridge_run(PIPELINE, x=4)
    assert run["y"] == 8
    assert run.object("model") == {1, 2, 3}
    assert run.open("a.txt").read() == b"written"
    assert (tmp_path / "a.txt").exists()
    assert Path.cwd() == before


def test_values_may_have_any_name(bridge_run):
    task = PythonTask(function=plain.rest, returns=["names"])
    run = bridge_run(Pipeline([task]), a=1, pipeline=2, parameters={"patch": 3, "fails": 4})
    assert run["names"] == ["fails", "patch", "pipeline"]


def test_what_stands_in(bridge_run):
    assert bridge_run(PIPELINE, patch={"double": 3, "write": None})["y"] == 3


def test_nothing_reaches_in_from_outside(bridge_run, tmp_path, monkeypatch):
    monkeypatch.setenv("BRIDGE_PRM_x", "100")
    monkeypatch.setenv("RUNNABLE_RETRY_RUN_ID", "nonsense")
    monkeypatch.setenv("BRIDGE_HOME", str(tmp_path / "elsewhere"))
    variables, hook, path = dict(os.environ), sys.excepthook, [*sys.path]
    assert bridge_run(PIPELINE)["y"] == 2
    assert not (tmp_path / "elsewhere").exists()
    assert (dict(os.environ), sys.excepthook, sys.path) == (variables, hook, path)


def test_a_failure_is_raised(bridge_run):
    with pytest.raises(StepError, match="step 'fail' failed at attempt 1: KeyError"):
        bridge_run(FAILING)


def test_a_failure_may_be_what_is_meant(bridge_run):
    assert bridge_run(FAILING, fails=True).error["step"] == "fail"
    with pytest.raises(AssertionError, match="the run of 'pipeline' was to fail, and has"):
        bridge_run(PIPELINE, fails=True)
    with pytest.raises(ModelError):
        bridge_run(PIPELINE, fails=True, patch={"nonsense": 1})


def test_the_examples_of_the_documentation_pass(tmp_path):
    """As a project of its own, by a pytest that knows nothing of this repository."""
    text = (ROOT / "docs/testing.md").read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    code = "\n".join(examples)
    (tmp_path / "test_examples.py").write_text(code, encoding="utf-8")
    place = ROOT / "examples" / "weather"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "--rootdir", ".", "."],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(re.findall(r'^def test_', code, re.MULTILINE))} passed" in done.stdout
