"""Functions and values that stand in for tasks: ``execute(patch=...)``."""

from __future__ import annotations

import asyncio
import os
import pickle
import re
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import plain
import pytest

from bridge import (
    AsyncPipeline,
    Conditional,
    ForeignTask,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Retry,
    ShellTask,
    Stub,
    at,
    constant,
    fact,
    metric,
    pickled,
)
from bridge.errors import ModelError, StepError
from bridge.inert import loading
from bridge.patch import patched
from bridge.record import Run

pytestmark = pytest.mark.usefixtures("here")


def fetch(count: int) -> list[int]:
    raise AssertionError("the task itself is not to run")


def train(rows: list[int], path: Path, rate: float = 0.5, /) -> Any:
    raise AssertionError("the task itself is not to run")


def split(rows: list[int], **others: Any) -> tuple[int, int]:
    raise AssertionError("the task itself is not to run")


FETCH = PythonTask(function=fetch, returns=["rows"])
TRAIN = PythonTask(function=train, returns=[pickled("model")], inputs={"path": constant("a/b")})
SIZE = PythonTask(name="size", function=plain.whatever, returns=["x"], inputs={"value": "rows"})


def executed(*steps: Any, patch: Any, **parameters: Any) -> Run:
    return Pipeline([*steps], parameters=parameters).execute(patch=patch)


def refused(*steps: Any, patch: Any, **parameters: Any) -> str:
    with pytest.raises(ModelError) as caught:
        executed(*steps, patch=patch, **parameters)
    assert not Path(".bridge").exists()  # before anything runs
    return str(caught.value)


# What stands in


@pytest.mark.parametrize(
    "given",
    [{"rows": [1, 2]}, [1, 2], lambda: [1, 2], lambda count: [1, 2], Mock(return_value=[1, 2])],
)
def test_a_task_with_one_return(given):
    run = executed(FETCH, SIZE, patch={"fetch": given}, count=2)
    assert run["rows"] == run["x"] == [1, 2]
    assert [step.name for step in run.steps] == ["fetch", "size"]


@pytest.mark.parametrize(
    "given", [{"b": 2, "a": 1}, lambda rows: (1, 2), lambda rows: {"b": 2, "a": 1}]
)
def test_a_task_with_several_returns(given):
    task = PythonTask(function=split, returns=["a", metric("b")])
    run = executed(task, patch={"split": given}, rows=[])
    assert (run["a"], run.metrics) == (1, {"b": 2})


@pytest.mark.parametrize("given", [None, {}, lambda: None])
def test_a_task_with_no_returns(given):
    assert executed(PythonTask(function=fetch), patch={"fetch": given}, count=1).steps


def test_values_are_the_callers_own():
    rows = [1]
    task = PythonTask(name="grow", function=plain.extend, inputs={"xs": "rows"}, returns=["n"])
    assert executed(FETCH, task, patch={"fetch": rows}, count=1)["n"] == 2
    assert rows == [1]


def test_a_value_may_be_an_object():
    run = executed(TRAIN, patch={"train": {1, 2}}, rows=[])
    assert run.object("model") == {1, 2}


def test_what_is_given_is_of_the_kind_that_is_declared():
    with pytest.raises(StepError, match="rows is of type set"):
        executed(FETCH, patch={"fetch": {1, 2}}, count=1)


def test_a_function_may_be_asynchronous():
    async def later(count):
        return [count]

    assert executed(FETCH, patch={"fetch": later}, count=3)["rows"] == [3]


# What a function is given


def test_a_function_is_given_what_the_task_would_be():
    seen = []

    def fake(path, rows):
        seen.append((path, rows))
        return len(rows)

    run = executed(FETCH, TRAIN, patch={"fetch": [1], "train": fake}, count=1)
    assert seen == [(Path("a/b"), [1])]
    assert run.object("model") == 1


def test_its_own_annotations_count_where_the_task_has_none():
    task = ShellTask(name="tell", command="echo $count", returns=["told"])

    def fake(count: float, /) -> str:
        return repr(count)

    assert executed(task, patch={"tell": fake}, count=3)["told"] == "3.0"


def test_a_default_of_its_own_is_kept():
    fakes = {"train": lambda rate=0.25, seen=(): [rate, *seen]}
    assert executed(TRAIN, patch=fakes, rows=[], seen=[1]).object("model") == [0.25]
    assert executed(TRAIN, patch=fakes, rows=[], rate=1).object("model") == [1.0]


def test_all_that_the_task_has_goes_to_what_takes_anything():
    fakes = {"train": lambda **given: given}
    run = executed(TRAIN, patch=fakes, rows=[1], other=2)
    assert run.object("model") == {"rows": [1], "path": Path("a/b")}


def test_where_the_task_takes_anything_so_may_the_function():
    task = PythonTask(function=split, returns=["a"], inputs={"z": at("deep", "y")})
    assert executed(task, patch={"split": lambda b, z: [b, z]}, rows=[], b=2, deep={"y": 3})[
        "a"
    ] == [2, 3]
    run = executed(task, patch={"split": lambda **given: given}, rows=[], b=2, deep={"y": 3})
    assert run["a"] == {"rows": [], "b": 2, "z": 3}


def test_inputs_and_facts_arrive_by_argument():
    task = PythonTask(function=fetch, returns=["rows"], inputs={"count": fact("attempt")})
    assert executed(task, patch={"fetch": lambda count: count})["rows"] == 1


def test_a_function_that_is_not_there_need_not_be():
    task = PythonTask(function="nowhere:heavy", name="heavy", returns=["y"])
    assert executed(task, patch={"heavy": 1})["y"] == 1
    assert executed(task, patch={"heavy": lambda x: x + 1}, x=1)["y"] == 2
    assert "argument 'q' of 'heavy' is produced by no" in refused_in(
        "later", task, patch={"heavy": lambda q: q}
    )


def refused_in(folder: str, *steps: Any, patch: Any) -> str:
    Path(folder).mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        return refused(*steps, patch=patch)


# Other tasks


@pytest.mark.parametrize(
    "task",
    [
        ShellTask(name="t", command="exit 1; echo $x", returns=["y"]),
        NotebookTask(name="t", notebook="missing.ipynb", returns=["y"]),
        ForeignTask(name="t", framework="other", definition={}, inputs=["x"], returns=["y"]),
        Stub(name="t", inputs=["x"], returns=["y"]),
    ],
)
def test_every_kind_of_task(task):
    after = PythonTask(function=plain.double, inputs={"x": "y"}, returns=["z"])
    assert executed(task, after, patch={"t": lambda x: x + 1}, x=1)["z"] == 4
    assert executed(task, after, patch={"t": 3}, x=1)["z"] == 6


def test_secrets_are_not_asked_for_and_the_environment_is_set():
    task = PythonTask(
        function=fetch, returns=["rows"], secrets=["NO_SUCH_SECRET"], environment={"MARK": "here"}
    )
    run = executed(task, patch={"fetch": lambda: os.environ["MARK"]}, count=1)
    assert run["rows"] == "here"


def test_retries_and_handlers_are_the_tasks():
    calls = []

    def flaky():
        calls.append(1)
        raise OSError("no")

    handler = PythonTask(function=plain.one, returns=["saved"]).as_pipeline()
    task = PythonTask(function=fetch, retry=Retry(times=2), on_failure=handler)
    run = executed(task, patch={"fetch": flaky}, count=1)
    assert len(calls) == 3
    assert run["saved"] == 1
    assert executed(task, patch={"fetch": flaky, "one": 7}, count=1)["saved"] == 7


# Where a task stands


def pipeline_of(function: Any, **given: Any) -> Pipeline:
    return Pipeline([PythonTask(function=function, **given)])


NESTED = Pipeline(
    [
        Parallel(
            name="both",
            branches={
                "l": pipeline_of(plain.one, returns=["l"]),
                "r": pipeline_of(plain.one, returns=["r"]),
            },
        ),
        Map(
            name="each",
            branch=pipeline_of(plain.double, returns=["y"]),
            iterate_on="xs",
            iterate_as="x",
        ),
        Conditional(
            name="way",
            parameter="go",
            branches={"a": pipeline_of(plain.one, name="in.side", returns=["w"])},
            default=pipeline_of(plain.one, name="other", returns=["w"]),
        ),
        Loop(
            name="again",
            branch=pipeline_of(plain.one, name="step", returns=["n"]),
            max_iterations=2,
        ),
        PythonTask(
            name="last",
            function=plain.one,
            returns=["end"],
            on_failure=pipeline_of(plain.one, name="saved", returns=["end"]),
        ),
    ],
    parameters={"xs": [1, 2], "go": "a"},
    on_failure=pipeline_of(plain.one, name="final", returns=["end"]),
)


def fail() -> None:
    raise RuntimeError("on purpose")


@pytest.mark.parametrize(
    ("patch", "gives"),
    [
        ({"both.l.one": 5}, {"l": 5, "r": 1}),
        ({"one": 5}, {"l": 5, "r": 5}),
        ({"one": 5, "both.r.one": 6}, {"l": 5, "r": 6}),
        ({"both.r.one": 6, "one": 5}, {"l": 5, "r": 6}),
        ({"each.double": lambda x: x + 100}, {"y": [101, 102]}),
        ({"way.a.in.side": 2}, {"w": 2}),
        ({"in.side": 2, "other": 3}, {"w": 2}),
        ({"again.step": lambda: 9}, {"n": 9}),
        ({"last": fail, "last.on_failure.saved": 4}, {"end": 4}),
        ({"both.l.one": fail, "on_failure.final": 8}, {"end": 8}),
    ],
)
def test_a_key_is_a_path_or_a_name(patch, gives):
    run = NESTED.execute(patch=patch)
    assert {name: run[name] for name in gives} == gives


def test_nothing_else_is_changed():
    assert patched(NESTED, {}) == NESTED
    found = patched(NESTED, {"in.side": 2})
    assert [*found.steps[:2], *found.steps[3:]] == [*NESTED.steps[:2], *NESTED.steps[3:]]
    assert found.steps[2].default == NESTED.steps[2].default
    assert found.steps[2].branches["a"].steps[0].name == "in.side"
    assert NESTED.execute()["w"] == 1


def test_a_pipeline_that_is_awaited():
    pipeline = AsyncPipeline([FETCH], parameters={"count": 1})
    assert asyncio.run(pipeline.execute(patch={"fetch": [7]}))["rows"] == [7]


def test_while_a_source_is_loaded_nothing_happens():
    with loading():
        assert executed(FETCH, patch={"nonsense": 1}, count=1) is None


# Mistakes


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ({"fecth": 1}, "patch names 'fecth', which is no step; did you mean 'fetch'?"),
        ({"zzz": 1}, "'zzz', which is no step; there are fetch, both, .*, nothing, one"),
        ({"both.l.on": 1}, "did you mean 'both.l.one'?"),
        ({"both": 1}, r"'both', which is made of tasks; name one of them: both\.l\.one"),
        ({"fetch": {"row": 1}}, "gives 'row', which the task does not return; did you mean 'rows'"),
        ({"fetch": {"a": 1}}, r"there are rows \(a mapping that is itself .* {'rows': {\.\.\.}}"),
        ({"fetch": {}}, "the patch of 'fetch' does not give 'rows'"),
        ({"split": {"a": 1}}, "the patch of 'split' does not give 'b'"),
        ({"split": 1}, "'split' is one value, but the task returns a, b; give a mapping"),
        ({"nothing": 1}, "'nothing' is one value, but the task returns nothing"),
        ({"fetch": lambda cuont: 1}, "'fetch' asks for 'cuont', .* did you mean 'count'"),
        (
            {"nothing": lambda x: 1},
            "asks for 'x', which is no argument of the task; there are none",
        ),
    ],
)
def test_a_mistake_is_told_before_anything_runs(patch, says):
    both = Parallel(name="both", branches={"l": pipeline_of(plain.one, returns=["l"])})
    several = PythonTask(function=split, returns=["a", "b"])
    nothing = PythonTask(function=plain.one, name="nothing")
    if "split" in patch:
        several = PythonTask(function=plain.pair, name="split", returns=["a", "b"])
    assert re.search(says, refused(FETCH, both, several, nothing, patch=patch, count=1))


def test_what_stands_in_does_not_leave_the_process():
    task = patched(Pipeline([FETCH]), {"fetch": [1]}).steps[0]
    with pytest.raises(ModelError, match="what stands in for 'fetch' cannot leave the process"):
        pickle.dumps(task)
    again = patched(Pipeline([FETCH]), {"fetch": [1]}).steps[0]
    assert task.function == task.function
    assert task.function != again.function
