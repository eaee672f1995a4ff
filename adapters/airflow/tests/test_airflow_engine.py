"""What the exports do when Airflow runs them, against what the local runner does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bridge import Pipeline
from bridge.adapter import Job, load
from bridge.errors import RunError
from bridge.flow import analyse
from bridge.record import Run, StepRun
from bridge.results import skipped
from bridge.runner import run_local
from bridge.translate import lowered, write
from bridge_airflow.home import environment, make_database

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent
VARYING = {"on", "seconds", "artifacts", "pipeline", "started", "frames"}


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.chdir(tmp_path)
    import airflow_constructs
    import airflow_pipelines

    vars(airflow_pipelines).update(corners=airflow_constructs.corners)
    yield airflow_pipelines
    for name in ("airflow_pipelines", "airflow_constructs", "airflow_functions"):
        sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def warm() -> Iterator[None]:
    """One Airflow for all the runs of those tests that ask for it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(HERE)
        import airflow_warm
    with airflow_warm.warm():
        yield
    del sys.modules["airflow_warm"]


def export(pipeline: Pipeline, folder: Path, **given: Any) -> Job:
    write(pipeline, "airflow", folder / "export")
    inside = lowered(pipeline, "airflow").pipeline
    return Job(folder / "export", inside, folder / "home", folder / "work", given)


def both(pipeline: Pipeline, folder: Path, **given: Any) -> tuple[Run, Run, list[str]]:
    """The records of Airflow and of the local runner, and the steps told of as Airflow ran."""
    told: list[str] = []
    job = export(pipeline, folder, **given)
    job = Job(**{**vars(job), "progress": told.append})
    run = load("airflow").run(job)
    skips = skipped(analyse(pipeline, given), run.steps)
    run.steps += [StepRun(name, "skipped", 0) for name in skips]
    (folder / "local").mkdir()
    os.chdir(folder / "local")
    return run, run_local(pipeline, given, "run"), told


def comparable(run: Run) -> dict[str, Any]:
    found = {key: value for key, value in run.to_json().items() if key not in VARYING}
    for step in found["steps"]:
        del step["seconds"]
    found["steps"].sort(key=lambda step: step["name"])
    # as text, so that 1 and 1.0 differ
    return {key: json.dumps(value, sort_keys=True) for key, value in found.items()}


def test_every_kind_of_task(cases: ModuleType, tmp_path: Path) -> None:
    given = {
        "scale": 2,
        "note": 'it\'s "{{ params }}"\n$(touch pwned) \\ x.sh',
        "extra": {"nested": [1, None, {"deep": 1.0}]},
        "degrees": {"a": 1, "b": 2, "c": 3},
    }
    run, local, told = both(cases.tour(), tmp_path, **given)
    assert comparable(run) == comparable(local)
    assert run.status == "succeeded"
    assert sorted(told) == sorted(step.name for step in run.steps)
    assert run["kinds_seen"] == [given["note"], given["extra"]]
    assert run["best"] == {"degree": 1, "slope": 8.0}
    assert set(run.objects) == {"table", "frame"}
    assert not list(tmp_path.rglob("pwned"))
    assert all(step.seconds < run.seconds for step in run.steps)


@pytest.mark.usefixtures("warm")
def test_odd_names_and_values(cases: ModuleType, tmp_path: Path) -> None:
    run, local, _ = both(cases.oddities(), tmp_path, **cases.ODD_PARAMETERS)
    assert comparable(run) == comparable(local)
    assert run["unchanged"] == [cases.ODD_PARAMETERS["nested"], {"__classname__": "x", "big": 1}]
    assert run["facts"]["step"] == "facts"
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.usefixtures("warm")
def test_constructs_inside_one_another(cases: ModuleType, tmp_path: Path) -> None:
    run, local, _ = both(cases.corners(), tmp_path, none=[])
    assert comparable(run) == comparable(local)
    assert run.status == "succeeded"
    assert run["chosen"] == run["odd_variable"] == run["key"]
    assert not list(tmp_path.rglob("pwned"))


@pytest.mark.usefixtures("warm")
def test_failures(cases: ModuleType, tmp_path: Path) -> None:
    run, local, told = both(cases.failures(), tmp_path)
    assert comparable(run) == comparable(local)
    text = "'no {{ \"such\" }} key\\nin ü'"
    assert run.error == {"step": "raises", "attempt": 1, "type": "KeyError", "text": text}
    assert set(run.files) == {"left.txt"}
    assert sorted(s.name for s in run.steps if s.status == "succeeded") == ["fine"]
    assert "after it" not in told
    log = Path(run.artifacts["log"]).read_text(encoding="utf-8")
    for message in ("nan is nan", "'function' of type function cannot be pickled",
                    "put 'missing' has no match", "the command exited with 3: bad"):  # fmt: skip
        assert message in log


@pytest.mark.usefixtures("warm")
def test_a_parameter_of_another_type_is_refused(cases: ModuleType, tmp_path: Path) -> None:
    job = export(cases.rebinding(), tmp_path, total="many")
    with pytest.raises(RunError, match=r"refuses the parameters.*'many' is not of type 'integer'"):
        load("airflow").run(job)


@pytest.mark.usefixtures("warm")
def test_a_dag_that_cannot_be_imported(cases: ModuleType, tmp_path: Path) -> None:
    job = export(cases.rebinding(), tmp_path)
    (job.project / "rebinding_dag.py").write_text(
        "from airflow.sdk import dag\nraise OSError('!')\n"
    )
    with pytest.raises(
        RunError, match=r"cannot import the DAG(.|\n)*rebinding_dag.py(.|\n)*OSError"
    ):
        load("airflow").run(job)


def test_by_its_own_command_without_bridge(cases: ModuleType, tmp_path: Path) -> None:
    job = export(cases.tour(), tmp_path)
    make_database(job)
    trap = tmp_path / "trap" / "bridge"
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise ImportError('bridge was imported')\n")
    job.workdir.mkdir()
    settings = {
        **os.environ,
        **environment(job),
        "PYTHONPATH": str(trap.parent),
        "PIPELINE_STORE": f"file://{tmp_path / 'store'}",
    }
    command = [sys.executable, "-m", "airflow", "dags", "test", "tour", "--conf", '{"rows": 4}']
    done = subprocess.run(
        command, cwd=job.workdir, env=settings, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "state=success" in done.stdout + done.stderr
    assert (job.workdir / "report.txt").read_text() == "plain 2.0\n"


def test_loads_what_is_long_and_what_is_wide(cases: ModuleType, tmp_path: Path) -> None:
    write(cases.chain(1000), "airflow", tmp_path / "export" / "chain")
    write(cases.wide(40), "airflow", tmp_path / "export" / "wide")
    job = Job(tmp_path / "export", cases.wide(), tmp_path / "home", tmp_path / "work")
    script = (
        "from airflow.dag_processing.dagbag import DagBag\n"
        "from airflow.serialization.serialized_objects import DagSerialization\n"
        "import json, sys\n"
        "bag = DagBag(dag_folder=sys.argv[1])\n"
        "assert not bag.import_errors, bag.import_errors\n"
        "[DagSerialization.to_dict(dag) for dag in bag.dags.values()]\n"
        "edges = {k: sum(len(t.upstream_task_ids) for t in d.tasks) for k, d in bag.dags.items()}\n"
        "print(json.dumps(edges))\n"
    )
    paths = os.pathsep.join(str(tmp_path / "export" / name) for name in ("chain", "wide"))
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "export")],
        env={**os.environ, **environment(job), "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"chain": 999, "wide": 4 * 40}
