"""What is written of any pipeline as a DAG is read back as that very pipeline."""

from __future__ import annotations

from pathlib import Path

from bridge.flow import analyse
from bridge.model import Pipeline
from bridge.testing.agreement import lacking, sample
from bridge.testing.roundtrip import changes, never_run
from bridge.translate import write
from bridge_airflow.ids import dag_id
from bridge_airflow.reading_dag.reader import interpret, look


def test_random_programs(tmp_path: Path) -> None:
    """One look at all, since for each Airflow would have to be imported."""
    programs: dict[Path, Pipeline] = {}
    for i, program in enumerate(sample(20, 5, lacking("airflow"))):
        if not [*never_run(analyse(program))]:
            write(program, "airflow", tmp_path / str(i))
            (file,) = (tmp_path / str(i)).glob("*_dag.py")
            programs[file.resolve()] = program
    assert len(programs) >= 15
    looked = look([*programs])
    for file, program in programs.items():
        reading = interpret(looked[str(file)]["dags"][dag_id(program)], file)
        assert changes(program, reading.found.pipeline) == []
        assert reading.returns_dicts
