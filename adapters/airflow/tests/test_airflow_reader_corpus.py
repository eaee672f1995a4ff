"""DAG files that we did not write, and runs of what was read against runs of the originals."""

from __future__ import annotations

import subprocess
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

HERE = Path(__file__).parent
RUN = ["shop", "classic", "mapping", "several", "skipping_over", "context", "tutorial_dag",
       "example_short_circuit_decorator", "example_task_group_decorator", "example_complex",
       "example_params_trigger_ui", "example_nested_branch_dag"]  # fmt: skip


@pytest.fixture(scope="module")
def corpus() -> Iterator[ModuleType]:
    sys.path.insert(0, str(HERE))
    import airflow_corpus

    yield airflow_corpus
    sys.path.remove(str(HERE))
    del sys.modules["airflow_corpus"]


@pytest.fixture(scope="module")
def readings(corpus: ModuleType) -> Any:
    counts = corpus.Counts()
    found = {reading.dag_id: reading for _, reading in corpus.read_all(corpus.described(), counts)}
    return counts, found


def test_every_file_is_read(readings: Any) -> None:
    counts, found = readings
    assert not counts.failed
    assert len(found) > 110


def test_most_of_ordinary_tasks_are_converted(readings: Any) -> None:
    counts, _ = readings
    ordinary = set(counts.ordinary) - set(counts.events)
    assert len(ordinary) > 60
    assert len(ordinary & set(counts.converted)) >= 0.8 * len(ordinary)


def test_all_that_is_read_is_accounted_for(readings: Any) -> None:
    for dag_id, reading in readings[1].items():
        report = reading.found.report
        totals = report.totals()
        assert totals["read"] == sum(n for level, n in totals.items() if level != "read")
        told = [(f.step, f.attribute, f.where) for f in report.findings]
        assert len(told) == len({*told}), (dag_id, [t for t in told if told.count(t) > 1][:2])


def test_what_is_read_can_be_written_by_a_person(readings: Any) -> None:
    for reading in readings[1].values():
        for path, text in reading.found.files.items():
            compile(text, path, "exec")


@pytest.mark.engine
def test_runs_agree_with_those_of_the_originals(tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "airflow_corpus.py"), *RUN]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False
    )
    agree = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("agrees")]
    assert sorted(agree) == sorted(RUN), done.stdout + done.stderr[-2000:]
    assert done.returncode == 0


def test_operators_of_airflow_are_written_back(tmp_path: Path, readings: Any) -> None:
    """What is read from an export is what was exported, source text included."""
    sensing = readings[1]["sensing"].found
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
