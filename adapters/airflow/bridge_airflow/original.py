"""Runs a DAG file as it is, by ``dag.test()``, and records what its tasks handed on."""

from __future__ import annotations

import inspect
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from bridge.adapter import Job
from bridge.carried.arguments import call
from bridge.carried.objects import load_object
from bridge.engine import serve
from bridge.errors import RunError
from bridge.flow import walk
from bridge.model import PythonTask
from bridge.record import Run
from bridge.results import settle
from bridge.values import At, Constant, Fact, Kind
from bridge_airflow.home import make_database
from bridge_airflow.reading_dag.describing import describe
from bridge_airflow.reading_dag.names import RETURNED
from bridge_airflow.reading_dag.reader import Reading, dag_file, interpret, pick
from bridge_airflow.reading_dag.recording import Recording
from bridge_airflow.source_job import SourceJob
from bridge_airflow.watch import Watch

__all__ = ["Original", "run", "run_dag"]

_NOT_RUN = ("skipped", "upstream_failed", "removed", None)


@dataclass
class Original:
    """A DAG, and what is read from it."""

    dag: Any
    reading: Reading


def run(job: Job) -> Run:
    """Run the DAG of the job's source. Raises RunError when Airflow cannot load it."""
    assert isinstance(job, SourceJob)
    make_database(job)
    file = dag_file(job.source.path)
    original = load(file, job.source.name)
    declared = {**job.pipeline.parameters, **job.parameters}
    return run_dag(original, job.sets, declared, job.run_id, job.progress)


def load(file: Path, name: str) -> Original:
    """A DAG of a file. Raises RunError when Airflow cannot import it."""
    from airflow.dag_processing.dagbag import DagBag

    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    with Recording(str(file)) as record:
        bag = DagBag(dag_folder=str(file), safe_mode=False)
    for text in bag.import_errors.values():
        raise RunError(f"Airflow cannot import '{file}':\n{text}")
    found = {"dags": {name: describe(dag, record) for name, dag in bag.dags.items()}}
    described = pick(found, file, name)
    return Original(bag.dags[described["dag_id"]], interpret(described, file))


def run_dag(
    original: Original,
    sets: Mapping[str, Kind],
    parameters: Mapping[str, Any],
    run_id: str,
    progress: Callable[[str], None] = lambda step: None,
) -> Run:
    """The record of a run; ``sets`` are the names whose values it has, with their kinds."""
    watch = Watch(lambda task, number: task, progress)
    watch.start()
    started = time.monotonic()
    given = {name: value for name, value in parameters.items() if name in original.dag.params}
    for called, name in original.reading.given.items():
        if parameters.get(name) not in (None, ""):
            given[called] = parameters[name]
    with _decisions() as decided:
        dag_run = _test(original.dag, given, run_id)
    found = Run(
        run_id=run_id,
        on="source",
        status="succeeded" if dag_run.state == "success" else "failed",
        seconds=time.monotonic() - started,
        parameters=dict(parameters),
    )
    states = _states(dag_run)
    attempts = {task.task_id: task.try_number for task in dag_run.get_task_instances()}
    failed = [task for task, at in states.items() if "failed" in at.values()]
    if failed:
        told = watch.errors.get(failed[0], {"type": "", "text": "it has failed"})
        found.error = {"step": failed[0], "attempt": attempts[failed[0]], **told}
    results = {(task, RETURNED, number): value for (task, number), value in decided.items()}
    results |= dict(_results(dag_run))
    itself = {task for task, number in attempts.items() if number}
    known = {**parameters, **dict(_ran(original.reading, states, itself))}
    facts = {"run_id": run_id, "logical_date": dag_run.logical_date.isoformat()}
    values = _values(original, states, results, known, facts)
    if original.reading.returns_dicts:
        values |= {n: load_object(v) for n, v in values.items() if sets.get(n) is Kind.PICKLED}
    settle(found, {name: (sets[name], value) for name, value in values.items() if name in sets})
    return found


def _test(dag: Any, given: Mapping[str, Any], run_id: str) -> Any:
    """Run a DAG that lies in no folder of DAGs, as Airflow knows it."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagrun import DagRun
    from airflow.sdk.exceptions import ParamValidationError
    from airflow.utils.session import create_session

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    bag = DagBag(dag_folder=os.devnull, bundle_name="dags-folder")
    bag.bag_dag(dag)
    sync_bag_to_db(bag, "dags-folder", None)
    with patch.object(DagRun, "generate_run_id", lambda **_: run_id):
        try:
            return dag.test(run_conf=dict(given))
        except ParamValidationError as error:
            raise RunError(f"Airflow refuses the parameters: {error}") from error


@contextmanager
def _decisions() -> Iterator[dict[tuple[str, int], Any]]:
    """What tasks return that decide what is skipped, which is no XCom of theirs."""
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import get_current_context

    found: dict[tuple[str, int], Any] = {}
    execute = PythonOperator.execute

    def noted(operator: Any, *args: Any, **given: Any) -> Any:
        value = execute(operator, *args, **given)
        if hasattr(operator, "skip") or hasattr(operator, "skip_all_except"):
            found[operator.task_id, get_current_context()["ti"].map_index] = value
        return value

    with patch.object(PythonOperator, "execute", noted):
        yield found


def _ran(
    reading: Reading, states: Mapping[str, Mapping[int, str]], begun: set[str]
) -> Iterator[tuple[str, bool]]:
    """Of tasks that may skip themselves whether they did, and not others before them."""
    for task, name in reading.ran.items():
        if task in begun and states[task][-1] in ("success", "skipped"):
            yield name, states[task][-1] == "success"


def _states(dag_run: Any) -> dict[str, dict[int, str]]:
    found: dict[str, dict[int, str]] = {}
    for task in dag_run.get_task_instances():
        found.setdefault(task.task_id, {})[task.map_index] = task.state
    return found


def _results(dag_run: Any) -> Iterator[tuple[tuple[str, str, int], Any]]:
    """What tasks pushed, by task, key and number, as another task would be given it."""
    from airflow.models.xcom import XComModel
    from airflow.sdk.execution_time.xcom import XCom
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(XComModel).where(
            XComModel.dag_id == dag_run.dag_id, XComModel.run_id == dag_run.run_id
        )
        rows: Iterable[Any] = session.scalars(query)
        for row in rows:
            yield (row.task_id, row.key, row.map_index), XCom.deserialize_value(row)


def _values(
    original: Original,
    states: Mapping[str, Mapping[int, str]],
    results: Mapping[tuple[str, str, int], Any],
    values: dict[str, Any],
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """The values by their names in the pipeline; a task that returned nothing gave None."""
    if original.reading.returns_dicts:
        return dict(_in_dicts(original.reading, results))
    mapped = {task.task_id for task in original.dag.tasks if task.is_mapped or _in_mapped(task)}
    found: dict[str, Any] = {n: values[n] for n in original.reading.ran.values() if n in values}
    for name, (task, key) in original.reading.origins.items():
        at = {i: s for i, s in sorted(states.get(task, {}).items()) if s not in _NOT_RUN}
        if task in mapped and (at or task in states):
            numbers = [number for number in at if number >= 0]
            if numbers or set(states[task].values()) != {"skipped"}:
                found[name] = [results.get((task, key, number)) for number in numbers]
        elif -1 in at and at[-1] == "success" and (key == RETURNED or (task, key, -1) in results):
            found[name] = results.get((task, key, -1))
        elif values.get(original.reading.ran.get(task, "")) is False and key == RETURNED:
            found[name] = None
    return found | _made(original.reading, {**values, **found}, facts)


def _in_dicts(
    reading: Reading, results: Mapping[tuple[str, str, int], Any]
) -> Iterator[tuple[str, Any]]:
    """The values of tasks that return dicts, in which objects are references."""
    for name, (task, key) in reading.origins.items():
        held = results.get((task, RETURNED, -1))
        if isinstance(held, Mapping) and key in held:
            yield name, held[key]


def _in_mapped(task: Any) -> bool:
    return any(True for _ in task.iter_mapped_task_groups())


def _made(reading: Reading, values: dict[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """What helpers of the pipeline make, which are no tasks of the DAG, of the DAG's values."""
    found: dict[str, Any] = {}
    text = next((text for text in reading.found.files.values()), "")
    module = ModuleType(next(iter(reading.found.files), "functions.py").removesuffix(".py"))
    module.__file__ = f"{module.__name__}.py"
    exec(compile(text, module.__name__, "exec"), vars(module))
    for _, step in walk(reading.found.pipeline):
        if not isinstance(step, PythonTask) or not step.outputs:
            continue
        name = step.outputs[0].name
        if (
            name in (*reading.origins, *reading.ran.values())
            or step.reference.module != module.__name__
        ):
            continue
        function = getattr(module, step.reference.qualname)
        asked = {name: At(name) for name in inspect.signature(function).parameters}
        wanted = {**asked, **step.bindings}
        given = {name: _given(source, values, facts) for name, source in wanted.items()}
        if _ABSENT not in given.values():
            found[name] = call(function, **given)
            values[name] = found[name]
    return found


_ABSENT = object()


def _given(source: Any, values: Mapping[str, Any], facts: Mapping[str, Any]) -> Any:
    if isinstance(source, Fact):
        return facts.get(source.name, _ABSENT)
    if isinstance(source, Constant):
        return source.value
    if not isinstance(source, At) or source.name not in values:
        return _ABSENT
    held = values[source.name]
    for key in source.path:
        held = held[key]
    return held


if __name__ == "__main__":
    serve(run)
