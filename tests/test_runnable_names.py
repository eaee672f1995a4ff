"""Every name of the ``runnable`` SDK is there and takes what it took."""

from __future__ import annotations

import pickle

import pytest
import runnable_functions as functions

import bridge as runnable
from bridge import sdk
from bridge.errors import ModelError
from bridge.model import NotebookTask, Pipeline, PythonTask, ShellTask
from bridge.serial import dump_yaml, load_yaml
from bridge.values import Kind

NAMES = (
    *("AsyncPipeline", "AsyncPythonTask", "Catalog", "Conditional", "Fail", "Loop", "Map"),
    *("NotebookJob", "NotebookTask", "Parallel", "Pipeline", "PythonJob", "PythonTask"),
    *("ShellJob", "ShellTask", "Stub", "Success", "json", "metric", "pickled"),
)
COMMON = {
    "name": "s",
    "terminate_with_success": True,
    "terminate_with_failure": False,
    "on_failure": None,
}
OF_TASK = {
    **COMMON,
    "returns": ["a", runnable.pickled("b"), runnable.metric("c"), runnable.json("d")],
    "catalog": runnable.Catalog(get=["*.csv"], put=["a.txt"], store_copy=False),
    "secrets": ["TOKEN"],
    "overrides": {"local-container": "custom"},
}


def pipeline() -> Pipeline:
    return runnable.Pipeline(steps=[runnable.Stub(name="a")], name="p", description="d")


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_there_in_both_places(name):
    assert getattr(runnable, name) is getattr(sdk, name)
    assert name in runnable.__all__
    assert name in sdk.__all__


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("PythonTask", {**OF_TASK, "function": functions.copy}),
        ("AsyncPythonTask", {**OF_TASK, "function": functions.fetched}),
        ("AsyncPythonTask", {"function": functions.events, "stream_end_type": "done"}),
        ("NotebookTask", {**OF_TASK, "notebook": "a.ipynb", "optional_ploomber_args": {}}),
        ("NotebookTask", {**OF_TASK, "notebook": "a.ipynb", "optional_ploomber_args": None}),
        ("ShellTask", {**OF_TASK, "command": "true"}),
        ("Stub", {**COMMON, "catalog": OF_TASK["catalog"], "function": "f", "any": "thing"}),
        ("Parallel", {**COMMON, "branches": {"a": pipeline(), "b": pipeline()}}),
        ("Map", {**COMMON, "branch": pipeline(), "iterate_on": "xs", "iterate_as": "x"}),
        (
            "Map",
            {"name": "m", "branch": pipeline(), "iterate_on": "xs", "iterate_as": "x",
             "reducer": "lambda *x: max(x)"},
        ),
        ("Conditional", {**COMMON, "branches": {"a": pipeline()}, "parameter": "p"}),
        (
            "Loop",
            {**COMMON, "branch": pipeline(), "max_iterations": 3, "break_on": "b", "index_as": "i"},
        ),
    ],
)  # fmt: skip
def test_a_step_takes_what_it_took_and_is_written_and_read(name, arguments):
    step = getattr(runnable, name)(**arguments)
    whole = runnable.Pipeline(steps=[step])
    assert load_yaml(dump_yaml(whole)) == whole
    assert step.where.file == __file__


@pytest.mark.parametrize(
    ("job", "kind", "name"),
    [
        (runnable.PythonJob(function=functions.copy), PythonTask, "copy"),
        (runnable.NotebookJob(notebook="a/book.ipynb"), NotebookTask, "book"),
        (runnable.ShellJob(command="true"), ShellTask, "job"),
    ],
)
def test_a_job_is_a_pipeline_of_one_task(job, kind, name):
    assert [type(step) for step in job.steps] == [kind]
    assert (job.name, job.steps[0].name) == (name, name)
    assert job.where.file == job.steps[0].where.file == __file__
    assert job == Pipeline(job.steps, name=name)
    assert pickle.loads(pickle.dumps(job)) == job


def test_an_awaited_pipeline_equals_a_plain_one():
    steps = [runnable.Stub(name="a")]
    awaited, plain = runnable.AsyncPipeline(steps=steps), runnable.Pipeline(steps=steps)
    assert awaited == plain
    assert plain == awaited
    assert load_yaml(dump_yaml(awaited)) == awaited
    assert awaited != runnable.AsyncPipeline(steps=[runnable.Stub(name="b")])
    assert awaited != "awaited"


def test_returns_have_the_kinds_they_had():
    task = runnable.PythonTask(function=functions.copy, returns=OF_TASK["returns"])
    assert [r.kind for r in task.returns] == [Kind.JSON, Kind.PICKLED, Kind.METRIC, Kind.JSON]


def test_on_failure_is_set_later_and_once():
    step = runnable.Stub(name="a")
    step.on_failure = pipeline()
    assert step.on_failure == pipeline()
    with pytest.raises(AttributeError, match="on_failure"):
        step.on_failure = pipeline()
    with pytest.raises(AttributeError, match="name"):
        step.name = "b"


def test_the_ends_are_steps():
    assert runnable.Success() == runnable.Stub(name="success", terminate_with_success=True)
    assert runnable.Fail(name="f") == runnable.Stub(name="f", terminate_with_failure=True)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: runnable.PythonJob(
                function=functions.copy, catalog=runnable.Catalog(get=["a.csv"])
            ),
            "a job cannot get files",
        ),
        (
            lambda: runnable.NotebookTask(
                name="n", notebook="a.ipynb", optional_ploomber_args={"cwd": "."}
            ),
            "sets 'cwd', but notebooks are run by papermill",
        ),
        (lambda: runnable.PythonTask(name="l", function=lambda: 1), "a lambda cannot be imported"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(make, says):
    with pytest.raises(ModelError, match=says) as caught:
        make()
    assert f"({__file__}:" in str(caught.value)
