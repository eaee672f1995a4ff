"""The command line end to end, each command in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from command import BRIDGE, bridge

FUNCTIONS = """
def double(x: int) -> int:
    print("a task prints")
    return 2 * x

def fail():
    raise KeyError("no such thing")
"""
PIPELINE = """
from bridge import Parallel, Pipeline, PythonTask, metric
from cli_functions import double, fail

def pipeline_of():
    return PythonTask(function=double, returns=["y"]).as_pipeline()

step = PythonTask(function=double, returns=[metric("y")])
pipeline = Pipeline([step], name="p", parameters={"x": 1})
failing = Pipeline([PythonTask(function=fail)])
wrong = Pipeline([PythonTask(function=double)])
both = Parallel(name="p", branches={"l": pipeline_of(), "r": pipeline_of()})
twice = Pipeline([both], parameters={"x": 1})
"""


@pytest.fixture
def project(here):
    (here / "cli_functions.py").write_text(FUNCTIONS)
    (here / "flow.py").write_text(PIPELINE)
    return here


def test_help_names_every_command():
    text = bridge("--help").stdout
    for command in (
        "adapters",
        "check",
        "compare",
        "convert",
        "diff",
        "export",
        "import",
        "log",
        "run",
        "runs",
        "show",
        "verify",
    ):
        assert f"  {command} " in text
        assert "Usage" in bridge(command, "--help").stdout


@pytest.mark.parametrize("words", [["--help"], ["run", "flow.py"]])
def test_start_up_imports_nothing_heavy(project, words):
    script = (
        "import sys, atexit\n"
        f"sys.argv = ['bridge', *{words!r}]\n"
        "atexit.register(lambda: print(sorted({m.partition('.')[0] for m in sys.modules})))\n"
        "from bridge.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = set(eval(done.stdout.strip().splitlines()[-1]))
    heavy = {"metaflow", "kedro", "airflow", "pandas", "numpy", "pydantic", "papermill", "fsspec",
             "nbformat", "boto3", "rich", "pluggy", "yaml", "sqlite3"}  # fmt: skip
    assert modules & heavy == set()


def test_run_gives_the_record(project):
    record = json.loads(bridge("run", "flow.py", "--json").stdout)
    assert record["parameters"] == {"x": 1, "y": 2}
    assert record["metrics"] == {"y": 2}
    assert record["status"] == "succeeded"
    text = bridge("log", record["run_id"]).stdout
    assert "double" in text
    assert json.loads(bridge("log", record["run_id"], "--json").stdout) == record
    assert record["run_id"] in bridge("runs").stdout
    assert json.loads(bridge("runs", "--json").stdout)["runs"] == [record]


def test_later_parameters_win(project):
    (project / "p.yaml").write_text("x: 10")

    def y(*words, **environment):
        return json.loads(bridge("run", "flow.py", "--json", *words, **environment).stdout)[
            "parameters"
        ]["y"]

    assert y("--parameters", "p.yaml") == 20
    assert y("--parameters", "p.yaml", BRIDGE_PRM_x="11") == 22
    assert y("--parameters", "p.yaml", "-p", "x=12", BRIDGE_PRM_x="11") == 24


def test_a_run_can_be_resumed(project):
    bridge("run", "flow.py:failing", "--run-id", "first", code=1)
    bridge("run", "flow.py:failing", "--run-id", "second", "--resume", "first", code=1)
    bridge("run", "flow.py:failing", "--resume", "first", "-p", "new=1", code=2)


def test_a_failed_run_exits_1_and_says_which_step(project):
    done = bridge("run", "flow.py:failing", code=1)
    assert "step 'fail', attempt 1: KeyError: 'no such thing'" in done.stdout
    assert (
        json.loads(bridge("run", "flow.py:failing", "--json", code=1).stdout)["error"]["step"]
        == "fail"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "nothing.py"], "there is no file 'nothing.py'"),
        (["run", "flow.py:wrong"], "argument 'x' of 'double' is produced by no earlier step"),
        (["run", "flow.py", "--on", "nonsense"], "no engine is named 'nonsense'; there are local"),
        (["run", "flow.py", "-p", "x"], "parameter 'x' must be written NAME=VALUE"),
        (
            ["run", "flow.py", "--parameters", "none.yaml"],
            "parameters file 'none.yaml' cannot be read",
        ),
        (["run", "flow.py", "--run-id", "../x"], "run id '../x' is malformed"),
        (["export", "flow.py", "--to", "nonsense", "-o", "out"], "no adapter is named 'nonsense'"),
        (["export", "flow.py", "--to", "fake"], "give -o DIR"),
        (["check", "flow.py", "--to", "nonsense"], "no adapter is named 'nonsense'"),
        (["verify", "flow.py", "--on", ","], "--on needs the names of engines"),
        (["log", "nothing"], "there is no run 'nothing'"),
        (["run", "flow.py", "--resume", "nothing"], "run 'nothing' cannot be resumed"),
        (["run", "flow.py", "--on", "fake", "--resume", "x"], "--resume is for the local engine"),
        (["exprot"], "did you mean 'export'?"),
    ],
)
def test_a_mistake_exits_2_with_one_sentence(project, words, says):
    done = bridge(*words, code=2)
    assert says in done.stderr
    assert not (project / "out").exists()


def test_the_traceback_is_shown_on_request(project):
    done = subprocess.run(
        [BRIDGE, "--traceback", "run", "nothing.py"], capture_output=True, text=True, check=False
    )
    assert "Traceback" in done.stderr


def test_export_writes_and_names_the_files(project):
    assert "out/script.py" in bridge("export", "flow.py", "--to", "fake", "-o", "out").stdout
    answer = json.loads(bridge("export", "flow.py", "--to", "fake", "--dry-run", "--json").stdout)
    assert "script.py" in answer["files"]
    assert answer["totals"]["unsupported"] == 0
    bridge("export", "flow.py", "--to", "fake", "-o", "out", code=2)
    bridge("export", "flow.py", "--to", "fake", "-o", "out", "--force")


def test_check_counts(project):
    answer = json.loads(bridge("check", "flow.py", "--to", "fake", "--json").stdout)
    assert answer["source"] == "flow.py"
    assert answer["to"] == "fake"
    assert answer["totals"]["read"] == answer["totals"]["carried"] == 3
    assert answer["findings"][0].keys() == {
        "code", "level", "feature", "step", "attribute", "message", "hint", "where"
    }  # fmt: skip


def test_verify_agrees(project):
    answer = json.loads(bridge("verify", "flow.py", "--on", "local,fake", "--json").stdout)
    assert answer["agree"] is True
    assert [run["on"] for run in answer["runs"]] == ["local", "fake"]
    assert answer["differences"] == []
    assert "local, fake agree: 2 values" in bridge("verify", "flow.py", "--on", "local,fake").stdout


def test_verify_fails_when_a_run_does(project):
    done = bridge("verify", "flow.py:failing", "--on", "local,fake", code=1)
    assert "did not succeed" in done.stdout


@pytest.mark.parametrize(
    ("words", "place"), [([], "comparisons/p/report"), (["-o", "report"], "report")]
)
def test_compare_writes_its_report(project, words, place):
    bridge("compare", "flow.py", "--on", "local,fake", *words)
    report = json.loads((project / place / "report.json").read_text())
    assert report["agree"] is True
    assert {"lines", "overhead_per_step"} <= report["runs"][0].keys()
    assert "<html" in (project / place / "index.html").read_text()
    assert "| local |" in (project / place / "report.md").read_text()


@pytest.mark.parametrize("form", ["text", "mermaid", "svg", "html", "json", "yaml"])
def test_show(project, form):
    assert "double" in bridge("show", "flow.py", "--format", form).stdout


def test_a_pipeline_as_data_runs_like_the_one_in_python(project):
    for form in ("yaml", "json"):
        (project / f"data.{form}").write_text(bridge("show", "flow.py", "--format", form).stdout)
        record = json.loads(bridge("run", f"data.{form}", "--json").stdout)
        assert record["parameters"] == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    "words", [["run"], ["check", "--to", "fake"], ["export", "--to", "fake", "--dry-run"]]
)
def test_what_is_seldom_meant_is_told(project, words):
    done = bridge(words[0], "flow.py:twice", *words[1:])
    assert "warning: 'y' is set by branches 'l' and 'r' of 'p'" in done.stderr


def test_adapters_tell_what_they_carry():
    answer = json.loads(bridge("adapters", "--json").stdout)
    (fake,) = [a for a in answer["adapters"] if a["name"] == "fake"]
    assert fake["support"]["image"] == {"level": "unsupported", "how": "a script has no such thing"}
    assert fake["framework"]
    assert "fake" in bridge("adapters").stdout
