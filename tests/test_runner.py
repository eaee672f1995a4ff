from __future__ import annotations

import json

import plain
import pytest

from bridge import (
    Catalog,
    Dataset,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    at,
    constant,
    fact,
    metric,
    pickled,
)
from bridge.errors import ModelError, RunError, StepError, UsageError
from bridge.inert import loading
from bridge.runner import history, run_local

pytestmark = pytest.mark.usefixtures("here")


def task(function, name="", **more):
    return PythonTask(function=function, name=name, **more)


def run(*steps, **parameters):
    return run_local(Pipeline(list(steps), parameters=parameters))


def test_values_go_from_step_to_step():
    found = run(
        task(plain.one, returns=["a"]),
        task(plain.double, inputs={"x": "a"}, returns=["b"]),
        task(plain.add, returns=[metric("sum")]),
        c=5,
    )
    assert found.status == "succeeded"
    assert found.parameters == {"c": 5, "a": 1, "b": 2, "sum": 3}
    assert found.metrics == {"sum": 3}
    assert [(s.name, s.status, s.attempts) for s in found.steps] == [
        ("one", "succeeded", 1),
        ("double", "succeeded", 1),
        ("add", "succeeded", 1),
    ]
    assert found.error is None


@pytest.mark.parametrize(
    ("step", "parameters", "expected"),
    [
        (task(plain.pair, returns=["x", "y"]), {}, {"x": 1, "y": "two"}),
        (task(plain.by_key, returns=["a", "b"]), {}, {"a": 1, "b": "two"}),
        (task(plain.by_key, returns=["whole"]), {}, {"whole": {"a": 1, "b": "two"}}),
        (task(plain.greet, returns=["g"]), {"name": "Ada"}, {"g": "hello Ada"}),
        (
            task(plain.greet, inputs={"name": constant("a'b")}, returns=["g"]),
            {},
            {"g": "hello a'b"},
        ),
        (task(plain.rest, returns=["r"]), {"a": 1, "z": 2, "y": 3}, {"r": ["y", "z"]}),
        (task(plain.as_int, returns=["v"]), {"value": "3"}, {"v": [3, "int"]}),
        (task(plain.positional, returns=["v"]), {"b": 1, "a": 5}, {"v": 4}),
        (task(plain.Tools.triple, returns=["v"]), {"x": 2}, {"v": 6}),
        (task(plain.nothing, returns=["v"]), {}, {"v": None}),
        (
            task(plain.double, inputs={"x": at("o", "k", 1)}, returns=["v"]),
            {"o": {"k": [1, 4]}},
            {"v": 8},
        ),
        (
            task(plain.whatever, inputs={"value": fact("step")}, returns=["v"]),
            {},
            {"v": "whatever"},
        ),
        (task(plain.whatever, inputs={"value": fact("attempt")}, returns=["v"]), {}, {"v": 1}),
        (
            ShellTask(name="s", command='export v="$a $(( $b + 1 ))"', returns=["v"]),
            {"a": "it's; rm -rf /", "b": 2},
            {"v": "it's; rm -rf / 3"},
        ),
        (ShellTask(name="s", command="export v='[1, 2]'", returns=["v"]), {}, {"v": [1, 2]}),
        (Stub(name="s", returns=["v"]), {"v": 1}, {}),
    ],
)
def test_one_step(step, parameters, expected):
    found = run(step, **parameters)
    assert found.error is None
    assert found.parameters == parameters | expected


@pytest.mark.parametrize(
    ("step", "kind", "says"),
    [
        (task(plain.fail), "KeyError", "no such thing"),
        (task(plain.leave), "SystemExit", "gone"),
        (task(plain.nan, returns=["v"]), "ValueError", "pickled"),
        (task(plain.thing, returns=["v"]), "ValueError", 'pickled("v")'),
        (task(plain.lock, returns=[pickled("v")]), "ValueError", "'v'"),
        (task(plain.pair, returns=["a", "b", "c"]), "ValueError", "3"),
        (task(plain.double, inputs={"x": constant("three")}), "ValueError", "'x'"),
        (task(plain.double, inputs={"x": at("o", "nowhere")}), "ValueError", "not there"),
        (task(plain.one, catalog=Catalog(put=["none.txt"])), "FileNotFoundError", "none.txt"),
        (ShellTask(name="s", command="echo oops >&2; exit 3"), "RuntimeError", "3"),
        (ShellTask(name="s", command="v=1", returns=["v"]), "ValueError", "'v'"),
    ],
)
def test_a_failing_step_is_in_the_record(step, kind, says):
    found = run(step, task(plain.one, "after"), o={})
    assert found.status == "failed"
    assert found.error is not None
    assert (found.error["step"], found.error["type"]) == (step.name, kind)
    assert says in found.error["text"]
    assert [s.status for s in found.steps] == ["failed", "skipped"]


def test_the_other_branch_finishes_after_a_failure():
    found = run(
        Parallel(
            name="p",
            branches={
                "bad": Pipeline([task(plain.fail), task(plain.one, "never")]),
                "good": Pipeline([task(plain.one, returns=["x"])]),
            },
        ),
        task(plain.one, "after"),
    )
    assert {s.name: s.status for s in found.steps} == {
        "p.bad.fail": "failed",
        "p.bad.never": "skipped",
        "p.good.one": "succeeded",
        "after": "skipped",
    }
    assert found.parameters == {"x": 1}


def test_what_a_step_does_to_a_value_is_not_seen_by_others():
    found = run(
        task(plain.thing, returns=[pickled("thing")]),
        task(plain.grow, returns=["grown"]),
        task(plain.size, returns=["size"]),
        task(plain.listed, returns=["xs"]),
        task(plain.extend, returns=["longer"]),
    )
    assert found.parameters == {"grown": 4, "size": 3, "xs": [1, 2], "longer": 3}
    assert list(found.objects) == ["thing"]


def test_a_name_can_change_between_value_and_object():
    found = run(task(plain.one, returns=["x"]), task(plain.thing, returns=[pickled("x")]), x=0)
    assert "x" not in found.parameters
    assert list(found.objects) == ["x"]


def test_files_go_through_the_catalog_only(here):
    found = run(
        task(plain.write, catalog=Catalog(put=["*.txt"])),
        task(plain.remove),
        task(plain.read, returns=["content"], catalog=Catalog(get=["a.txt"])),
    )
    assert found.parameters == {"content": "written"}
    assert list(found.files) == ["a.txt"]
    assert found.files["a.txt"].startswith("sha256:")


def test_files_are_stored_after_a_failure_too():
    found = run(task(plain.write_and_fail, catalog=Catalog(put=["a.txt", "none.txt"])))
    assert found.status == "failed"
    assert found.error["text"] == "too late"
    assert list(found.files) == ["a.txt"]


def test_a_notebook_gives_values_and_is_kept(here):
    (here / "n.ipynb").write_text(json.dumps(_notebook()))
    found = run(
        NotebookTask(name="n", notebook=str(here / "n.ipynb"), returns=["twice", pickled("thing")]),
        a=21,
    )
    assert found.error is None
    assert found.parameters == {"a": 21, "twice": 42}
    assert list(found.objects) == ["thing"]
    kept = history.home() / "runs" / found.run_id / "artifacts" / "n.ipynb"
    assert '"twice = 2 * a' in kept.read_text()


def _notebook():
    def cell(source, *tags):
        return {
            "cell_type": "code",
            "execution_count": None,
            "id": f"c{len(source)}",
            "metadata": {"tags": list(tags)},
            "outputs": [],
            "source": source,
        }

    return {
        "cells": [cell("a = 1", "parameters"), cell("twice = 2 * a\nthing = {a}")],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def test_parameters_win_over_those_declared():
    pipeline = Pipeline([task(plain.double, returns=["y"])], parameters={"x": 1})
    assert run_local(pipeline, {"x": 4}).parameters == {"x": 4, "y": 8}


def test_an_undeclared_parameter_given_is_known():
    assert run_local(Pipeline([task(plain.double, returns=["y"])]), {"x": 4}).parameters["y"] == 8


def test_the_record_is_kept_and_its_id_is_guarded():
    pipeline = Pipeline([task(plain.one, returns=["x"])])
    found = run_local(pipeline, run_id="my.run-1")
    assert history.find("my.run-1") == found
    assert [r.run_id for r in history.runs()] == ["my.run-1"]
    with pytest.raises(UsageError, match=r"there is a run 'my\.run-1' already"):
        run_local(pipeline, run_id="my.run-1")
    for bad in ("..", "a/b", "", "x" * 200, "a b"):
        with pytest.raises(UsageError, match="malformed"):
            history.make(bad)
    with pytest.raises(UsageError, match="there is no run 'other'"):
        history.find("other")


def test_a_record_that_cannot_be_written_is_told(here, monkeypatch):
    (here / ".bridge" / "runs" / "r").mkdir(parents=True)
    (here / ".bridge" / "runs" / "r" / "run.json").mkdir()
    found = run(task(plain.one, returns=["x"]))
    with pytest.raises(RunError, match="succeeded, but its record cannot be written"):
        history.save(found, here / ".bridge" / "runs" / "r")
    assert not (here / ".bridge" / "runs" / "r" / "run.json.part").exists()


def test_execute_gives_the_run_or_raises_with_it():
    assert Pipeline([task(plain.one, returns=["x"])]).execute()["x"] == 1
    with pytest.raises(StepError, match="step 'fail' failed at attempt 1: KeyError") as caught:
        Pipeline([task(plain.fail)]).execute()
    assert caught.value.run.status == "failed"


def test_execute_is_inert_while_a_source_is_loaded():
    with loading():
        assert Pipeline([task(plain.fail)]).execute() is None


def test_nothing_runs_when_something_cannot(here):
    with pytest.raises(ModelError):
        run(task(plain.write, catalog=Catalog(put=["a.txt"])), task(plain.double))
    with pytest.raises(ModelError, match="type of dataset 'd' must be a class"):
        run_local(Pipeline([task(plain.write)], datasets={"d": Dataset("csv")}))
    assert list(here.iterdir()) == []


def test_a_chain_of_ten_thousand_runs():
    steps = [task(plain.double, f"s{i}", returns=["x"]) for i in range(10_000)]
    found = run(*steps, x=0)
    assert found.parameters == {"x": 0}
    assert len(found.steps) == 10_000
