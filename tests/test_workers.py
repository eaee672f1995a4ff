"""Tasks in processes of their own: what one does harms nobody else, and branches run together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import misbehaving as tasks
import pytest
from command import bridge

from bridge import Catalog, Map, Parallel, Pipeline, PythonTask, Retry, ShellTask, at, fact
from bridge.errors import UsageError
from bridge.runner import history, run_local
from bridge.runner.watch import PassedOn

pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(params=["fork", "fresh"])
def start(request, monkeypatch):
    """Both ways in which workers come to be."""
    monkeypatch.setenv("BRIDGE_START", request.param)
    monkeypatch.setattr(sys, "path", [str(Path(tasks.__file__).parent), *sys.path])
    return request.param


def task(function, **more):
    return PythonTask(function=function, **more)


def run(*steps, **more):
    return run_local(Pipeline(list(steps)), **more)


def branches(**found):
    return Parallel(name="p", branches={key: Pipeline([step]) for key, step in found.items()})


# What a task does to its own process


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize(
    ("function", "text"),
    [
        (tasks.exits, "the task ended its process, with code 3"),
        (tasks.crashes, "the process of the task was ended by SIGSEGV"),
        (tasks.is_killed, "the process of the task was ended by SIGKILL (out of memory"),
    ],
)
def test_the_end_of_its_process_fails_the_task_alone(function, text):
    found = run(branches(bad=task(function), good=task(tasks.looks, returns=["seen"])))
    assert found.status == "failed"
    assert found.error["step"] == f"p.bad.{function.__name__}"
    assert found.error["type"] == "ChildProcessError"
    assert found.error["text"].startswith(text)
    assert found["seen"]["variable"] is None


def test_where_python_was_when_it_crashed_is_in_the_log():
    run(task(tasks.crashes), run_id="r")
    ((attempt, text),) = history.output("r", "crashes")
    assert attempt == 1
    assert "Segmentation fault" in text
    assert "misbehaving.py" in text


def test_such_a_task_is_tried_again():
    once = task(
        tasks.is_killed_once, inputs={"attempt": fact("attempt")}, returns=["n"], retry=Retry(1)
    )
    found = run(once)
    assert (found["n"], found.steps[0].attempts) == (2, 2)


def test_the_files_it_has_written_are_kept():
    found = run(task(tasks.writes_and_is_killed, catalog=Catalog(put=["left.txt", "other"])))
    assert found.failed
    assert [*found.files] == ["left.txt"]


@pytest.mark.usefixtures("start")
def test_what_it_changes_around_itself_is_put_right(here):
    found = run(task(tasks.strays), task(tasks.looks, returns=["seen"]))
    assert found["seen"]["folder"] == str(here)
    assert found["seen"]["variable"] is None


def test_a_chain_stays_in_one_process():
    found = run(
        task(tasks.prints, returns=["first"]), task(tasks.looks, returns=["seen"]),
    )  # fmt: skip
    assert found["first"] == found["seen"]["pid"] != os.getpid()


def test_threads_that_are_left_behind_end_with_their_process():
    found = run(task(tasks.leaves_a_thread, returns=["pid"]), task(tasks.looks, returns=["seen"]))
    assert found["pid"] != found["seen"]["pid"]


# Its time


def test_a_task_that_no_signal_reaches_is_ended(monkeypatch):
    monkeypatch.setattr("bridge.runner.workers._GRACE", 0.1)
    found = run(task(tasks.blocks, timeout=0.2))
    assert found.error["type"] == "TimeoutError"
    assert found.error["text"] == "timed out after 0.2 seconds"


@pytest.mark.parametrize("function", [tasks.starts_a_process, tasks.leaves_a_process])
def test_no_process_outlives_its_run(function):
    mark = f"{600 + os.getpid() / 1e7:.7f}"
    run_local(Pipeline([task(function, timeout=0.5)], parameters={"mark": mark}))
    assert mark not in subprocess.run(["ps", "-ef"], capture_output=True, text=True).stdout


# Side by side


@pytest.mark.usefixtures("start")
def test_branches_run_at_the_same_time():
    a = task(tasks.meets, name="a", inputs={"name": "x", "other": "y"}, returns=["a"])
    b = task(tasks.meets, name="b", inputs={"name": "y", "other": "x"}, returns=["b"])
    pipeline = Pipeline([branches(a=a, b=b)], parameters={"x": "x", "y": "y"})
    found = run_local(pipeline, jobs=2)
    assert (found["a"], found["b"]) == ("x", "y")
    assert [step.name for step in found.steps] == ["p.a.a", "p.b.b"]


@pytest.mark.usefixtures("start")
def test_parameters_that_only_the_run_has_are_known():
    meets = task(tasks.meets, inputs={"name": "a", "other": "b"}, returns=["n"])
    assert run_local(Pipeline([meets]), {"a": "x", "b": "x"})["n"] == "x"


def test_items_of_a_map_run_at_the_same_time():
    meets = task(tasks.meets, inputs={"name": at("pair", 0), "other": at("pair", 1)}, returns=["n"])
    both = Map(name="m", branch=Pipeline([meets]), iterate_on="pairs", iterate_as="pair")
    found = run_local(Pipeline([both], parameters={"pairs": [["x", "y"], ["y", "x"]]}), jobs=2)
    assert found["n"] == ["x", "y"]


def test_steps_that_wait_for_nothing_run_at_the_same_time():
    a = task(tasks.meets, name="a", inputs={"name": "x", "other": "y"}, returns=["a"])
    b = task(tasks.meets, name="b", inputs={"name": "y", "other": "x"}, returns=["b"])
    found = run_local(Pipeline([a, b], parameters={"x": "x", "y": "y"}, order="data"), jobs=2)
    assert found["a"] + found["b"] == "xy"


def test_one_job_is_one_after_the_other():
    steps = {key: task(tasks.looks, name=key, returns=[key]) for key in "abc"}
    found = run(branches(**steps), jobs=1)
    assert len({found[key]["pid"] for key in "abc"}) == 1


def test_tasks_that_put_the_same_files_take_turns():
    each = task(tasks.alone, catalog=Catalog(put=["turn.txt"]), returns=["turn"])
    branch = Pipeline([each])
    pipeline = Pipeline(
        [Map(name="m", branch=branch, iterate_on="items", iterate_as="i")],
        parameters={"items": list(range(8))},
    )
    found = run_local(pipeline, jobs=4)
    assert found["turn"] == list(range(8))


def test_two_runs_in_one_folder_take_turns_with_files(here):
    (here / "flow.py").write_text(
        "from bridge import *\n"
        "import misbehaving as tasks\n"
        "put = Catalog(put=['turn.txt'])\n"
        "each = PythonTask(function=tasks.alone, catalog=put, returns=['n'])\n"
        "pipeline = Pipeline([Map(name='m', branch=Pipeline([each]), iterate_on='items',"
        " iterate_as='i')], parameters={'items': list(range(5))})\n"
    )
    support = str(Path(tasks.__file__).parent)
    words = [sys.executable, "-c", "from bridge.cli import main; main()", "run", "flow.py"]
    runs = [
        subprocess.Popen(words, env={**os.environ, "PYTHONPATH": support}) for _ in range(4)
    ]  # fmt: skip
    assert [process.wait() for process in runs] == [0] * 4


def test_a_run_inside_a_task_with_files_does_not_wait_for_it(here):
    (here / "inner.py").write_text(
        "from bridge import *\n"
        "pipeline = Pipeline([ShellTask(name='w', command='echo 1 > in.txt',"
        " catalog=Catalog(put=['in.txt']))])\n"
    )
    command = f"'{sys.executable}' -m bridge run inner.py && echo 2 > out.txt"
    outer = ShellTask(name="o", command=command, catalog=Catalog(put=["out.txt"]), timeout=60)
    found = run(outer)
    assert found.status == "succeeded", found.error


# By choice


@pytest.mark.parametrize("workers", ["inline", "threads"])
def test_tasks_may_run_in_the_process_itself(workers):
    found = run(branches(a=task(tasks.looks, returns=["seen"])), workers=workers)
    assert found["seen"]["pid"] == os.getpid()


def test_no_job_is_refused():
    with pytest.raises(UsageError, match="a run needs at least 1 job, not 0"):
        run(task(tasks.looks), jobs=0)


# What was written


def test_what_each_attempt_wrote_is_kept(here):
    found = run(task(tasks.prints, returns=["pid"]), task(tasks.looks), run_id="r")
    assert found.status == "succeeded"
    text = "to stdout\nto stderr\nfrom a process\n"
    assert history.output("r", "prints") == [(1, text)]
    assert bridge("log", "r", "--step", "prints").stdout == text
    assert "'looks' has written nothing" in bridge("log", "r", "--step", "looks").stderr
    assert "did you mean 'prints'" in bridge("log", "r", "--step", "print", code=2).stderr


def test_what_a_task_prints_is_passed_on_while_it_runs(here):
    (here / "flow.py").write_text(
        "from bridge import *\n"
        "pipeline = Pipeline([ShellTask(name='s', command="
        "'echo first; printf half; while ! test -e go; do sleep 0.01; done; echo; echo last')])\n"
    )
    words = [sys.executable, "-m", "bridge", "run", "flow.py"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "first\n"
        (here / "go").touch()
        assert process.stderr.read() == "half\nlast\n"


def test_lines_of_tasks_that_run_at_once_have_the_names_of_their_steps(here):
    wait = "echo {0}; touch {0}; while ! test -e {1}; do sleep 0.01; done; sleep 0.3"
    steps = branches(
        a=ShellTask(name="one", command=wait.format("x", "y")),
        b=ShellTask(name="two", command=wait.format("y", "x")),
    )
    told = []
    assert run_local(Pipeline([steps]), watch=PassedOn(told.append)).status == "succeeded"
    assert sorted(told) == ["p.a.one | x\n", "p.b.two | y\n"]


# Whether it is under way


def test_a_run_that_died_is_told_from_one_under_way(here):
    (here / "flow.py").write_text(
        "from bridge import *\npipeline = Pipeline([ShellTask(name='s', command='sleep 60')])\n"
    )
    words = [sys.executable, "-m", "bridge", "run", "flow.py", "--run-id", "r"]
    with subprocess.Popen(words) as process:
        while not list(here.glob(".bridge/runs/r/logs/*")):
            time.sleep(0.01)
        assert history.find("r").status == "running"
        assert "it is still running" in bridge("run", "flow.py", "--resume", "r", code=2).stderr
        process.kill()
    assert history.find("r").status == "interrupted"
    assert "interrupted" in bridge("runs").stdout


def test_a_run_that_is_interrupted_says_how_to_go_on(here):
    (here / "flow.py").write_text(
        "from bridge import *\n"
        "each = Pipeline([ShellTask(name='s', command='sleep 60')])\n"
        "pipeline = Pipeline([Map(name='m', branch=each, iterate_on='x', iterate_as='i')],"
        " parameters={'x': [1, 2, 3]})\n"
    )
    words = [sys.executable, "-m", "bridge", "run", "flow.py", "--run-id", "r", "--jobs", "2"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        while len(list(here.glob(".bridge/runs/r/logs/*"))) < 2:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate()
    assert process.returncode == 130
    assert "run 'r' was interrupted; --resume r goes on" in told
    assert "Traceback" not in told
    found = history.find("r")
    assert (found.status, found.steps) == ("interrupted", [])
