"""What ``bridge log`` and ``bridge runs`` tell of runs."""

from __future__ import annotations

import json
import re

import pytest
from command import bridge

FUNCTIONS = """
def cities():
    return ["Oslo", "Rome", "Lima"]

def forecast(city):
    return len(city)

def broken():
    return inner({})

def inner(values):
    return values["nothing"]
"""
PIPELINE = """
from bridge import Map, Parallel, Pipeline, PythonTask, Retry, Stub, metric
from log_functions import broken, cities, forecast

each = PythonTask(function=forecast, returns=["rain"]).as_pipeline()
other = Pipeline([Stub(name="rest")])
steps = [
    PythonTask(function=cities, returns=["cities"]),
    Map(name="each", branch=each, iterate_on="cities", iterate_as="city"),
    Parallel(name="both", branches={"left": other, "right": other}),
]
pipeline = Pipeline(steps, name="weather")
failing = Pipeline([*steps, PythonTask(function=broken, retry=Retry(times=1)), Stub(name="end")])
"""


@pytest.fixture
def project(here):
    (here / "log_functions.py").write_text(FUNCTIONS)
    (here / "flow.py").write_text(PIPELINE)
    return here


def log(*words: str) -> list[str]:
    return bridge("log", *words).stdout.splitlines()


def test_the_tree_of_a_run(project):
    bridge("run", "flow.py", "--run-id", "r")
    head, *lines = log("r")
    assert re.fullmatch(r"run r of weather on local: succeeded in .* s, started 20.*", head)
    assert [line.split("  ")[0].rstrip() for line in lines[:13]] == [
        "├─ cities",
        "├─ each",
        "│",
        "│",
        "│",
        "│",
        "│",
        "│",
        "└─ both",
        "",
        "",
        "",
        "",
    ]
    assert lines[2].startswith("│  ├─ 0 ")
    assert lines[3].startswith("│  │  └─ forecast  succeeded ")
    shares = [int(re.search(r" (\d+)%", line)[1]) for line in (lines[0], lines[1], lines[8])]
    assert 98 <= sum(shares) <= 102
    assert lines[1].endswith("  3 times")
    assert 'cities = ["Oslo", "Rome", "Lima"]' in lines[14]
    assert "\x1b" not in "".join(lines)  # no terminal, no colours


def test_a_failure_is_told_at_the_end_with_the_users_own_frames(project):
    bridge("run", "flow.py:failing", "--run-id", "r", code=1)
    lines = log("r")
    assert any(re.search(r"─ broken +failed .* 2 attempts$", line) for line in lines)
    assert any(re.search(r"─ end +skipped$", line) for line in lines)
    assert lines[-5:] == [
        "step 'broken', attempt 2: KeyError: 'nothing'",
        "  log_functions.py:9, in broken",
        "    return inner({})",
        "  log_functions.py:12, in inner",
        '    return values["nothing"]',
    ]
    assert bridge("run", "flow.py:failing", code=1).stdout.splitlines()[-5:] == lines[-5:]


def test_the_record_has_all_of_it(project):
    bridge("run", "flow.py:failing", "--run-id", "r", code=1)
    record = json.loads(bridge("log", "r", "--json").stdout)
    assert record["pipeline"] == "pipeline"
    assert [frame["function"] for frame in record["frames"]] == ["broken", "inner"]
    assert record["error"].keys() == {"step", "attempt", "type", "text"}


def test_the_runs_made_here(project):
    assert bridge("runs").stdout == ""
    bridge("run", "flow.py", "--run-id", "first")
    bridge("run", "flow.py", "--on", "fake", "--run-id", "other")
    bridge("run", "flow.py:failing", "--run-id", "last", code=1)
    titles, *lines = (re.split("  +", line) for line in bridge("runs").stdout.splitlines())
    assert titles == ["run", "pipeline", "engine", "status", "started", "seconds"]
    assert [line[:4] for line in lines] == [
        ["last", "pipeline", "local", "failed"],
        ["other", "weather", "fake", "succeeded"],
        ["first", "weather", "local", "succeeded"],
    ]
    for *_, started, seconds in lines:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", started)
        assert float(seconds) < 60
