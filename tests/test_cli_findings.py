"""``bridge check`` and ``bridge export``: what they tell of what a target cannot carry."""

from __future__ import annotations

import json
import re

import pytest
from command import bridge

FUNCTIONS = """
def make() -> set:
    return {1, 2}

def size(thing: set) -> int:
    return len(thing)
"""
PIPELINE = """
from bridge import Map, Pipeline, PythonTask, Resources, Stub, pickled
from finding_functions import make, size

each = Stub(
    name="each",
    image="python:3.11",
)
pipeline = Pipeline(
    [
        PythonTask(
            function=make,
            returns=[pickled("thing")],
            dependencies=["numpy"],
            overrides={"fake": {"group": "a"}},
        ),
        PythonTask(function=size, returns=["n"], overrides={"fake": {"group": "a"}}),
        Map(name="m", branch=Pipeline([each]), iterate_on="xs", iterate_as="x"),
        Stub(name="last", resources=Resources(cpu=2), overrides={"fake": {"group": "b"}}),
    ],
    parameters={"xs": [1]},
    schedule="@daily",
)
knot = Pipeline(
    [
        Stub(name="a", overrides={"fake": {"group": "x"}}),
        Stub(name="b"),
        Stub(name="c", overrides={"fake": {"group": "x"}}),
    ]
)
"""
YAML = """\
name: daily
schedule: "@daily"
steps:
- type: python
  name: make
  function: finding_functions:make
  returns: [{pickled: thing}]
- type: stub
  name: last
  resources: {cpu: 2}
  image: python:3.11
"""
REFUSED = ["schedule", "dependencies", "image", "resources"]


@pytest.fixture
def project(here):
    (here / "finding_functions.py").write_text(FUNCTIONS)
    (here / "flow.py").write_text(PIPELINE)
    (here / "daily.yaml").write_text(YAML)
    return here


def check(*words, code=2):
    return json.loads(bridge("check", *words, "--to", "fake", "--json", code=code).stdout)


def refused(answer):
    return [f for f in answer["findings"] if f["level"] in ("unsupported", "dropped")]


def test_check_tells_of_every_attribute(project):
    answer = check("flow.py")
    assert [*answer] == ["source", "to", "totals", "findings"]
    assert (answer["source"], answer["to"]) == ("flow.py", "fake")
    levels = ["carried", "emulated", "approximated", "dropped", "unsupported"]
    assert [*answer["totals"]] == ["read", *levels]
    assert answer["totals"]["read"] == len(answer["findings"]) == 16
    for finding in answer["findings"]:
        assert [*finding] == [
            *("code", "level", "feature", "step", "attribute", "message", "hint", "where"),
        ]
        assert [*finding["where"]] == ["file", "line"]
        assert finding["code"] == f"{finding['feature']}.{finding['level']}"
    for level in levels:
        found = [f for f in answer["findings"] if f["level"] == level]
        assert answer["totals"][level] == len(found)
    assert [f["feature"] for f in refused(answer)] == REFUSED
    assert all(f["hint"] for f in refused(answer))


def test_python_findings_have_the_line_where_the_step_begins(project):
    lines = PIPELINE.splitlines()
    found = {f["step"]: f["where"] for f in check("flow.py")["findings"]}
    assert {where["file"] for where in found.values()} == {str(project / "flow.py")}
    for step, start in {
        "": "pipeline = Pipeline(",
        "make": "PythonTask(",
        "size": "PythonTask(function=size",
        "m": 'Map(name="m"',
        "m.each": "each = Stub(",
        "last": 'Stub(name="last"',
    }.items():
        assert lines[found[step]["line"] - 1].strip().startswith(start)


def test_yaml_findings_have_the_line_where_the_step_begins(project):
    found = {(f["step"], f["attribute"]): f["where"] for f in check("daily.yaml")["findings"]}
    assert {where["file"] for where in found.values()} == {"daily.yaml"}
    assert found["", "schedule"]["line"] == 0  # the file as a whole
    assert found["make", "function"]["line"] == 4
    assert found["last", "image"]["line"] == found["last", "resources"]["line"] == 8


def test_check_as_text_names_codes_places_and_totals(project):
    text = bridge("check", "daily.yaml", "--to", "fake", code=2).stdout
    assert text.splitlines() == [
        "schedule.unsupported: schedule of the pipeline cannot be carried: a script has no such "
        "thing; start the runs from outside, for instance with cron, or leave it out with "
        "--unsupported warn (daily.yaml)",
        "pickled.emulated: returns['thing'] of 'make' is emulated: in the store of files; a "
        "reference to it is handed on (daily.yaml:4)",
        "resources.unsupported: resources of 'last' cannot be carried: a script has no such "
        "thing; run all of it on a machine that has enough, or leave it out with "
        "--unsupported warn (daily.yaml:8)",
        "image.unsupported: image of 'last' cannot be carried: a script has no such thing; run all "
        "of it in that image, or leave it out with --unsupported warn (daily.yaml:8)",
        "daily.yaml -> fake: 6 attributes read; 2 carried, 1 emulated, 3 unsupported",
    ]


@pytest.mark.parametrize("words", [[], ["--unsupported", "raise"], ["--dry-run"], ["--force"]])
def test_raise_writes_nothing_and_names_all_of_it(project, words):
    done = bridge("export", "flow.py", "--to", "fake", "-o", "out", *words, code=2)
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert lines[0] == "bridge: 'fake' cannot carry this pipeline:"
    assert [line.split(".unsupported: ")[0].strip() for line in lines[1:]] == REFUSED
    assert not (project / "out").exists()


def test_raise_answers_with_the_report_as_json(project):
    done = bridge("export", "flow.py", "--to", "fake", "-o", "out", "--json", code=2)
    answer = json.loads(done.stdout)
    assert answer["error"]["type"] == "TranslationError"
    assert answer["totals"]["unsupported"] == len(REFUSED)
    assert [f["feature"] for f in refused(answer)] == REFUSED


def test_warn_writes_todos_at_the_place_and_tells(project):
    done = bridge("export", "flow.py", "--to", "fake", "-o", "out", "--unsupported", "warn")
    lines = done.stderr.splitlines()
    assert [line.split(".dropped: ")[0] for line in lines] == REFUSED
    script = (project / "out" / "script.py").read_text()
    functions = {part.split("(")[0]: part for part in script.split("\ndef ")[1:]}
    for function, feature in {
        "main": "schedule", "make": "dependencies", "m": "image", "last": "resources"
    }.items():  # fmt: skip
        todos = [line for line in functions[function].splitlines() if "TODO" in line]
        assert len(todos) == 1
        assert todos[0].strip().startswith(f"# TODO: {feature} of ")
        assert " is left out: a script has no such thing; " in todos[0]
    assert script.count("TODO") == len(REFUSED)


def test_ignore_is_silent_but_the_report_is_not(project):
    words = ["export", "flow.py", "--to", "fake", "-o", "out", "--unsupported", "ignore", "--json"]
    done = bridge(*words)
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert [f["code"] for f in refused(answer)] == [f"{feature}.dropped" for feature in REFUSED]
    assert answer["totals"]["dropped"] == len(REFUSED)
    assert answer["totals"]["read"] == check("flow.py")["totals"]["read"]
    assert (project / "out" / "script.py").read_text().count("TODO") == len(REFUSED)


@pytest.mark.parametrize(
    ("way", "calls"),
    [("composite", "make size m last"), ("tag", "make m last"), ("data", "make m last")],
)
def test_steps_share_a_task_as_asked(project, way, calls):
    words = ["--to", "fake", "-o", "out", "--unsupported", "ignore", "--group", way]
    bridge("export", "flow.py", *words)
    script = (project / "out" / "script.py").read_text()
    main = script.partition("\ndef main(")[2].partition("\n\n\n")[0]
    assert re.findall(r"^    (\w+)\(parameters, values\)$", main, re.M) == calls.split()
    told = {f["step"]: f["code"] for f in check("flow.py", "--group", way)["findings"]
            if f["feature"] == "python"}  # fmt: skip
    assert told["size"] == ("python.carried" if way == "composite" else "python.emulated")


def test_groups_that_cannot_be_are_refused(project):
    for command in (["check"], ["export", "-o", "out"]):
        done = bridge(*command, "flow.py:knot", "--to", "fake", "--group", "tag", code=2)
        assert "steps cannot share a task: b -> a -> b would wait for each other" in done.stderr
    assert not (project / "out").exists()
    done = bridge("check", "flow.py", "--to", "fake", "--group", "size", code=2)
    assert "is not one of 'composite', 'tag', 'data'" in done.stderr
