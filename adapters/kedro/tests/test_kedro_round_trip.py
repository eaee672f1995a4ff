"""What is written of a pipeline as a Kedro project is read back as that very pipeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.adapter import Source
from bridge.flow import analyse
from bridge.model import Parallel, Pipeline, PythonTask, Resources, Retry
from bridge.testing.agreement import lacking, sample, together
from bridge.testing.cases import FAILING, PASSING
from bridge.testing.cases import together as cases_together
from bridge.testing.roundtrip import changes, never_run, returned
from bridge.translate import write
from bridge.values import pickled
from bridge_kedro.adapter import KEDRO

ENDS = ("terminate", "terminate_inside", "terminate_composite")
"""Steps that never run are written nowhere."""


def task(function: str, name: str = "", **more: Any) -> PythonTask:
    return PythonTask(function=f"conformance_functions:{function}", name=name, **more)


def assert_returns(pipeline: Pipeline, folder: Path) -> None:
    assert changes(pipeline, returned(pipeline, "kedro", folder / "project")) == []


def test_cases_side_by_side(tmp_path: Path) -> None:
    assert_returns(cases_together([c for c in PASSING if c.name not in ENDS]), tmp_path)


def test_cases_that_fail(tmp_path: Path) -> None:
    found = [case.pipeline for case in FAILING]
    branches = {p.name: replace(p, parameters={}) for p in found}
    parameters = {name: value for p in found for name, value in p.parameters.items()}
    pipeline = Pipeline([Parallel(name="cases", branches=branches)], parameters=parameters)
    assert_returns(pipeline, tmp_path)


@pytest.mark.parametrize("name", ["handled_pipeline", "dataset", "dag"])
def test_a_case_by_itself(name: str, tmp_path: Path) -> None:
    (case,) = [case for case in PASSING if case.name == name]
    assert_returns(case.pipeline, tmp_path)


@pytest.mark.parametrize("name", ["training", "odd", "graph", "tuning"])
def test_pipelines_as_people_write_them(name: str, tmp_path: Path) -> None:
    from kedro_pipelines import PIPELINES

    assert_returns(PIPELINES[name], tmp_path)


def test_what_is_said_for_kedro_and_for_others(tmp_path: Path) -> None:
    left = [
        task("one", returns=["b"], overrides={"kedro": {"tags": ["w"]}}),
        task("increment", inputs={"x": "b"}, returns=["c"]),
    ]
    right = [task("one", "other", returns=["d"], overrides={"airflow": {"queue": "q"}})]
    fork = Parallel(
        name="fork",
        overrides={"kedro": {"tags": ["z"]}},
        branches={
            "left": Pipeline(left),
            "right": Pipeline(right, "named", "Said, of it: all.", order="data"),
        },
    )
    steps = [
        fork,
        task("same", inputs={"value": "c"}, returns=[pickled("e x")], resources=Resources(cpu=1.5)),
        task("described", inputs={"value": "e x"}, retry=Retry(2), image="a:1"),
    ]
    others = {"airflow": {"tags": ["q"]}}
    assert_returns(Pipeline(steps, "two", " odd \n\n   text", overrides=others), tmp_path)


@pytest.mark.parametrize("way", ["data", "composite"])
def test_steps_that_share_a_node(way: str, tmp_path: Path) -> None:
    (case,) = [case for case in PASSING if case.name == "map_objects"]
    write(case.pipeline, "kedro", tmp_path / "project", group=way)
    found = KEDRO.read(Source(tmp_path / "project"))
    assert changes(case.pipeline, found.pipeline) == []
    assert found.report.totals()["carried"] == found.report.totals()["read"]


def test_programs_side_by_side(tmp_path: Path) -> None:
    assert_returns(together(sample(25, 3, lacking("kedro"))), tmp_path)


def test_programs_by_themselves(tmp_path: Path) -> None:
    programs = sample(8, 2, lacking("kedro"))
    known = [p for p in programs if not [*never_run(analyse(p))]]
    assert len(known) >= 6
    for i, program in enumerate(known):
        assert_returns(program, tmp_path / str(i))


def test_the_order_of_a_single_step_whose_pipeline_has_a_handler(tmp_path: Path) -> None:
    handler = Pipeline([task("one", "mended", returns=["b"])])
    steps = [task("one", "alone", returns=["b"])]
    assert_returns(Pipeline(steps, "handled", order="data", on_failure=handler), tmp_path)


def test_what_a_person_has_changed_is_kept_whole(tmp_path: Path) -> None:
    case = next(case for case in PASSING if case.name == "map")
    write(case.pipeline, "kedro", tmp_path / "project")
    (file,) = (tmp_path / "project").rglob("nodes.py")
    file.write_text(file.read_text().replace("square(x=map_item)", "square(x=map_item + 1)"))
    found = KEDRO.read(Source(tmp_path / "project")).pipeline
    assert [step.name for step in found.steps] == ["each", "summed"]
    assert {type(step).__name__ for step in found.steps} == {"PythonTask"}
