"""Runs an exported DAG by ``dag.test()`` and records what it did; started by ``run_apart``."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bridge.adapter import Job
from bridge.engine import collect, kept_notebooks, serve
from bridge.errors import RunError
from bridge.flow import Flow, Output, analyse
from bridge.record import Run, Status, StepRun
from bridge.values import Kind
from bridge_airflow.home import make_database
from bridge_airflow.ids import Ids, dag_id
from bridge_airflow.steps import keys
from bridge_airflow.watch import Watch

__all__ = ["run"]

_STATUS: dict[str, Status] = {"success": "succeeded", "failed": "failed"}


def run(job: Job) -> Run:
    """Run the DAG that was written at ``job.project``.

    Raises RunError when Airflow cannot load it, or refuses the parameters.
    """
    make_database(job)
    flow = analyse(job.pipeline, job.parameters)
    ids = Ids(job.pipeline)
    paths = {ids[path]: path for path in flow.nodes}
    dag = _load(job)
    watch = Watch(paths, job.progress)
    watch.start()
    started = time.monotonic()
    dag_run = _test(dag, job)
    return _record(job, flow, ids, dag_run, watch, time.monotonic() - started)


def _load(job: Job) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=job.project)
    if bag.import_errors:
        problems = "\n".join(f"{file}: {text}" for file, text in bag.import_errors.items())
        raise RunError(f"Airflow cannot import the DAG:\n{problems}")
    wanted = dag_id(job.pipeline)
    if wanted not in bag.dags:
        raise RunError(f"Airflow finds no DAG '{wanted}' in {job.project}, only {[*bag.dags]}")
    return bag.dags[wanted]


def _test(dag: Any, job: Job) -> Any:
    """Run the DAG under the job's run id, which ``dag.test()`` would make up."""
    from unittest.mock import patch

    from airflow.models.dagrun import DagRun
    from airflow.sdk.exceptions import ParamValidationError

    with patch.object(DagRun, "generate_run_id", lambda **_: job.run_id):
        try:
            return dag.test(run_conf=dict(job.parameters))
        except ParamValidationError as error:
            raise RunError(f"Airflow refuses the parameters: {error}") from error


def _record(job: Job, flow: Flow, ids: Ids, dag_run: Any, watch: Watch, seconds: float) -> Run:
    results = dict(_results(dag_run))
    instances = {found.task_id: found for found in dag_run.get_task_instances()}
    steps = [
        StepRun(path, _STATUS[found.state], found.try_number, watch.seconds.get(path, 0.0))
        for path in flow.nodes
        if (found := instances[ids[path]]).state in _STATUS
    ]

    def value(output: Output) -> Any:
        node = flow.nodes[output.step]
        found = results[ids[output.step]][keys(node)[output.name]]
        return _load_object(found) if output.kind is Kind.PICKLED else found

    def manifest(path: str) -> Mapping[str, str] | None:
        held = results.get(ids[path])
        return held[keys(flow.nodes[path])[""]] if held else watch.manifests.get(path)

    run = Run(
        run_id=job.run_id,
        on="airflow",
        status="succeeded" if dag_run.state == "success" else "failed",
        seconds=seconds,
        parameters={**job.pipeline.parameters, **job.parameters},
        error=next((watch.errors[path] for path in flow.nodes if path in watch.errors), None),
        artifacts=kept_notebooks(job, job.run_id),
    )
    return collect(flow, run, steps, value, manifest)


def _results(dag_run: Any) -> Iterator[tuple[str, Any]]:
    """What the tasks returned, by their ids, as another task would be given it."""
    from airflow.models.xcom import XComModel
    from airflow.sdk.execution_time.xcom import XCom
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(XComModel).where(
            XComModel.dag_id == dag_run.dag_id,
            XComModel.run_id == dag_run.run_id,
            XComModel.key == XCom.XCOM_RETURN_KEY,
        )
        rows: Iterable[Any] = session.scalars(query)
        for row in rows:
            yield row.task_id, XCom.deserialize_value(row)


def _load_object(reference: str) -> Any:
    from bridge.carried.objects import load_object

    return load_object(reference)


if __name__ == "__main__":
    serve(run)
