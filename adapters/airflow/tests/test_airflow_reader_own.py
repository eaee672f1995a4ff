"""What this adapter has written it reads back as what it was."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bridge.adapter import load
from bridge.findings import Level
from bridge.model import (
    Catalog,
    Conditional,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    ShellTask,
    Step,
    Stub,
)
from bridge.testing.cases import FAILING, PASSING, Case
from bridge.translate import write
from bridge.values import Input, at, constant, fact, json, pickled
from bridge_airflow.ids import dag_id
from bridge_airflow.reading_dag.reader import interpret, look

HERE = Path(__file__).parent
Draw = Callable[[Any], Any]


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(HERE)
    import airflow_constructs
    import airflow_pipelines

    vars(airflow_pipelines).update(pages=airflow_constructs.pages)
    yield airflow_pipelines
    for name in ("airflow_pipelines", "airflow_constructs", "airflow_functions"):
        sys.modules.pop(name, None)


def read_back(pipelines: list[Pipeline], folder: Path) -> list[Pipeline]:
    """What is read from the exports of pipelines, all by one look."""
    places = {}
    for number, pipeline in enumerate(pipelines):
        into = folder / str(number)
        write(pipeline, "airflow", into)
        places[next(into.glob("*_dag.py")).resolve()] = dag_id(pipeline)
    looked = look(list(places))
    found = []
    for file, name in places.items():
        told = looked[str(file)]
        assert "dags" in told, told
        found.append(interpret(told["dags"][name], file).found.pipeline)
    return found


def test_pipelines_of_every_construct(cases: ModuleType, tmp_path: Path) -> None:
    written = [cases.tour(), cases.rebinding(), cases.pages(), cases.wide()]
    again = read_back(written, tmp_path)
    for one, other in zip(written, again, strict=True):
        assert other == one


# What the conformance suite has

LOST = {"terminate", "terminate_inside", "terminate_composite"}
"""Steps that never run are written nowhere."""


def written_whole(case: Case) -> bool:
    """Whether a case is within what Airflow carries, and nothing of it is left out."""
    support = load("airflow").support
    runs = (Level.NATIVE, Level.EMULATED)
    return case.name not in LOST and all(support[f].level in runs for f in case.features)


KEPT = [case for case in (*PASSING, *FAILING) if written_whole(case)]


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pipeline]:
    """What is read from the exports of all cases, by one look."""
    found = read_back([case.pipeline for case in KEPT], tmp_path_factory.mktemp("again"))
    return dict(zip([case.name for case in KEPT], found, strict=True))


@pytest.mark.parametrize("case", KEPT, ids=lambda case: case.name)
def test_conformance_cases(case: Case, again: dict[str, Pipeline]) -> None:
    assert again[case.name] == case.pipeline


def test_what_a_person_has_changed_is_not_guessed(cases: ModuleType, tmp_path: Path) -> None:
    """Code in a unit that would not be written so is read as anybody's."""
    (loop,) = (case for case in KEPT if case.name == "loop")
    write(loop.pipeline, "airflow", tmp_path)
    file = tmp_path / "loop_dag.py"
    text = file.read_text()
    assert "if lo_done:" in text
    file.write_text(text.replace("if lo_done:", "if not lo_done:"))
    reading = interpret(look([file])[str(file)]["dags"]["loop"], file)
    assert not reading.returns_dicts
    assert reading.found.pipeline != loop.pipeline


# Random pipelines of all that Airflow has itself


@st.composite
def pipelines(draw: Draw) -> Pipeline:
    names = [f"n{i}" for i in range(99)]
    scope = {"count": 3, "items": [1, 2], "flag": True, "deep": {"a": [{"b": 1}]}}
    steps = draw(_steps(names, [*scope], 2))
    return Pipeline(
        steps,
        name=draw(st.sampled_from(["a", "some_name"])),
        description=draw(st.sampled_from(["", "What it is.\n\nAnd why."])),
        schedule=draw(st.sampled_from([None, "0 6 * * *"])),
        parameters=scope,
        overrides=draw(st.sampled_from([{}, {"airflow": {"tags": ["x"], "max_active_runs": 2}}])),
    )


@st.composite
def _steps(draw: Draw, names: list[str], scope: list[str], depth: int) -> list[Step]:
    return [draw(_step(names, scope, depth)) for _ in range(draw(st.integers(1, 3)))]


@st.composite
def _step(draw: Draw, names: list[str], scope: list[str], depth: int) -> Step:
    kinds = ["python", "shell", "notebook", "stub"]
    kinds += ["parallel", "map", "conditional"] if depth else []
    kind = draw(st.sampled_from(kinds))
    name = names.pop(0)
    if kind == "parallel":
        branches = {key: Pipeline(draw(_steps(names, [*scope], depth - 1))) for key in ("x", "y")}
        return Parallel(name=name, branches=branches)
    if kind == "conditional":
        inner = [Pipeline(draw(_steps(names, [*scope], 0))) for _ in range(3)]
        return Conditional(
            name=name,
            parameter="flag",
            branches={True: inner[0], "other": inner[1]},
            default=inner[2],
        )
    if kind == "map":
        branch = Pipeline(draw(_steps(names, [*scope, f"{name}_item"], 0)))
        reducer = (
            draw(st.sampled_from([None, "airflow_functions:sort_of"])) if sets(branch) else None
        )
        on = draw(st.sampled_from(["items", at("deep", "a")]))
        return Map(
            name=name, branch=branch, iterate_on=on, iterate_as=f"{name}_item", reducer=reducer
        )
    return draw(_task(kind, name, scope))  # type: ignore[no-any-return]


def sets(branch: Pipeline) -> bool:
    """Whether there is anything for a reducer to reduce."""
    return any(getattr(step, "returns", ()) for step in branch.steps)


@st.composite
def _task(draw: Draw, kind: str, name: str, scope: list[str]) -> Step:
    more = draw(_policy())
    if kind == "stub":
        return Stub(name, **more)
    if kind == "shell":
        return ShellTask(
            name=name,
            command=f"export {name}_value=$count",
            returns=[f"{name}_value"],
            catalog=draw(st.sampled_from([None, Catalog(put=["a.txt"])])),
            **more,
        )
    if kind == "notebook":
        inputs: Any = {"best": at("deep"), "scale": constant(1)}
        return NotebookTask(
            name=name,
            notebook="airflow_examine.ipynb",
            inputs=inputs,
            returns=[json(f"{name}_n")],
            **more,
        )
    value = draw(_input(scope))
    returned = draw(st.sampled_from([[], [json(f"{name}_value")], [pickled(f"{name}_object")]]))
    scope += [r.name for r in returned if r.kind == "json"]
    return PythonTask(
        name=name,
        function="airflow_functions:pair",
        inputs={"value": value},
        returns=returned,
        **more,
    )


def _input(scope: list[str]) -> Any:
    paths: list[Input] = [at("deep", "a", 0, "b"), at("deep", "a"), fact("run_id"), fact("attempt")]
    constants: list[Input] = [constant("x {{ y }}\n"), constant([None, {"a": 1.5}])]
    return st.sampled_from([*map(at, scope), *paths, *constants])


@st.composite
def _policy(draw: Draw) -> dict[str, Any]:
    every = {
        "retry": Retry(2, 3),
        "timeout": 4.5,
        "resources": Resources(2, 512, None),
        "image": "python:3.12",
        "overrides": {"airflow": {"pool": "small"}},
    }
    chosen = draw(st.lists(st.sampled_from([*every]), max_size=2, unique=True))
    return {key: every[key] for key in chosen}


def test_random_pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look at many, since for each Airflow would have to be imported."""
    found: list[Pipeline] = []

    @given(pipelines())
    @settings(max_examples=60, deadline=None, phases=[Phase.generate], derandomize=True)
    def gather(pipeline: Pipeline) -> None:
        found.append(replace(pipeline, name=f"p{len(found)}"))

    gather()
    monkeypatch.syspath_prepend(HERE)
    again = read_back(found, tmp_path)
    sys.modules.pop("airflow_functions", None)
    for one, other in zip(found, again, strict=True):
        assert other == one
