"""Going on where a run stopped."""

from __future__ import annotations

import json

import plain
import pytest

from bridge import Catalog, Map, Pipeline, PythonTask, ShellTask, pickled
from bridge.errors import UsageError
from bridge.runner import history, run_local

pytestmark = pytest.mark.usefixtures("here")


def task(function, name="", **more):
    return PythonTask(function=function, name=name, **more)


def pipeline(*more, command="test -e ready", **parameters):
    """Steps that succeed, one that fails until a file is there, and one after it."""
    return Pipeline(
        [
            task(plain.one, returns=["a"]),
            task(plain.thing, returns=[pickled("thing")]),
            task(plain.write, catalog=Catalog(put=["a.txt"])),
            *more,
            ShellTask(name="gate", command=command),
            task(plain.read, returns=["content"], catalog=Catalog(get=["a.txt"])),
            task(plain.size, returns=["size"]),
        ],
        parameters={"p": 1, **parameters},
    )


def stopped():
    assert run_local(pipeline(), run_id="stopped").status == "failed"


def test_a_resumed_run_ends_like_an_undisturbed_one(here):
    stopped()
    (here / "ready").touch()
    (here / "a.txt").unlink()
    seen = []
    resumed = run_local(pipeline(), resume="stopped", progress=seen.append)
    undisturbed = run_local(pipeline())
    assert resumed.status == undisturbed.status == "succeeded"
    assert resumed.parameters == undisturbed.parameters
    assert resumed.objects == undisturbed.objects
    assert resumed.files == undisturbed.files
    assert [(s.name, s.status) for s in resumed.steps] == [
        (s.name, s.status) for s in undisturbed.steps
    ]
    before = {s.name: s.seconds for s in history.find("stopped").steps}
    assert [s.seconds == before[s.name] for s in seen] == [True, True, True, False, False, False]


def test_a_resumed_run_can_be_resumed(here):
    stopped()
    run_local(pipeline(), run_id="again", resume="stopped")
    (here / "ready").touch()
    assert run_local(pipeline(), resume="again").status == "succeeded"


@pytest.mark.parametrize(
    ("changed", "given", "says"),
    [
        (pipeline(), {"p": 2}, "parameter 'p' is another now"),
        (pipeline(q=1), {}, "parameter 'q' is another now"),
    ],
)
def test_parameters_that_have_changed_are_told(changed, given, says):
    stopped()
    with pytest.raises(UsageError, match=says):
        run_local(changed, given, resume="stopped")


def test_what_had_not_finished_may_change():
    stopped()
    changed = pipeline(task(plain.one, "new", returns=["n"]), command="true")
    resumed = run_local(changed, resume="stopped")
    assert resumed.status == "succeeded"
    assert resumed.parameters == {"p": 1, "a": 1, "n": 1, "content": "written", "size": 3}


def test_a_finished_step_that_has_changed_is_told():
    stopped()
    other = Pipeline(
        [task(plain.one, returns=["a"], catalog=Catalog(put=["x"])), *pipeline().steps[1:]],
        parameters={"p": 1},
    )
    with pytest.raises(UsageError, match="step 'one' has changed since"):
        run_local(other, resume="stopped")


def test_code_that_has_changed_is_told(here, monkeypatch):
    import importlib
    import sys

    monkeypatch.syspath_prepend(str(here))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def run(body, **more):
        (here / "changing_code.py").write_text(
            f"# a comment\n{more.pop('above', '')}def f():\n    {body}\n"
        )
        sys.modules.pop("changing_code", None)
        importlib.invalidate_caches()
        from bridge.runner import identity

        identity.code_of.cache_clear()
        step = task("changing_code:f", returns=["x"])
        gate = ShellTask(name="gate", command="exit 1")
        return run_local(Pipeline([step, gate]), **more)

    run("return len({'a', 'b'})", run_id="first")
    assert (
        run("return len({'a', 'b'})", above="# one more\n", resume="first").steps[0].status
        == "succeeded"
    )
    with pytest.raises(UsageError, match="step 'f' has changed since"):
        run("return len({'a', 'c'})", resume="first")


def test_a_line_that_a_crash_cut_off_is_not_read(here):
    stopped()
    journal = here / ".bridge" / "runs" / "stopped" / "steps.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:2]) + lines[2][:-5])
    (here / "ready").touch()
    seen = []
    assert run_local(pipeline(), resume="stopped", progress=seen.append).status == "succeeded"
    finished = json.loads(lines[1])
    assert seen[0].seconds == finished["seconds"]


def test_a_damaged_line_is_told(here):
    stopped()
    journal = here / ".bridge" / "runs" / "stopped" / "steps.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    damaged = [*lines[:2], "\0" * 9 + "\n"]
    journal.write_text("".join([*damaged, *lines[2:]]))
    with pytest.raises(UsageError, match="its journal is damaged in line 3"):
        run_local(pipeline(), resume="stopped")
    journal.write_text("".join(damaged))  # the last line may be one that was cut off
    (here / "ready").touch()
    assert run_local(pipeline(), resume="stopped").status == "succeeded"


def test_a_map_goes_on_with_the_items_that_are_left(here):
    gate = ShellTask(name="gate", command="test -e ready-$item && echo >> begun-$item")
    double = task(plain.double, inputs={"x": "item"}, returns=["doubled"])
    items = Map(branch=Pipeline([gate, double]), iterate_on="all", iterate_as="item", name="items")
    mapped = Pipeline([items], parameters={"all": [0, 1, 2, 3]})

    def run(*ready, **more):
        for item in ready:
            (here / f"ready-{item}").touch()
        return run_local(mapped, **more)

    assert run(1, 3, run_id="begun").status == "failed"
    resumed = run(0, 2, resume="begun")
    assert [len((here / f"begun-{i}").read_text()) for i in range(4)] == [1, 1, 1, 1]
    undisturbed = run()
    assert resumed.parameters == undisturbed.parameters
    assert resumed.parameters["doubled"] == [0, 2, 4, 6]
    assert [s.name for s in resumed.steps] == [s.name for s in undisturbed.steps]


def test_a_run_that_is_not_there_cannot_be_resumed(here):
    with pytest.raises(UsageError, match="run 'nothing' cannot be resumed"):
        run_local(pipeline(), resume="nothing")
    (here / ".bridge" / "runs" / "empty").mkdir(parents=True)
    (here / ".bridge" / "runs" / "empty" / "steps.jsonl").touch()
    with pytest.raises(UsageError, match="it had not begun"):
        run_local(pipeline(), resume="empty")
