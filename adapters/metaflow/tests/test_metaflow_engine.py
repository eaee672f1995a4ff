"""The real Metaflow, on what the writer writes, beside the local engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge import (
    Catalog,
    Pipeline,
    PythonTask,
    Stub,
    constant,
    metric,
    pickled,
    translate,
)
from bridge.adapter import Job, load
from bridge.compare import _differences
from bridge.engine import run_apart
from bridge.errors import RunError
from bridge.flow import analyse
from bridge.record import Run, StepRun
from bridge.results import skipped
from bridge.runner.execute import run_local

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent
HARD = 'it\'s "quoted"\n{{ x }} $(touch pwned) ${x} \\${y} 1e3 é --n=1'


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("METAFLOW_USER", "tester")
    monkeypatch.setenv("METAFLOW_RUN_N", "99")  # Metaflow would take it for a parameter
    monkeypatch.syspath_prepend(str(HERE))


def case(name: str) -> Pipeline:
    import metaflow_pipelines

    found: Pipeline = getattr(metaflow_pipelines, name)
    return found


def function(called: str, **more: Any) -> PythonTask:
    return PythonTask(function=f"metaflow_functions:{called}", **more)


def on_metaflow(pipeline: Pipeline, folder: Path, **parameters: Any) -> tuple[Run, list[str]]:
    project, told = folder / "project", []
    translate.write(pipeline, "metaflow", project)
    lowered = translate.lowered(pipeline, "metaflow").pipeline
    home, work = folder / "job", folder / "work"
    job = Job(project, lowered, home, work, parameters, "r", progress=told.append)
    run = load("metaflow").run(job)
    run.steps += [StepRun(n, "skipped", 0) for n in skipped(analyse(pipeline), run.steps)]
    return run, told


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits so small that a few tasks need groups and narrow branches, here and in the engine."""
    from metaflow_small import SMALL

    import bridge_metaflow.adapter

    def apart(module: str, job: Job, environment: dict[str, str]) -> Run:
        return run_apart("metaflow_small", job, {**environment, "PYTHONPATH": str(HERE)})

    monkeypatch.setattr("bridge_metaflow.plan.LIMITS", SMALL)
    monkeypatch.setattr(bridge_metaflow.adapter, "run_apart", apart)


def both(
    pipeline: Pipeline, folder: Path, monkeypatch: pytest.MonkeyPatch, **parameters: Any
) -> tuple[Run, list[str]]:
    """The record of Metaflow, checked to be that of the local engine, and the steps told."""
    work = folder / "local"
    work.mkdir(parents=True)
    with monkeypatch.context() as context:
        context.chdir(work)
        here = run_local(pipeline, parameters, "r")
    there, told = on_metaflow(pipeline, folder, **parameters)
    assert list(_differences([here, there])) == []
    assert {s.name: s.status for s in here.steps} == {s.name: s.status for s in there.steps}
    return there, told


def test_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python, a notebook, a command, a stub; files, objects, metrics, a changed parameter."""
    run, told = both(case("training"), tmp_path, monkeypatch, rows=20, unit=HARD)
    assert (run.status, run.error) == ("succeeded", None)
    assert run.parameters["evaluation"] == {
        "size": 5,
        "words": ["alpha", "beta", "gamma"],
        "counts": {"train": 20, "test": 4, "missing": None},
    }
    assert run.parameters["report"] == f"3 {HARD}"
    assert run.metrics == {"first_score": 0.15, "second_score": 0.25}
    assert set(run.objects) == {"first", "second", "best"}
    assert run.objects["best"] == run.objects["second"]
    assert set(run.files) == {"data/train.csv", "words.txt", "report-1.txt"}
    assert told[0] == "prepare"
    assert sorted(told) == sorted(step.name for step in run.steps)
    assert not list(tmp_path.rglob("pwned"))
    assert sum(step.seconds for step in run.steps) < run.seconds


@pytest.mark.parametrize("name", ["pages", "nested", "handled", "loops"])
def test_cases(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, told = both(case(name), tmp_path, monkeypatch)
    assert (run.status, run.error) == ("succeeded", None)
    ran = [step.name for step in run.steps if step.status != "skipped"]
    assert sorted(told) == sorted(name.partition("\n")[0] for name in ran)  # told by the line
    expected = {
        "pages": {"summary": "8 words at example.org/8", "words": [4, 4]},
        "nested": {"x": [2, 0], "odd": [7, 7], "even": [], "seen": [["start", 2], ["start", 0]]},
        "handled": {"k": [3, 3], "found": "why", "grown": [1, 1]},
        "loops": {"x": 32, "done": True, "last": 2, "words": ["start", *_COLLECTED]},
    }
    assert run.parameters.items() >= expected[name].items()


_COLLECTED = ["fork.left.collect.0.grow", "fork.left.collect.1.grow"]


def test_parameters_by_own_command_without_bridge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user runs the flow with nothing of bridge around."""
    values = {"whole": 1, "part": 0.5, "text": "a", "flag": True, "nothing": None, "deep": [1]}
    pipeline = Pipeline(
        [
            function("everything", returns=["all"]),
            function("table", returns=[pickled("frame")], inputs={"n": "whole"}),
            function("total", returns=[metric("sum")]),
        ],
        name="own",
        parameters=values,
    )
    given = {
        "part": 2.0,
        "text": HARD,
        "flag": False,
        "nothing": {"a": [None, 1.5]},
        "deep": {"x": []},
    }
    run, _ = both(pipeline, tmp_path, monkeypatch, whole=7, **given)
    assert run.parameters["all"] == [7, *given.values()]
    assert run.metrics == {"sum": 10.5}

    blocked = tmp_path / "blocked"
    blocked.joinpath("bridge").mkdir(parents=True)
    blocked.joinpath("bridge/__init__.py").write_text("raise ImportError('bridge is not here')\n")
    work = tmp_path / "elsewhere"
    work.mkdir()
    environment = {k: v for k, v in os.environ.items() if k not in ("METAFLOW_RUN_N", "PYTHONPATH")}
    environment |= {"PYTHONPATH": str(blocked), "METAFLOW_HOME": str(work)}
    environment["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = str(work)
    flow = str(tmp_path / "project" / "flow.py")
    command = [sys.executable, flow, "run", "--whole", "3", "--deep", '{"k": null}', "--part=1"]
    done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    code = (
        "from metaflow import Flow, namespace; namespace(None); import json;"
        "d = Flow('OwnFlow').latest_run.data; print(json.dumps([d.all, d.sum]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [[3, 1.0, "a", True, None, {"k": None}], 1.5]


@pytest.mark.parametrize(
    ("declared", "given", "text"),
    [
        (1, 2.5, "'n' is a Parameter of type int, which cannot be 2.5"),
        ("a", None, "'n' is a Parameter of type str, which cannot be None"),
        (1, True, "'n' is a Parameter of type int, which cannot be True"),
        ([1], None, "'n' cannot be None"),
    ],
)
def test_refused_parameters(declared: Any, given: Any, text: str, tmp_path: Path) -> None:
    pipeline = Pipeline([function("same", inputs={"value": "n"})], parameters={"n": declared})
    with pytest.raises(RunError, match=text):
        on_metaflow(pipeline, tmp_path, n=given)


def failing(*steps: PythonTask) -> Pipeline:
    return Pipeline([function("one", name="before", returns=["b"]), *steps, function("nothing")])


def test_a_process_that_dies(tmp_path: Path) -> None:
    run, _ = on_metaflow(failing(function("die")), tmp_path)
    assert [step.status for step in run.steps] == ["succeeded", "failed", "skipped"]
    assert run.error is not None
    assert (run.error["step"], run.error["type"]) == ("die", "RuntimeError")
    assert "process" in run.error["text"]


def test_a_function_is_no_artifact(tmp_path: Path) -> None:
    """Metaflow leaves it out and goes on; that is not passed off as a success."""
    pipeline = Pipeline([function("a_function", returns=[pickled("o")])])
    run, _ = on_metaflow(pipeline, tmp_path)
    assert run.status == "failed"
    assert run.error is not None
    assert run.error["text"] == "'o' is a function, which Metaflow keeps no artifact of"


@pytest.mark.usefixtures("small")
def test_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tasks that share a step, and branches one after the other, still have their own scopes."""
    run, told = both(case("scopes"), tmp_path, monkeypatch)
    assert (run.status, run.error) == ("succeeded", None)
    assert sorted(told) == sorted(step.name for step in run.steps)
    expected = {"x": 1, "y": 4, "z": 0, "w": 2, "grown": [0, 3, 1], "more": [0, 3, 2]}
    assert run.parameters.items() >= {**expected, "items": [0], "last": [0, 3, 1]}.items()
    assert (tmp_path / "project/flow.py").read_text().count("@step") < len(told)


@pytest.mark.usefixtures("small")
def test_failure_in_a_group(tmp_path: Path) -> None:
    steps = [function("one", name=f"t{i}", returns=[f"n{i}"]) for i in range(6)]
    fail = function("fail", inputs={"text": constant("why")}, catalog=Catalog(put=["kept.txt"]))
    run, _ = on_metaflow(
        Pipeline([*steps, fail, *[Stub(name=f"s{i}") for i in range(5)]]), tmp_path
    )
    text = (tmp_path / "project/flow.py").read_text()
    assert "self.fail()" in text
    assert run.error is not None
    assert (run.error["step"], run.error["type"]) == ("fail", "OutOfLuckError")
    assert [s.status for s in run.steps] == ["succeeded"] * 6 + ["failed"] + ["skipped"] * 5
    assert run.parameters == {f"n{i}": 1 for i in range(6)}
    assert set(run.files) == {"kept.txt"}


def test_a_thousand_steps_load(tmp_path: Path) -> None:
    steps = [
        function("append", name=f"t{i}", inputs={"items": "n", "item": "i"}, returns=[f"n{i % 3}"])
        for i in range(1_000)
    ]
    project = tmp_path / "long"
    translate.write(Pipeline(steps, parameters={"n": [0], "i": 1}), "metaflow", project)
    shown = subprocess.run(
        [sys.executable, str(project / "flow.py"), "show"], capture_output=True, text=True
    )
    assert shown.returncode == 0, shown.stderr
    assert "Step t0_to_t1" in shown.stdout
