"""Projects run as they are, and as what was read from them: the same comes out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bridge import Dataset, Pipeline, PythonTask, at, constant, json, metric, pickled
from bridge.adapter import Job, Source
from bridge.compare import Comparison, verify
from bridge.fingerprint import fingerprint
from bridge.modules import search
from bridge.runner.execute import run_local
from bridge.source import read_source
from bridge.translate import write
from bridge_kedro.adapter import KEDRO

pytestmark = pytest.mark.engine

SOURCES = Path(__file__).parent / "sources"


def agreed(source: Path, *engines: str, env: str = "", **parameters: Any) -> Comparison:
    """What the source and engines give, which agree."""
    loaded = read_source(str(source), "kedro", env=env)
    found = verify(
        *(loaded.pipeline, ["source", *engines], parameters), origin=loaded, unsupported="ignore"
    )
    assert found.agree, [str(difference) for difference in found.differences]
    return found


def test_the_starter_runs_everywhere_alike() -> None:
    found = agreed(SOURCES / "spaceflights", "kedro", env="small")
    run = found.runs[0]
    assert run.parameters["model_options"]["test_size"] == 0.5
    assert len(run.objects) == 17
    nodes = [path for path in found.texts["kedro"] if path.endswith("/nodes.py")]
    assert nodes == []  # every node calls the function of the project itself
    assert "versioned: true" in found.texts["kedro"]["conf/base/catalog.yml"]


def test_odd_things_run_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_CREDENTIALS_SEAL", '{"key": 5}')
    found = agreed(SOURCES / "odd", "local", "kedro", rate=5, label="sum")
    assert found.runs[0].parameters["labelled"] == "sum: 3"
    catalog = found.texts["kedro"]["conf/base/catalog.yml"]
    assert '"table@rows":' in catalog
    assert '"table@text":' in catalog
    assert "credentials: seal" in catalog
    assert (
        '"seal": ${json:PIPELINE_CREDENTIALS_SEAL}'
        in (found.texts["kedro"]["conf/base/credentials.yml"])
    )


def test_a_failure_is_one_in_both(tmp_path: Path) -> None:
    shutil.copytree(SOURCES / "spaceflights", tmp_path / "s")
    shutil.rmtree(tmp_path / "s" / "data")
    source = Source(tmp_path / "s", "data_processing")
    pipeline = KEDRO.read(source).pipeline
    job = Job(tmp_path, pipeline, tmp_path / "home", tmp_path / "s")
    run = KEDRO.run_source(source, job)
    assert run.status == "failed"
    assert run.error
    assert run.error["step"] == "preprocess_companies_node"
    assert "companies.csv" in run.error["text"]


# Written and read again


def task(function: str, name: str = "", **given: Any) -> PythonTask:
    return PythonTask(function=f"kedro_functions:{function}", name=name, **given)


def test_what_was_written_and_changed_does_the_same(tmp_path: Path) -> None:
    from kedro_pipelines import PIPELINES

    pipeline = PIPELINES["tuning"]
    write(pipeline, "kedro", tmp_path / "project")
    (nodes,) = (tmp_path / "project").rglob("nodes.py")
    nodes.write_text(nodes.read_text("utf-8") + "\n\n# Mine now.\n", "utf-8")
    work = tmp_path / "work"
    work.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        first = run_local(pipeline, run_id="the-run")
        patch.setenv("BRIDGE_HOME", str(tmp_path / "other"))
        found = read_source(str(tmp_path / "project"), "kedro").pipeline
        again = run_local(found, run_id="the-run")
    assert found != pipeline  # its functions are called as they are now
    assert again.status == "succeeded"
    held = {name: fingerprint(value) for name, value in again.parameters.items()} | again.objects
    known = {name: fingerprint(value) for name, value in first.parameters.items()} | first.objects
    assert known.items() <= held.items()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "1e3", "${x}"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


OPTIONS = [{}, {"versioned": True}, {"metadata": {"a": 1}}]


@st.composite
def policies(draw: Any, number: int) -> dict[str, Any]:
    """A name, and what is written on a task for Kedro."""
    name = draw(st.sampled_from([f"step{number}", f"step-{number}", f"a.step{number}"]))
    kept: dict[str, Any] = {"namespace": "a"} if name.startswith("a.") else {}
    tags = draw(st.lists(st.sampled_from(["x", "y-1", "z.2"]), unique=True, max_size=2))
    kept |= {"tags": sorted(tags)} if tags else {}
    return {"name": name, "overrides": {"kedro": kept} if kept else {}}


@st.composite
def graphs(draw: Any) -> Pipeline:
    """Pipelines in the part of the language that Kedro has: data decides the order."""
    deep = {"er": {"still": [1, {"k": draw(JSON)}]}}
    values = [at("n"), at("deep", "er", "still", 1, "k"), at("deep", "er")]
    tables = [at("table")]
    steps = [task("frame", inputs={"rows": "n"}, returns=pickled("table"))]
    datasets = {}
    for i in range(draw(st.integers(3, 12))):
        more = draw(policies(i))
        kind = draw(st.sampled_from(["echo", "store", "named", "split", "area", "nothing"]))
        if kind in ("echo", "store"):
            taken = draw(st.sampled_from([*values, constant(draw(JSON))]))
            kinds = [pickled] if kind == "store" else [json, metric, pickled]
            made = draw(st.sampled_from(kinds))(f"v{i}")
            steps.append(task("echo", inputs={"value": taken}, returns=made, **more))
            values += [at(made.name)] if kind == "echo" else []
        if kind == "store":
            path, options = f"data/v{i}.pkl", draw(st.sampled_from(OPTIONS))
            datasets[f"v{i}"] = Dataset("kedro_datasets.pickle.PickleDataset", path, options)
        if kind == "named":
            steps.append(task("named", inputs={"x": "n"}, returns=[f"b{i}", f"a{i}"], **more))
            values += [at(f"a{i}"), at(f"b{i}")]
        if kind == "split":
            taken, returns = draw(st.sampled_from(tables)), [pickled(f"l{i}"), pickled(f"r{i}")]
            given = {} if taken == at("table") else {"table": taken}
            steps.append(task("split", inputs=given, returns=returns, **more))
            tables += [at(f"l{i}"), at(f"r{i}")]
        if kind == "area":
            given = {"size": constant({"width": 3})}
            steps.append(task("Shapes.area", inputs=given, returns=f"v{i}", **more))
        if kind == "nothing":
            steps.append(task("nothing", after=[draw(st.sampled_from(steps)).name], **more))
    return Pipeline(
        steps,
        name=draw(st.sampled_from(["graph", "A graph", "é 'graph'"])),
        description=draw(st.sampled_from(["", "About it.", 'Ends in "quotes"'])),
        schedule=draw(st.sampled_from([None, "0 5 * * 1"])),
        parameters={**draw(st.dictionaries(st.sampled_from("pqr"), JSON)), "n": 2, "deep": deep},
        datasets=datasets,
        order="data",
    )


@settings(
    max_examples=2, deadline=None, database=None, derandomize=True,
    phases=[Phase.generate],  # each try takes seconds: a failure is told as it was found
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(pipeline=graphs())
def test_what_was_written_is_read_again(
    pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory
) -> None:
    search(Path(__file__).parent)
    folder = tmp_path_factory.mktemp("graph") / "project"
    write(pipeline, "kedro", folder)
    found = KEDRO.read(Source(folder))
    assert found.pipeline == pipeline
    assert found.report.totals()["carried"] == found.report.totals()["read"]
