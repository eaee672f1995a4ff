"""Maps, conditionals and policies on the real Kedro, where they are code in a node."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bridge import (
    Conditional,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Retry,
    constant,
    metric,
    pickled,
    translate,
)
from bridge.errors import Where
from bridge.record import Run
from bridge.values import fact

pytestmark = pytest.mark.engine

HARD = 'it\'s "quoted"\n{{ x }} $(touch pwned) ${x} \\${y} 1e3 é'
Both = Callable[[Pipeline, dict[str, Any]], tuple[Run, Run]]


def task(function: str, name: str = "", **given: Any) -> PythonTask:
    return PythonTask(function=f"kedro_functions:{function}", name=name, **given)


def test_functions_of_one_name_and_hard_texts_in_units(
    both: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"kedro_{letter}" for letter in "abc"]
    for name in names:
        source = f"def step(x):\n    return x + {name[-1]!r}\n\n\necho_node = step\n"
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))

    def called(module: str, function: str) -> PythonTask:
        return PythonTask(
            function=f"{module}:{function}",
            name=f"{module}_{function}",
            returns="x",
            retry=Retry(1),
            where=Where(str(tmp_path / "pipeline.py")),
        )

    def variable(name: str, text: str) -> PythonTask:
        return task(
            "variable", inputs={"name": constant(name)}, environment={name: text}, returns="v"
        )

    calls = [called(module, f) for module in names for f in ("step", "echo_node")]
    seen = {"run": fact("run_id"), "step": fact("step"), "attempt": fact("attempt"), "x": "x"}
    each = Pipeline([*reversed(calls), task("take", inputs=seen, returns="y")])
    branches = {
        key: Pipeline([variable("HARD", f"{HARD} {i}")])
        for i, key in enumerate(["", "1", True, HARD, "{text}", "%s", "default"])
    }
    pipeline = Pipeline(
        [
            *calls,
            Map(name="echo", branch=each, iterate_on="xs", iterate_as="x"),
            Conditional(name=HARD.partition("\n")[0], parameter="text", branches=branches),
        ],
        parameters={"x": "", "xs": ["0"], "text": ""},
    )
    here, there = both(pipeline, {"text": HARD})
    assert here.status == "succeeded", here.error
    [taken] = there.parameters["y"]
    facts = {"run": "the-run", "step": "echo.0.take", "attempt": 1}
    assert taken == {**facts, "x": "0ccbbaa", "text": HARD, "xs": ["0"]}
    assert there.parameters["v"] == f"{HARD} 3"


def test_values_that_may_not_be_set(both: Both) -> None:
    kinds: dict[str, Any] = {"json": str, "metric": metric, "pickled": pickled}

    def branch(choice: str, value: int | None) -> Pipeline:
        set_here = {"value": constant(value)}
        return Pipeline(
            [
                task("echo", f"set {kind}", inputs=set_here, returns=make(f"{choice}_{kind}"))
                for kind, make in kinds.items()
            ]
        )

    def using(choice: str) -> Pipeline:
        branches = {"one": branch(choice, 1), "none": branch(choice, None)}
        chosen = Conditional(
            name="which",
            parameter=choice,
            branches=branches,
            default=task("nothing").as_pipeline(),
        )
        used = [
            task(
                "echo_node",
                f"use {kind}",
                inputs={"value": f"{choice}_{kind}"},
                returns=make(f"{choice}_{kind}_used"),
            )
            for kind, make in kinds.items()
        ]
        return Pipeline([chosen, *used])

    choices = {"first": "one", "second": "none", "third": "neither"}
    pipeline = Pipeline(
        [Parallel(name="all", branches={choice: using(choice) for choice in choices})],
        parameters=choices,
    )
    here, there = both(pipeline, {})
    assert here.status == "succeeded", here.error
    assert there.metrics["second_metric"] is None
    assert "third_metric" not in there.metrics
    assert "third_pickled" not in there.objects


def test_constructs_run_by_kedros_own_commands(kedro: Callable[..., str], tmp_path: Path) -> None:
    from kedro_pipelines import tuning

    project = tmp_path / "project"
    translate.write(tuning, "kedro", project)
    kedro(project, "run|--tags|cpu-2", "run|--runner|ParallelRunner", "run|--params|goal=2")
    score = json.loads((project / "data" / "08_reporting" / "best_score.json").read_text())
    assert score == 0.9375
