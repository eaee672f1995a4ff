from __future__ import annotations

import plain
import pytest

from bridge import Parallel, Pipeline, PythonTask, metric, pickled
from bridge.compare import Comparison, Difference, run_on, verify
from bridge.errors import UsageError
from bridge.record import Run, StepRun
from bridge.report.table import overhead, rows, verdict

pytestmark = pytest.mark.usefixtures("here")

PIPELINE = Pipeline(
    [
        PythonTask(function=plain.one, returns=["a"]),
        Parallel(
            name="p",
            branches={
                "l": PythonTask(function=plain.thing, returns=[pickled("thing")]).as_pipeline(),
                "r": PythonTask(function=plain.double, returns=[metric("y")]).as_pipeline(),
            },
        ),
    ],
    parameters={"x": 4},
)


def test_two_engines_agree():
    found = verify(PIPELINE, ["local", "fake"], {"x": 5})
    assert found.agree, found.differences
    assert found.runs[1].metrics == {"y": 10}
    assert found.runs[0].objects == found.runs[1].objects
    assert found.glue["fake"] > 10


def test_a_value_given_but_not_declared_reaches_every_engine():
    found = verify(
        Pipeline([PythonTask(function=plain.double, returns=["y"])]), ["local", "fake"], {"x": 5}
    )
    assert found.agree
    assert found.runs[1].parameters == {"x": 5, "y": 10}


def test_failures_agree_but_do_not_pass():
    found = verify(Pipeline([PythonTask(function=plain.fail)]), ["local", "fake"])
    assert not found.agree
    assert found.differences == []
    assert {run.error["type"] for run in found.runs} == {"KeyError"}


def test_an_unknown_engine_is_told():
    with pytest.raises(UsageError, match="no engine is named 'nonsense'"):
        verify(PIPELINE, ["local", "nonsense"])


def record(on, **more):
    return Run("r", on, "succeeded", 2.0, steps=[StepRun("s", "succeeded", 1, 0.5)], **more)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"parameters": {"a": 1}}, {"parameters": {"a": 1.0}}, []),
        ({"parameters": {"a": 1}}, {"parameters": {"a": True}}, [("parameters", "a")]),
        (
            {"parameters": {"a": [1, {"b": 0}]}},
            {"parameters": {"a": [1, {"b": False}]}},
            [("parameters", "a")],
        ),
        ({"parameters": {"a": None}}, {"parameters": {}}, [("parameters", "a")]),
        ({"files": {"f": "sha256:1"}}, {"files": {"f": "sha256:2"}}, [("files", "f")]),
        ({"objects": {"o": "sha256:1"}}, {"objects": {}}, [("objects", "o")]),
        ({"metrics": {"m": 0.1}}, {"metrics": {"m": 0.2}}, [("metrics", "m")]),
    ],
)
def test_where_records_part(one, other, expected):
    from bridge.compare import _differences

    found = list(_differences([record("local", **one), record("fake", **other)]))
    assert [(d.kind, d.name) for d in found] == expected


def test_the_table_tells_who_differs():
    runs = [record("local", metrics={"m": 0.123456}), record("fake", metrics={"m": 0.2})]
    found = Comparison(
        runs, [Difference("metrics", "m", {"local": 0.123456, "fake": 0.2})], {"fake": 7}
    )
    titles, lines = rows(found)
    assert titles == ["engine", "status", "m", "seconds", "overhead/step", "lines", "verdict"]
    assert lines == [
        ["local", "succeeded", "0.1235", "2.0", "1500 ms", "", "baseline"],
        ["fake", "succeeded", "0.2", "2.0", "1500 ms", "7", "1 differ"],
    ]
    assert verdict(found) == "local, fake part in 1 places"
    assert overhead(runs[1], Comparison(runs[1:], [])) is None


def test_steps_are_told_as_they_end_and_nothing_else_is(tmp_path):
    told = []
    run_on(PIPELINE, "local", {}, tmp_path, progress=told.append)
    assert told[0] == "one"
    assert sorted(told[1:]) == ["p.l.thing", "p.r.double"]  # side by side
