"""DAG files that we did not write, and runs of what was read against runs of the originals."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bridge.adapter import Options, Source, load
from bridge.findings import Level
from bridge.flow import walk
from bridge.model import ForeignTask
from bridge.modules import apart, search, unpacked
from bridge.testing.corpus import Case, try_out

HERE = Path(__file__).parent
RUN = ["shop", "classic", "mapping", "several", "skipping_over", "context", "skips", "rendered",
       "tutorial_dag", "example_params_ui_tutorial", "example_bash_operator"]  # fmt: skip


@pytest.fixture(scope="module")
def corpus() -> Iterator[ModuleType]:
    sys.path.insert(0, str(HERE))
    import airflow_corpus

    yield airflow_corpus
    sys.path.remove(str(HERE))
    del sys.modules["airflow_corpus"]


@pytest.fixture(scope="module")
def found(corpus: ModuleType) -> Any:
    """What is read of all files: for each DAG the file, the reading and the kind."""
    return {
        reading.dag_id: (path, reading, corpus.kind(path, reading, ordinary))
        for path, reading, ordinary in corpus.readings()
    }


def test_every_file_is_read(found: Any) -> None:
    assert len(found) > 110


def test_most_of_ordinary_tasks_are_converted(corpus: ModuleType, found: Any) -> None:
    ordinary = [r for _, r, kind in found.values() if kind in (corpus.SIMPLE, corpus.EVENTFUL)]
    simple = [r for _, r, kind in found.values() if kind == corpus.SIMPLE]
    converted = [r for r in ordinary if not r.found.report.refused()]
    assert len(ordinary) > 80
    assert len(converted) >= 0.8 * len(ordinary)
    assert len(converted) >= 0.95 * len(simple)


def test_all_that_is_read_is_accounted_for(found: Any) -> None:
    for dag_id, (_, reading, _) in found.items():
        report = reading.found.report
        totals = report.totals()
        assert totals["read"] == sum(n for level, n in totals.items() if level != "read")
        told = [(f.step, f.attribute, f.where) for f in report.findings]
        assert len(told) == len({*told}), (dag_id, [t for t in told if told.count(t) > 1][:2])


def test_what_is_read_can_be_written_by_a_person(found: Any) -> None:
    for _, reading, _ in found.values():
        for path, text in reading.found.files.items():
            compile(text, path, "exec")


@pytest.mark.engine
def test_runs_agree_with_those_of_the_originals(found: Any) -> None:
    cases = [Case("airflow", name, str(found[name][0]), name) for name in RUN]
    corpus = str(HERE / "airflow_corpus.py")
    told = {tried.case.name: tried.ways for tried in try_out(cases, [], True, 120, corpus)}
    assert told == {key: {"read": "", "whole": "", "equal": ""} for key in RUN}


def test_operators_of_airflow_are_written_back(tmp_path: Path, found: Any) -> None:
    """What is read from an export is what was exported, source text included."""
    sensing = found["sensing"][1].found
    with apart():
        search(unpacked(sensing.files))
        export = load("airflow").write(sensing.pipeline, Options())
    text = export.files["sensing_dag.py"]
    assert "FileSensor(task_id='found', filepath=f\"{FOLDER}/in.csv\", poke_interval=5)" in text
    for path, content in export.files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    again = load("airflow").read(Source(tmp_path / "sensing_dag.py"))
    before = {s.name: s.definition for _, s in walk(sensing.pipeline) if isinstance(s, ForeignTask)}
    after = {s.name: s.definition for _, s in walk(again.pipeline) if isinstance(s, ForeignTask)}
    assert after["found"] == before["found"]
    assert all(f.level is not Level.UNSUPPORTED for f in again.report.findings if f.step == "found")
