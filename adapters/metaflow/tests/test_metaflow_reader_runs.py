"""What was read runs as its flow did: the same values, object for object."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest

from bridge import translate
from bridge.compare import verify
from bridge.source import read_source

HERE = Path(__file__).parent
CORPUS = runpy.run_path(str(HERE / "metaflow_corpus.py"))
OWN = {name: path for name, path, _ in CORPUS["cases"]() if name.endswith("_flow")}


@pytest.fixture(autouse=True)
def _surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PYTHONHASHSEED", "0")  # the order of sets is a step's result too
    monkeypatch.setenv("BRIDGE_HOME", str(tmp_path / "home"))


def agrees(source: str, on: str, folder: Path, given: dict[str, object] | None = None) -> None:
    loaded = read_source(source, "metaflow")
    assert not loaded.report.refused()
    found = verify(loaded.pipeline, on.split(","), given, folder=folder, origin=loaded)
    assert [run.error for run in found.runs] == [None] * len(found.runs)
    assert list(map(str, found.differences)) == []
    assert found.agree


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in OWN if name != "options_flow"])
def test_runs_as_the_flow_does(name: str, tmp_path: Path) -> None:
    agrees(str(OWN[name]), "source,local", tmp_path)


@pytest.mark.engine
@pytest.mark.slow
def test_parameters_reach_both(tmp_path: Path) -> None:
    given = {"count": 7, "flag": True, "words": ["x", "y"], "table": {"k": []}, "nothing": 1}
    given |= {"settings": {"depth": 5, "inner": {"name": "m"}, "more": 2}}
    agrees(str(OWN["options_flow"]), "source,local", tmp_path, given)


@pytest.mark.engine
@pytest.mark.slow
def test_goes_back_to_metaflow(tmp_path: Path) -> None:
    agrees(str(OWN["caught_flow"]), "local,metaflow", tmp_path)


@pytest.mark.engine
@pytest.mark.slow
def test_what_was_written_is_read_and_agrees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flow of branches that set the same names."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.chdir(HERE)
    import metaflow_pipelines

    folder = tmp_path / "project"
    translate.write(metaflow_pipelines.scopes, "metaflow", folder)
    agrees(str(folder / "flow.py"), "source,local", tmp_path / "runs")


@pytest.mark.engine
@pytest.mark.slow
def test_a_failure_of_the_flow_is_told(tmp_path: Path) -> None:
    flow = tmp_path / "project" / "flow.py"
    flow.parent.mkdir()
    flow.write_text(
        "from metaflow import FlowSpec, step\n\n\nclass AFlow(FlowSpec):\n    @step\n"
        '    def start(self):\n        raise ValueError("no")\n\n\n'
        'if __name__ == "__main__":\n    AFlow()\n'
    )
    loaded = read_source(str(flow), "metaflow")
    found = verify(loaded.pipeline, ["source", "local"], folder=tmp_path / "v", origin=loaded)
    errors = [run.error or {} for run in found.runs]
    assert [(e["step"], e["type"], e["text"]) for e in errors] == [
        ("start", "ValueError", "no")
    ] * 2
    assert not found.agree


def test_the_source_stays_as_it_is(tmp_path: Path) -> None:
    copy = tmp_path / "sources"
    shutil.copytree(HERE / "sources", copy)
    before = {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()}
    read_source(str(copy / "methods_flow.py"), "metaflow")
    assert {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()} == before
