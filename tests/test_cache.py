"""Tasks that do not run again while nothing has changed."""

from __future__ import annotations

import json

import pytest
from command import bridge

FUNCTIONS = """
from pathlib import Path

def count(n):
    with open("ran.txt", "a") as file:
        file.write(f"{n}\\n")
    return n + STEP

def write(n):
    count(n)
    Path("out.txt").write_text(str(n))
    return {"object": n}

def read(thing):
    return [Path("out.txt").read_text(), thing["object"]]

STEP = 1
"""
PIPELINE = """
from bridge import Catalog, Dataset, Map, Pipeline, PythonTask, Retry, fact, pickled
import cached_functions as f

def task(function, **more):
    return PythonTask(function=function, **more)

pipeline = Pipeline(
    [
        task(f.count, inputs={"n": "n"}, returns=["m"], cache=True),
        task(f.write, returns=[pickled("thing")], catalog=Catalog(put=["out.txt"]), cache=True),
        task(f.read, returns=["read"], catalog=Catalog(get=["out.txt"])),
        Map(
            name="each",
            branch=Pipeline([task(f.count, inputs={"n": "i"}, returns=["k"], cache=True)]),
            iterate_on="items",
            iterate_as="i",
        ),
    ],
    parameters={"n": 1, "items": [5, 6]},
)
never = Pipeline([task(f.count, inputs={"n": fact("run_id")}, returns=["m"], cache=True)])
"""


@pytest.fixture
def project(here):
    (here / "cached_functions.py").write_text(FUNCTIONS)
    (here / "flow.py").write_text(PIPELINE)
    return here


def run(here, *words):
    """The record of a run, and the tasks that have run for it."""
    (here / "ran.txt").unlink(missing_ok=True)
    (here / "out.txt").unlink(missing_ok=True)
    record = json.loads(bridge("run", "flow.py", "--json", *words).stdout)
    ran = (here / "ran.txt").read_text().split() if (here / "ran.txt").exists() else []
    return record, sorted(ran)


def notes(record):
    return {step["name"]: step.get("note", "") for step in record["steps"]}


def compared(record):
    return [record[part] for part in ("status", "parameters", "objects", "files")]


def test_what_is_unchanged_does_not_run_again(project):
    first, ran = run(project, "--run-id", "first")
    assert ran == ["1", "1", "5", "6"]
    assert set(notes(first).values()) == {"it has not run before", ""}
    second, ran = run(project)
    assert ran == []
    assert compared(second) == compared(first)
    assert notes(second)["each.1.count"] == "unchanged since run first"
    assert "unchanged since run first" in bridge("log", second["run_id"]).stdout


def test_an_item_that_is_new_runs_alone(project):
    run(project)
    found, ran = run(project, "-p", "items=[5, 7, 6]")
    assert ran == ["7"]
    assert found["parameters"]["k"] == [6, 8, 7]
    assert notes(found)["each.1.count"] == "what it is given has changed"


def test_code_that_has_changed_runs(project):
    run(project)
    changed = FUNCTIONS.replace("return n + STEP", "return n + 2 * STEP")
    (project / "cached_functions.py").write_text(changed)
    found, ran = run(project)
    assert ran == ["1", "1", "5", "6"]
    assert notes(found)["count"] == "its code has changed"


def test_what_the_store_has_lost_is_made_again(project):
    first, _ = run(project)
    bridge("catalog", "gc", "--dry-run")
    import shutil

    shutil.rmtree(project / ".bridge" / "store")
    again, ran = run(project)
    assert ran == ["1"]
    assert notes(again)["write"] == "the store has lost what it gave"
    assert compared(again) == compared(first)


def test_a_task_that_is_never_given_the_same_runs_each_time(project):
    (project / "flow.py").write_text(PIPELINE + "pipeline = never\n")
    (project / "cached_functions.py").write_text(FUNCTIONS.replace("n + STEP", "n"))
    for _ in range(2):
        found, ran = run(project)
        assert len(ran) == 1
        assert notes(found)["count"] == "it reads run_id, which is never the same"


def test_a_failure_is_not_kept(project):
    (project / "cached_functions.py").write_text(FUNCTIONS.replace("n + STEP", "n / 0"))
    for _ in range(2):
        record = json.loads(bridge("run", "flow.py", "--json", code=1).stdout)
        assert record["error"]["step"] == "count"


def test_what_a_function_uses_of_its_module_counts_too(project):
    run(project)
    (project / "cached_functions.py").write_text(FUNCTIONS.replace("STEP = 1", "STEP = 3"))
    found, ran = run(project)
    assert ran == ["1", "1", "5", "6"]
    assert found["parameters"]["m"] == 4
