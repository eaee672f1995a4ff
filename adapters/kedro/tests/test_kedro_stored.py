"""Datasets as entries of Kedro's own catalog, and those that are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge import Dataset, Map, Pipeline, PythonTask, constant, pickled
from bridge.adapter import Export
from bridge.compare import run_on
from bridge.findings import Level
from bridge.translate import render

PICKLE = "kedro_datasets.pickle.PickleDataset"


def task(function: str, name: str = "", **given: Any) -> PythonTask:
    return PythonTask(function=f"kedro_functions:{function}", name=name, **given)


def save(name: str, step: str = "") -> PythonTask:
    step = step or f"save {name}"
    return task("echo", step, inputs={"value": constant("x")}, returns=pickled(name))


def load(name: str, **given: Any) -> PythonTask:
    return task("echo", f"load {name}", inputs={"value": name}, returns=f"{name} again", **given)


def catalog(export: Export) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(export.files["conf/base/catalog.yml"]) or {}
    return {name: entry for name, entry in found.items() if "again" not in name}


def text(export: Export, name: str) -> str:
    found = [text for path, text in export.files.items() if path.endswith(f"/{name}")]
    return found[0] if found else ""


def level(export: Export, name: str) -> Level:
    told = {finding.attribute: finding.level for finding in export.report.findings}
    return told[f"datasets[{name!r}]"]


def test_a_dataset_is_an_entry() -> None:
    options = {"versioned": True, "load_args": {"a": "${x}"}, "metadata": {"layer": "raw"}}
    datasets = {
        "a": Dataset(PICKLE, "data/a.pkl", options),
        "parts": Dataset("kedro_datasets.partitions.PartitionedDataset", "p", {"dataset": "text"}),
        "bad name": Dataset(PICKLE, "b.pkl"),
    }
    steps = [save("a"), load("a"), load("parts"), save("bad name"), load("bad name")]
    export = render(Pipeline(steps, datasets=datasets), "kedro")
    assert catalog(export) == {
        "a": {"type": "pickle.PickleDataset", "filepath": "data/a.pkl"}
        | options
        | {"load_args": {"a": "\\${x}"}},
        "parts": {"type": "partitions.PartitionedDataset", "path": "p", "dataset": "text"},
        "bad_name": {"type": "pickle.PickleDataset", "filepath": "b.pkl"},
    }
    assert "load_dataset" not in text(export, "nodes.py")
    assert level(export, "a") is Level.CARRIED


@pytest.mark.parametrize(
    "steps",
    [
        [save("a"), save("a", "again")],
        [load("a"), save("a")],
        [task("echo", inputs={"value": "a"}, returns=pickled("a"))],
        [Map(name="m", iterate_on="xs", iterate_as="x", branch=Pipeline([load("a")]))],
    ],
    ids=["written twice", "read before", "read and written", "in a map"],
)
def test_what_kedro_would_do_otherwise_is_done_in_nodes(steps: list[Any]) -> None:
    datasets = {"a": Dataset(PICKLE, "a.pkl")}
    export = render(Pipeline(steps, datasets=datasets, parameters={"xs": [1]}), "kedro")
    assert "a" not in catalog(export)
    assert "_dataset(" in text(export, "nodes.py")
    assert level(export, "a") is Level.EMULATED


def test_a_class_that_kedro_does_not_know_is_used_in_nodes() -> None:
    datasets = {"a": Dataset("kedro_functions.Shapes", "a.pkl")}
    export = render(Pipeline([save("a")], datasets=datasets), "kedro")
    assert catalog(export) == {}
    assert level(export, "a") is Level.EMULATED


def test_ways_to_load_and_namespaces_are_those_of_kedro() -> None:
    datasets = {
        "table@in": Dataset(PICKLE, "t.pkl"),
        "table@out": Dataset("kedro_datasets.json.JSONDataset", "t.pkl"),
        "ns.model": Dataset(PICKLE, "m.pkl"),
        "no.space": Dataset(PICKLE, "n.pkl"),
    }
    fitting = {"overrides": {"kedro": {"namespace": "ns", "confirms": "no.space"}}}
    steps = [
        save("table@in"),
        load("table@out", after=["save table@in"]),
        task("frame", "ns.fit", inputs={"rows": constant(1)}, returns=pickled("ns.model"),
             **fitting),
        load("no.space"),
    ]  # fmt: skip
    export = render(Pipeline(steps, datasets=datasets, order="data"), "kedro")
    assert set(catalog(export)) == {"table@in", "table@out", "ns.model", "no_space"}
    written = text(export, "pipeline.py")
    assert "done" not in written  # what is loaded in two ways is in order by its name
    assert 'name="fit"' in written
    assert 'namespace="ns"' in written
    assert 'confirms=["no_space"]' in written


@pytest.mark.engine
def test_datasets_and_credentials_on_kedro(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    both: Callable[[Pipeline, dict[str, Any]], Any],
    kedro: Callable[..., str],
) -> None:
    monkeypatch.setenv("PIPELINE_CREDENTIALS_MEMORY-1", '{"skip_instance_cache": true}')
    datasets = {
        "a": Dataset(PICKLE, "data/a.pkl", {"versioned": True}),
        "b": Dataset("kedro_datasets.text.TextDataset", "b.txt", credentials="memory-1"),
    }
    steps = [save("a"), load("a"), save("b"), load("b")]
    _, there = both(Pipeline(steps, datasets=datasets), {})
    assert there.parameters["a again"] == "x"
    assert set(there.objects) == {"a", "b"}
    assert list((tmp_path / "kedro" / "work").rglob("a.pkl/*/a.pkl"))
    kedro(tmp_path / "kedro" / "project", "run")
    assert (tmp_path / "kedro" / "project" / "b.txt").read_text() == "x"


@pytest.mark.engine
def test_a_dataset_that_is_only_saved_is_compared_by_its_bytes(tmp_path: Path) -> None:
    datasets = {"plot": Dataset("kedro_datasets.matplotlib.MatplotlibDataset", "p.png")}
    pipeline = Pipeline([task("figure", returns=pickled("plot"))], datasets=datasets)
    run = run_on(pipeline, "kedro", {}, tmp_path)
    assert run.status == "succeeded"
    assert set(run.objects) == {"plot"}
