"""Random programs: what must be so of each of them; and they run alike here and as scripts."""

from __future__ import annotations

import ast
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from bridge import translate
from bridge.adapter import installed, load
from bridge.emit.pipeline import statements
from bridge.findings import Level, attributes
from bridge.flow import analyse, walk
from bridge.model import Map, Parallel, Pipeline, PythonTask, Task
from bridge.serial import dump_json, dump_yaml, load_json, load_yaml
from bridge.testing.agreement import (
    agreement,
    lacking,
    parting,
    run_here,
    sample,
    together,
)
from bridge.testing.differential import Differential
from bridge.testing.fuzz import main
from bridge.testing.programs import programs
from bridge.testing.shrink import shrink
from bridge.testing.strategies import pipelines
from bridge.values import constant

steady = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
)


class TestScripts(Differential):
    engine = "fake"
    count = 30


def test_programs_that_fail_fail_alike_as_scripts(tmp_path):
    found = sample(3, 1, lacking("fake"), fails=True)
    wrong = [agreement(p, "fake", tmp_path / f"{i}").wrong for i, p in enumerate(found)]
    assert wrong == [[], [], []]


@steady
@given(programs())
def test_a_program_can_be_run_and_is_no_larger_than_promised(program):
    analyse(program)
    assert len([step for _, step in walk(program) if isinstance(step, Task)]) <= 24


@settings(steady, max_examples=20)
@given(program=programs())
def test_a_program_runs_alike_twice(program, tmp_path_factory):
    runs = [run_here(program, tmp_path_factory.mktemp("run")) for _ in range(2)]
    assert list(parting(*runs)) == []
    assert {step.status for step in runs[0].steps} <= {"succeeded", "failed", "skipped"}


@steady
@given(programs())
def test_every_attribute_is_one_finding(program):
    read = [tuple(attribute) for attribute in attributes(program)]
    for name in installed():
        report = translate.check(program, name)
        told = [(f.feature, f.step, f.attribute, f.where) for f in report.findings]
        totals = report.totals()
        assert sorted(map(repr, told)) == sorted(map(repr, read))
        assert totals.pop("read") == len(read) == sum(totals.values())
        assert all(f.level is not Level.NATIVE and f.message for f in report.findings)


@settings(steady, max_examples=15)
@given(programs())
def test_every_export_is_python(program):
    for name in installed():
        if lacking(name).isdisjoint(a.feature for a in attributes(program)):
            export = translate.render(program, name)
            for path, text in export.files.items():
                if path.endswith(".py"):
                    with warnings.catch_warnings():
                        warnings.simplefilter("error")
                        compile(ast.parse(text, path), path, "exec")


@steady
@given(programs())
def test_a_program_comes_back_from_yaml_and_json(program):
    assert load_yaml(dump_yaml(program)) == program
    assert load_json(dump_json(program)) == program


@steady
@given(programs() | pipelines())
def test_the_source_of_a_pipeline_makes_it_again(pipeline):
    names: dict[str, Pipeline] = {}
    exec(statements(pipeline), names)
    assert names["pipeline"] == pipeline


def test_a_sample_is_always_the_same():
    assert sample(5, 7) == sample(5, 7)
    assert sample(5, 7) != sample(5, 8)


def test_what_shows_something_is_made_small():
    [large] = [
        p
        for p in sample(60, 3, fails=False)
        if any(isinstance(s, Map) for s in p.steps) and len(p.steps) > 2
    ][:1]
    small = shrink(large, lambda p: any(isinstance(s, Map) for _, s in walk(p)))
    [step] = small.steps
    assert isinstance(step, Map)
    assert step.name == "s0"
    assert [type(inner) for inner in step.branch.steps] == [type(step.branch.steps[0])]
    assert len(repr(small)) < len(repr(large)) / 2


def _value(value: object) -> Pipeline:
    task = PythonTask(
        function="fuzz_functions:same", inputs={"value": constant(value)}, returns=["x"]
    )
    return Pipeline([task])


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), ("1", 1), (0.0, -0.0), ([], {})])
def test_values_that_only_seem_equal_part(one, other, tmp_path: Path):
    here = run_here(_value(one), tmp_path / "one")
    there = run_here(_value(other), tmp_path / "other")
    [line] = parting(here, there)
    assert line.startswith("parameters: 'x' is ")


def test_what_stands_side_by_side_is_told_apart(tmp_path):
    found = together(sample(4, 2, fails=False))
    assert all(isinstance(step, Parallel) for step in found.steps)
    assert run_here(found, tmp_path / "run").status == "succeeded"


def test_the_command_tells_what_it_ran(capsys, tmp_path):
    assert main(["--on", "fake", "--count", "3", "--folder", str(tmp_path)]) == 0
    assert "fake: 3 programs in " in capsys.readouterr().out


def test_the_command_prints_what_differs(capsys, tmp_path, monkeypatch):
    adapter = load("fake")
    real = adapter.run

    def wrong(job):
        run = real(job)
        run.parameters = dict.fromkeys(run.parameters)
        return run

    monkeypatch.setattr(adapter, "run", wrong)
    given = ["--on", "fake", "--count", "2", "--seed", "2", "--tries", "2"]
    assert main([*given, "--folder", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "=== fake: difference 1\nfrom bridge import " in told
    assert "\nparameters: " in told
    assert "--- local\n" in told
    assert "--- fake\n" in told
