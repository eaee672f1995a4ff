"""Real DAG files: what the installed Airflow and its providers ship, and those in ``sources``.

They are all read and run in one process, as it takes Airflow seconds to start.
"""

from __future__ import annotations

import json
import os
import random
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bridge.adapter import Job
from bridge.errors import BridgeError, SourceError
from bridge.flow import analyse
from bridge.modules import apart, search, unpacked
from bridge.runner import run_local
from bridge.serial import from_data, to_data
from bridge.testing.corpus import Case, NotRunError, ways
from bridge_airflow.home import environment_of_source, make_database
from bridge_airflow.original import load, run_dag
from bridge_airflow.reading_dag.operators import kind_of
from bridge_airflow.reading_dag.reader import interpret, look

SOURCES = Path(__file__).parent / "sources"
ORDINARY = {"python", "branch", "short", "bash", "empty"}
_LOTS = "draws lots in processes of its own"
_COLORS = "asks for colorama, in a virtual environment of its own"
# These cannot be the same twice, or need what is not here.
NOT_RUN = {
    "example_bash_decorator": "a value of it is the place of its own file",
    "example_branch_operator": _LOTS,
    "example_branch_python_operator_decorator": _LOTS,
    "example_python_decorator": _COLORS,
    "example_python_operator": _COLORS,
    "example_retry_policy": "asks a service on the network",
}
# Values of the parameters that have none of their own.
GIVEN = {
    "example_params_ui_tutorial": {"required_field": "long enough"},
    "example_passing_params_via_test_command": {"foo": "bar"},
}
# What the examples need beside themselves.
PLUGINS = """
from airflow.example_dags.plugins.decreasing_priority_weight_strategy import *
from airflow.example_dags.plugins.workday import *
"""

# What nothing but Airflow has: events of assets and stores of states.
EVENTS = ("let_events", "state_store", "yield", "post_execute")

SIMPLE = "shipped, of Python, Bash, Empty, Branch and mapped tasks alone"
EVENTFUL = "the same, with events of assets or stores of states, which only Airflow has"
WITH_OTHERS = "shipped, with sensors and other operators"
OWN = "written for the tests"


def shipped() -> Path:
    """Where the installed Airflow is."""
    spec = find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def files() -> list[Path]:
    """All files that may make DAGs."""
    found = shipped().rglob("example_dags/*.py")
    own = SOURCES.glob("*/*_dag.py")
    return sorted(p for p in [*found, *own] if p.name != "__init__.py")


def described() -> dict[Path, dict[str, Any]]:
    """What Airflow finds in all of them, by one look."""
    return {Path(file): found for file, found in look(files()).items()}


def readings() -> Iterator[tuple[Path, Any, bool]]:
    """What is read of each DAG. Raises SourceError for a file that cannot be."""
    for path, told in described().items():
        if "error" in told:
            raise SourceError(told["error"])
        for _, dag in sorted(told["dags"].items()):
            yield path, interpret(dag, path), is_ordinary(dag)


def is_ordinary(dag: dict[str, Any]) -> bool:
    """Whether a DAG is made only of Python, Bash, Empty, Branch and mapped tasks."""
    return all(kind_of(task) in ORDINARY for task in dag["tasks"])


def cases() -> Iterator[tuple[str, Path, str, str]]:
    """The name of each DAG, its file, its id and of which kind it is."""
    for path, reading, ordinary in readings():
        yield f"{path.stem}:{reading.dag_id}", path, reading.dag_id, kind(path, reading, ordinary)


def kind(path: Path, reading: Any, ordinary: bool) -> str:
    """What is said of DAGs like this when they are counted."""
    if path.is_relative_to(SOURCES):
        return OWN
    if not ordinary:
        return WITH_OTHERS
    refused = " ".join(finding.attribute for finding in reading.found.report.refused())
    return EVENTFUL if any(word in refused for word in EVENTS) else SIMPLE


def together(cases: Sequence[Case], targets: Sequence[str], runs: bool) -> Iterator[dict[str, str]]:
    """What comes of each case."""
    # Airflow's logging goes on writing to where it was first told to.
    with tempfile.TemporaryDirectory() as name, (Path(name) / "log").open("w") as log:
        prepare(Path(name))
        found = {(str(path), reading.dag_id): reading for path, reading, _ in readings()}
        for case in cases:
            reading = found[case.path, case.wanted]
            work = Path(name, "work")

            def equal(case: Case = case, reading: Any = reading, work: Path = work) -> None:
                if case.kind == WITH_OTHERS or case.wanted in NOT_RUN:
                    raise NotRunError(NOT_RUN.get(case.wanted, "has tasks that only Airflow runs"))
                if why := compare(Path(case.path), reading, work, log):
                    raise BridgeError(why)

            with apart():
                search(unpacked(reading.found.files), *reading.found.search)
                read = (reading.found.pipeline, reading.found.report)
                yield ways(lambda read=read: read, targets, equal if runs else None)


def compare(path: Path, reading: Any, folder: Path, log: Any) -> str:
    """Where a run by Airflow and one of what was read part; nothing if they agree."""
    os.chdir(folder)
    pipeline = without_delays(reading.found.pipeline)
    given = {**pipeline.parameters, **GIVEN.get(reading.dag_id, {})}
    pipeline = replace(pipeline, parameters=given)
    sets = {name: output.kind for name, output in analyse(pipeline).sets.items()}
    with redirect_stdout(log), redirect_stderr(log):
        random.seed(path.name)
        source = run_dag(load(path, reading.dag_id), sets, pipeline.parameters, "run")
        random.seed(path.name)
        local = run_local(pipeline)
    both = (source, local)
    found = []
    if source.status != local.status:
        found = [f"{run.on} {run.status} {(run.error or {}).get('text', '')}" for run in both]
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

    def changed(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: 0 if key == "delay" else changed(value) for key, value in item.items()}
        return [changed(value) for value in item] if isinstance(item, list) else item

    return from_data(changed(to_data(pipeline)))


def prepare(folder: Path) -> None:
    """Set this process up with an Airflow of its own."""
    job: Any = Job(folder, None, folder / "home", folder / "work")  # type: ignore[arg-type]
    os.environ.update(environment_of_source(job))
    plugins = folder / "plugins"
    plugins.mkdir()
    (plugins / "examples.py").write_text(PLUGINS)
    os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(plugins)
    os.environ["BRIDGE_HOME"] = str(folder / "bridge")
    make_database(job)
    job.workdir.mkdir()
