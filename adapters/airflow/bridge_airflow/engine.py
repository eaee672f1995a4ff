"""Runs an exported DAG by ``dag.test()`` and records what it did; started by ``run_apart``."""

from __future__ import annotations

import json
import time
from copy import deepcopy
from typing import Any

from bridge.adapter import Job
from bridge.carried.objects import load_object
from bridge.carried.steps import ABSENT
from bridge.engine import collect, kept_notebooks, serve
from bridge.errors import RunError
from bridge.flow import Output, analyse
from bridge.model import ForeignTask
from bridge.record import Run
from bridge.values import Kind
from bridge_airflow.home import make_database
from bridge_airflow.ids import Ids, dag_id
from bridge_airflow.instances import Instances
from bridge_airflow.places import Place, Places
from bridge_airflow.reading import keys
from bridge_airflow.watch import Watch

__all__ = ["run"]


def run(job: Job) -> Run:
    """Run the DAG that was written at ``job.project``.

    Raises RunError when Airflow cannot load it, or refuses the parameters.
    """
    make_database(job)
    _check_each_schema_once()
    instances = Instances(Places(Place(analyse(job.pipeline, job.parameters))), Ids(job.pipeline))
    dag = _load(job)
    watch = Watch(instances.name, job.progress)
    watch.start()
    started = time.monotonic()
    dag_run = _test(dag, job)
    seconds = time.monotonic() - started
    instances.ended(dag_run, watch)
    return _record(job, instances, dag_run, seconds)


def _check_each_schema_once() -> None:
    """Spare most of the time of a run with many parameters.

    For each task Airflow validates every Param several times over, and with it the Param's schema.
    """
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    check, seen = Draft202012Validator.check_schema, set[str]()

    def once(schema: Any) -> None:
        text = json.dumps(schema, sort_keys=True)
        if text not in seen:
            check(schema)
            seen.add(text)

    Draft202012Validator.check_schema = once


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
    """Run the DAG under the job's run id, which ``dag.test()`` would make up.

    In a deployment each task is a process and has params of its own; here the instances of a mapped
    task would share what stands in the DAG, and see how an earlier one has changed it.
    """
    from unittest.mock import patch

    from airflow.models.dagrun import DagRun
    from airflow.sdk.definitions import param
    from airflow.sdk.exceptions import ParamValidationError
    from airflow.sdk.execution_time import task_runner

    shared = param.process_params

    def own(*args: Any, **options: Any) -> Any:
        return deepcopy(shared(*args, **options))

    with (
        patch.object(DagRun, "generate_run_id", lambda **_: job.run_id),
        patch.object(param, "process_params", own),
        patch.object(task_runner, "process_params", own),
    ):
        try:
            return dag.test(run_conf=dict(job.parameters))
        except ParamValidationError as error:
            raise RunError(f"Airflow refuses the parameters: {error}") from error


def _record(job: Job, instances: Instances, dag_run: Any, seconds: float) -> Run:
    flow = instances.places.outermost.flow
    instances.note(job.steps)

    def value(output: Output) -> Any:
        node = flow.nodes[output.step]
        held = instances.result(output.step)
        if isinstance(node.task, ForeignTask):
            return held
        held = held or {}
        key = keys(node)[output.name]
        if key not in held:
            return ABSENT
        return load_object(held[key]) if output.kind is Kind.PICKLED else held[key]

    run = Run(
        run_id=job.run_id,
        on="airflow",
        status="succeeded" if dag_run.state == "success" else "failed",
        seconds=seconds,
        parameters={**job.pipeline.parameters, **job.parameters},
        error=next(filter(None, map(instances.error, flow.nodes)), None),
        artifacts=kept_notebooks(job, job.run_id),
    )
    steps = filter(None, map(instances.step, flow.nodes))
    return collect(flow, run, steps, value, instances.manifest, job.steps)


if __name__ == "__main__":
    serve(run)
