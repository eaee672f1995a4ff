"""Real DAG files: what the installed Airflow and its providers ship, and those in ``sources``.

``cases`` has the name, the file and the DAG's id of each. Run as a program it reads all of them,
runs each that can be converted (or those named as arguments) by Airflow itself and by the local
runner, and prints what agrees.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

SOURCES = Path(__file__).parent / "sources"
ORDINARY = {"python", "branch", "short", "bash", "empty"}
# These would wait for the network, for minutes or for a person, or draw lots.
NOT_RUN = {
    "example_branch_operator": "chooses at random",
    "example_branch_python_operator_decorator": "chooses at random",
    "example_branch_dop_operator_v3": "decides by the minute",
    "example_params_ui_tutorial": "has a parameter without a value",
    "example_workday_timetable": "needs a plugin for its timetable",
}

# What nothing but Airflow has: events of assets, partitions of runs, stores of states.
EVENTS = ("let_events", "partition_", "state_store", "yield", "post_execute")


class Case(NamedTuple):
    """A DAG of a file."""

    name: str
    path: Path
    object: str


def files() -> list[Path]:
    """All files that may make DAGs."""
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    shipped = Path(spec.origin).parent.rglob("example_dags/*.py")
    own = SOURCES.glob("*/*_dag.py")
    return sorted(p for p in [*shipped, *own] if p.name != "__init__.py")


def described() -> dict[Path, dict[str, Any]]:
    """What Airflow finds in all of them, by one look."""
    from bridge_airflow.reading_dag.reader import look

    return {Path(file): found for file, found in look(files()).items()}


def cases() -> Iterator[Case]:
    """The DAGs of all files."""
    for path, found in described().items():
        for dag_id in sorted(found.get("dags", {})):
            yield Case(f"{path.stem}:{dag_id}", path, dag_id)


@dataclass
class Counts:
    """What became of all DAGs, by their ids."""

    read: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    converted: list[str] = field(default_factory=list)
    ordinary: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    agree: list[str] = field(default_factory=list)
    differ: dict[str, str] = field(default_factory=dict)


def is_ordinary(dag: dict[str, Any]) -> bool:
    """Whether a DAG is made only of Python, Bash, Empty, Branch and mapped tasks."""
    from bridge_airflow.reading_dag.operators import kind_of

    return all(kind_of(task) in ORDINARY for task in dag["tasks"])


def read_all(found: dict[Path, dict[str, Any]], counts: Counts) -> Iterator[tuple[Path, Any]]:
    """The readings of all DAGs."""
    from bridge_airflow.reading_dag.reader import interpret

    for path, told in found.items():
        if "error" in told:
            counts.failed[path.name] = told["error"]
        for dag_id, dag in sorted(told.get("dags", {}).items()):
            reading = interpret(dag, path)
            counts.read.append(dag_id)
            counts.ordinary += [dag_id] if is_ordinary(dag) else []
            attributes = " ".join(f.attribute for f in reading.found.report.refused())
            counts.events += [dag_id] if any(word in attributes for word in EVENTS) else []
            if not reading.found.report.refused():
                counts.converted.append(dag_id)
            yield path, reading


def compare(path: Path, reading: Any, folder: Path, log: Any) -> str:
    """Where a run by Airflow and one of what was read part; nothing if they agree."""
    from bridge.flow import analyse
    from bridge.modules import search, unpacked
    from bridge.runner import run_local
    from bridge_airflow.original import load, run_dag

    os.chdir(folder)
    pipeline = without_delays(reading.found.pipeline)
    search(unpacked(reading.found.files), *reading.found.search)
    sets = {name: output.kind for name, output in analyse(pipeline).sets.items()}
    with redirect_stdout(log), redirect_stderr(log):
        source = run_dag(load(path, reading.dag_id), sets, pipeline.parameters, "run")
        local = run_local(pipeline)
    found = [] if source.status == local.status else [f"{source.status} and {local.status}"]
    for kind in ("parameters", "objects"):
        one, other = getattr(source, kind), getattr(local, kind)
        found += [name for name in {*one, *other} if shown(one, name) != shown(other, name)]
    return "; ".join(found)


def shown(values: dict[str, Any], name: str) -> str:
    """A value as text in which true is not 1 and 1.0 is, and what is absent is nothing."""
    text = json.dumps(values[name], sort_keys=True) if name in values else ""
    return re.sub(r"(\d)\.0\b", r"\1", text)


def without_delays(pipeline: Any) -> Any:
    """The pipeline without waiting before a task is tried again."""
    from bridge.serial import from_data, to_data

    def changed(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: 0 if key == "delay" else changed(value) for key, value in item.items()}
        return [changed(value) for value in item] if isinstance(item, list) else item

    return from_data(changed(to_data(pipeline)))


def prepare(folder: Path) -> None:
    """Set this process up with an Airflow of its own."""
    from bridge.adapter import Job
    from bridge_airflow.home import environment_of_source, make_database

    job: Any = Job(folder, None, folder / "home", folder / "work")  # type: ignore[arg-type]
    os.environ.update(environment_of_source(job))
    os.environ["BRIDGE_HOME"] = str(folder / "bridge")
    make_database(job)
    job.workdir.mkdir()


def main(wanted: list[str]) -> int:
    """Read all and run those that are wanted, by default all that can be; print the counts."""
    counts = Counts()
    # Airflow's logging goes on writing to where it was first told to.
    with tempfile.TemporaryDirectory() as name, (Path(name) / "log").open("w") as log:
        folder = Path(name)
        prepare(folder)
        for path, reading in read_all(described(), counts):
            dag_id = reading.dag_id
            runs = dag_id in counts.converted and dag_id in counts.ordinary
            if not runs or dag_id in NOT_RUN or (wanted and dag_id not in wanted):
                continue
            try:
                why = compare(path, reading, folder / "work", log)
            except Exception as error:
                why = f"{type(error).__name__}: {error}"
            counts.agree += [] if why else [dag_id]
            counts.differ |= {dag_id: why} if why else {}
            print(f"{'differs' if why else 'agrees':8} {dag_id} {why[:300]}", flush=True)
    print(f"{len(counts.read)} DAGs read, {len(counts.failed)} files not: {counts.failed}")
    ordinary = set(counts.ordinary)
    done = ordinary & set(counts.converted)
    print(f"{len(counts.converted)} converted with nothing unsupported or dropped")
    plain = ordinary - set(counts.events)
    print(f"{len(ordinary)} of ordinary tasks alone, {len(done)} of them converted")
    print(f"{len(plain)} of them without events, partitions and stores of states")
    print(f"{len(counts.agree)} agree with Airflow on local, {len(counts.differ)} differ")
    print(f"not run: {sorted(done & set(NOT_RUN))}")
    return 1 if counts.differ or counts.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
