"""Objects between tasks that can hand on JSON alone: references into the store."""

from __future__ import annotations

from pathlib import Path

import plain
import pytest

from bridge import Map, Parallel, Pipeline, PythonTask, pickled
from bridge.compare import run_on
from bridge.findings import Feature, Level
from bridge.lower.objects import HOW, persist
from bridge.nodes import walk
from bridge.translate import check, render
from bridge.unit import Unit

pytestmark = pytest.mark.usefixtures("here")


def thing(name="thing", **more):
    return PythonTask(name=name, function=plain.thing, returns=[pickled("thing")], **more)


def size(name="size", **more):
    return PythonTask(name=name, function=plain.size, returns=[name], **more)


def one(name="one"):
    return PythonTask(name=name, function=plain.one, returns=[name])


def persisting(pipeline):
    return [path for path, step in walk(persist(pipeline)[0])
            if isinstance(step, Unit) and step.persists]  # fmt: skip


def test_only_what_takes_or_gives_an_object_is_a_unit():
    assert persisting(Pipeline([thing(), one(), size()])) == ["thing", "size"]


def test_a_pipeline_without_objects_is_left_alone():
    pipeline = Pipeline([one()])
    assert persist(pipeline) == (pipeline, {})


def test_in_branches_each_task_is_one_of_its_own():
    pipeline = Pipeline([thing(), Parallel(name="p", branches={"a": Pipeline([size(), one()])})])
    assert persisting(pipeline) == ["thing", "p.a.size"]


def test_a_map_that_takes_an_object_is_a_unit_as_a_whole():
    each = Map(name="each", iterate_on="xs", iterate_as="x", branch=Pipeline([one(), size()]))
    pipeline = Pipeline([thing(), each], parameters={"xs": [1, 2]})
    found, units = persist(pipeline)
    assert units == {"thing": HOW, "each": HOW}
    assert [type(step) for step in found.steps] == [Unit, Unit]


def test_the_border_is_crossed_by_references(tmp_path):
    each = Map(name="each", iterate_on="xs", iterate_as="x", branch=Pipeline([size("sizes")]))
    pipeline = Pipeline([thing(), size(), each], parameters={"xs": [1, 2]})
    script = render(pipeline, "fake").files["script.py"]
    assert 'save_object(thing, "thing")' in script
    assert script.count("load_object(") == 2
    run = run_on(pipeline, "fake", {}, tmp_path / "there")
    here = run_on(pipeline, "local", {}, tmp_path / "here")
    assert run.parameters == here.parameters == {"xs": [1, 2], "size": 3, "sizes": [3, 3]}
    assert run.objects == here.objects
    assert Path(tmp_path / "there/home/store").is_dir()


def test_it_is_told_as_emulated_and_nothing_else_is():
    report = check(Pipeline([thing(), size()]), "fake")
    levels = {(f.step, f.feature): f.level for f in report.findings}
    assert levels == {
        ("thing", Feature.PYTHON): Level.CARRIED,
        ("thing", Feature.PICKLED): Level.EMULATED,
        ("size", Feature.PYTHON): Level.CARRIED,
        ("size", Feature.JSON): Level.CARRIED,
    }
