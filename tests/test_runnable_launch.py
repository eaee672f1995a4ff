"""What ``execute()`` takes from its arguments, the environment and configuration files."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
import runnable_functions as functions
from runnable_scripts import Script, notebook, python, records

import bridge
from bridge import AsyncPythonTask, Pipeline, PythonJob, PythonTask, ShellTask, Stub
from bridge.carried.arguments import call
from bridge.errors import ModelError, SourceError, StepError, UsageError
from bridge.inert import loading
from bridge.parameters import overrides
from bridge.runner import history
from bridge.source import load_source

pytestmark = pytest.mark.usefixtures("here", "restored")


@pytest.fixture
def restored(monkeypatch):
    """What ``execute()`` does to the interpreter it runs in, undone."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    for name in [*os.environ]:
        if name.startswith(("RUNNABLE_", "BRIDGE_")):
            monkeypatch.delenv(name)


def keep(**more: object) -> Pipeline:
    """A pipeline that returns its ``chunk`` as ``kept``."""
    task = PythonTask(name="keep", function=functions.same, returns=["kept"])
    return Pipeline(steps=[task], **more)


def test_the_environment_wins_over_files_and_bridge_over_runnable(here, monkeypatch):
    (here / "p.yaml").write_text("a: file\nb: file\nc: file\nd: file\n")
    monkeypatch.setenv("RUNNABLE_PRM_b", "runnable")
    monkeypatch.setenv("RUNNABLE_PRM_c", "runnable")
    monkeypatch.setenv("BRIDGE_PRM_c", "bridge")
    monkeypatch.setenv("RUNNABLE_PRM_D", '{"case": "kept"}')
    assert overrides({}, "p.yaml", {"e": 1}) == {
        "a": "file",
        "b": "runnable",
        "c": "bridge",
        "d": "file",
        "D": {"case": "kept"},
        "e": 1,
    }


def test_the_file_of_the_environment_takes_the_place_of_the_other(here, monkeypatch):
    (here / "one.yaml").write_text("chunk: 1\nother: 1\n")
    (here / "two.yaml").write_text("chunk: 2\n")
    assert keep().execute(parameters_file="one.yaml").parameters == {
        "chunk": 1, "other": 1, "kept": 1,
    }  # fmt: skip
    monkeypatch.setenv("RUNNABLE_PARAMETERS_FILE", "two.yaml")
    assert keep().execute(parameters_file="one.yaml").parameters == {"chunk": 2, "kept": 2}
    assert keep().execute(parameters={"chunk": 3})["kept"] == 3


def test_a_file_named_on_the_command_line_stays(here, monkeypatch):
    (here / "one.yaml").write_text("chunk: 1\n")
    monkeypatch.setenv("RUNNABLE_PARAMETERS_FILE", "missing.yaml")
    assert overrides({}, "one.yaml") == {"chunk": 1}
    with pytest.raises(UsageError, match=r"missing\.yaml"):
        overrides({})


def test_what_was_an_empty_text_is_nothing():
    run = keep(parameters={"chunk": 1}).execute(
        configuration_file="", run_id="", tag="", parameters_file="", log_level="WARNING"
    )
    assert run["kept"] == 1
    assert run.run_id


def test_the_id_of_a_run_is_given_or_in_the_environment(monkeypatch):
    assert keep(parameters={"chunk": 1}).execute(run_id="mine").run_id == "mine"
    assert PythonJob(function=functions.chunks).execute(job_id="job-1").run_id == "job-1"
    monkeypatch.setenv("RUNNABLE_RUN_ID", "theirs")
    assert keep(parameters={"chunk": 1}).execute().run_id == "theirs"


def test_an_unknown_log_level_is_told():
    with pytest.raises(UsageError, match="there is no log level 'LOUD'; there are DEBUG"):
        keep(parameters={"chunk": 1}).execute(log_level="LOUD")


def test_a_second_execute_runs_too():
    pipeline = Pipeline(steps=[PythonTask(function=functions.note_call, returns=["x"])])
    assert pipeline.execute().run_id != pipeline.execute().run_id
    assert Path("calls.txt").read_text() == "xx"


# Configuration


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pipeline-executor: {type: local}",
        "pipeline-executor: {type: local, config: {enable_parallel: true}}",
        "pipeline_executor:\n  type: local\nrun_log_store:\n  type: buffered\n"
        "catalog:\n  type: do-nothing\nsecrets:\n  type: do-nothing\npickler: {type: pickle}",
        "run-log-store: {type: chunked-fs}\nsecrets: {type: env-secrets}",
        "job-executor: {type: k8s-job}",
        "run-log-store:\n  type: ${store}",
    ],
)
def test_a_configuration_that_asks_for_what_is_done(here, monkeypatch, text):
    (here / "c.yaml").write_text(text)
    monkeypatch.setenv("RUNNABLE_VAR_store", "file-system")
    run = keep(parameters={"chunk": 1}).execute(configuration_file="c.yaml")
    assert run.status == "succeeded"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "pipeline-executor: {type: argo}",
            "asks for pipeline-executor 'argo', which is not done here; run it here, or write it",
        ),
        ("pipeline-executor: {type: mocked, config: {patches: {}}}", "pipeline-executor 'mocked'"),
        ("catalog: {type: s3}", "catalog 's3', .* BRIDGE_HOME says where files are kept"),
        ("run_log_store: {type: minio}", "asks for run_log_store 'minio'"),
        ("secrets: {type: dotenv}", "secrets 'dotenv', .* set them in the environment"),
        (
            "catalog: {type: file-system, config: {catalog_location: /data}}",
            r"sets catalog\.config\.catalog_location, which is not done here; leave it out",
        ),
        ("catalogue: {type: file-system}", "unknown key 'catalogue'; did you mean 'catalog'?"),
        ("[1]", "must hold a mapping of services"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_configuration_that_asks_for_more_is_refused(here, text, says):
    (here / "c.yaml").write_text(text)
    with pytest.raises(UsageError, match=says) as caught:
        keep(parameters={"chunk": 1}).execute(configuration_file="c.yaml")
    assert "c.yaml" in str(caught.value)
    assert not (here / ".bridge").exists()


def test_the_configuration_of_a_job_is_its_own(here):
    (here / "c.yaml").write_text("job-executor: {type: local-container}")
    with pytest.raises(UsageError, match="asks for job-executor 'local-container'"):
        PythonJob(function=functions.chunks).execute(configuration_file="c.yaml")


def test_a_configuration_is_found_where_it_was(here, monkeypatch):
    (here / "runnable-config.yaml").write_text("pipeline-executor: {type: argo}")
    (here / "c.yaml").write_text("pipeline-executor: {type: emulator}")
    pipeline = keep(parameters={"chunk": 1})
    with pytest.raises(UsageError, match=r"'runnable-config\.yaml' asks .* 'argo'"):
        pipeline.execute()
    with pytest.raises(UsageError, match=r"'c\.yaml' asks .* 'emulator'"):
        pipeline.execute(configuration_file="c.yaml")
    monkeypatch.setenv("RUNNABLE_CONFIGURATION_FILE", "d.yaml")
    with pytest.raises(UsageError, match=r"'d\.yaml' cannot be read"):
        pipeline.execute(configuration_file="c.yaml")


# Going on with a run


def test_a_retry_goes_on_with_the_parameters_of_the_run(here, monkeypatch):
    steps = [
        PythonTask(function=functions.note_call, returns=["x"]),
        PythonTask(name="two", function=functions.succeed_when_told, returns=["y"]),
    ]
    pipeline = Pipeline(steps=steps, parameters={"z": 1})
    monkeypatch.setenv("BROKEN", "yes")
    with pytest.raises(StepError) as caught:
        pipeline.execute(run_id="first", parameters={"z": 2})
    assert caught.value.run.run_id == "first"
    monkeypatch.delenv("BROKEN")
    monkeypatch.setenv("RUNNABLE_RETRY_RUN_ID", "first")
    run = pipeline.execute(run_id="first", parameters={"z": 3})
    assert run.parameters == {"z": 2, "x": 1, "y": 2}
    assert run.run_id != "first"
    assert Path("calls.txt").read_text() == "x"
    assert history.find("first").status == "failed"


def test_a_retry_of_no_run_is_told(monkeypatch):
    monkeypatch.setenv("RUNNABLE_RETRY_RUN_ID", "nowhere")
    with pytest.raises(UsageError, match="run 'nowhere' cannot be resumed"):
        keep(parameters={"chunk": 1}).execute()


# Scripts


SCRIPT = """
from bridge import Pipeline, PythonTask

def work(x: int):
    {work}

def main():
    pipeline = Pipeline([PythonTask(function=work, returns=["y"])], parameters={{"x": 1}})
    run = pipeline.execute()
    print(run["y"])
    {then}
"""


@pytest.mark.parametrize(
    ("work", "then", "code", "last"),
    [
        ("return x + 1", "", 0, ""),
        ("return 1 / 0", "", 1, "bridge: step 'work' failed at attempt 1: ZeroDivisionError: "),
        ("import sys; sys.exit(3)", "", 1, "bridge: step 'work' failed at attempt 1: SystemExit"),
        ("return x + 1", "raise KeyError('mine')", 1, "KeyError: 'mine'"),
    ],
)
def test_a_script_ends_as_its_run_does(here, work, then, code, last):
    script = Script("s", SCRIPT.format(work=work, then=then))
    done = python(script.write(here), here)
    assert done.returncode == code
    errors = done.stderr.splitlines()
    assert (errors[-1] if errors else "").startswith(last)
    assert ("Traceback" in done.stderr) == ("raise" in then)
    assert done.stdout == ("2\n" if "+" in work else "")
    assert len(records(here)) == 1


def test_a_wrong_pipeline_is_told_in_a_sentence(here):
    script = Script("s", SCRIPT.format(work="return x", then="").replace('{"x": 1}', "{}"))
    done = python(script.write(here), here)
    assert done.returncode == 1
    assert done.stderr.startswith("bridge: argument 'x' of 'work' is produced by no earlier step")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", ["happy.py", "elsewhere/copy.py", "deep/down/pipe.py"])
def test_a_script_may_stand_anywhere(here, path):
    script = Script("s", SCRIPT.format(work="return x", then=""), path=path)
    if path.endswith("/copy.py"):  # a name of the standard library
        path = "elsewhere/my_copy.py"
        script.path = path
    done = python(script.write(here), here)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


# Loading


def load(here: Path, text: str) -> Pipeline:
    (here / "loaded_script.py").write_text("from bridge import *\n" + text)
    try:
        return load_source("loaded_script.py")
    finally:
        sys.modules.pop("loaded_script", None)


@pytest.mark.parametrize(
    "main",
    [
        "def main():\n    p.execute()",
        "def main():\n    print(p.execute()['x'])",
        "async def main():\n    p.execute()\n    return p",
        "async def main():\n    a = AsyncPipeline(p.steps, name='p')\n    await a.execute()",
        "async def main():\n    a = AsyncPipeline(p.steps, name='p')\n"
        "    return [e async for e in a.execute_streaming()]",
    ],
)
def test_the_pipeline_is_the_one_that_was_to_be_executed(here, main):
    make = "Pipeline([Stub(name='a')], name='p')"
    text = main.replace("p.", f"{make}.", 1) if "return p" not in main else f"p = {make}\n{main}"
    assert load(here, text).name == "p"
    assert not (here / ".bridge").exists()


def test_what_execute_was_given_is_declared(here):
    (here / "p.yaml").write_text("a: 2\nb: 2\nc: 2\n")
    found = load(
        here,
        "pipeline = Pipeline([Stub(name='s')], parameters={'a': 1, 'd': 1})\n"
        "pipeline.execute(parameters_file='p.yaml', parameters={'b': 3})",
    )
    assert found.parameters == {"a": 2, "d": 1, "b": 3, "c": 2}


def test_several_that_were_to_be_executed_are_listed(here):
    text = "def main():\n    [Pipeline([Stub(name='s')], name=name).execute() for name in 'ab']"
    with pytest.raises(SourceError, match=r"several pipelines \(a, b\)"):
        load(here, text)


def test_a_notebook_is_beside_the_script_or_else_here(here):
    (here / "sub").mkdir()
    (here / "book.ipynb").write_text(notebook("x = 'here'"))
    text = "NotebookTask(name='n', notebook='book.ipynb', returns=['x']).as_pipeline()"
    (here / "sub/loaded_script.py").write_text(f"from bridge import *\npipeline = {text}")
    for expected in ("here", "beside"):
        try:
            run = load_source("sub/loaded_script.py").execute()
        finally:
            sys.modules.pop("loaded_script", None)
        assert run["x"] == expected
        (here / "sub/book.ipynb").write_text(notebook("x = 'beside'"))
    (here / "book.ipynb").unlink()
    (here / "sub/book.ipynb").unlink()
    with pytest.raises(ModelError, match=r"'book\.ipynb' of 'n' is not there .looked"):
        load(here, f"pipeline = {text}").execute()


# Asynchronous functions, and those that take a Namespace


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        (functions.fetched, {}, 2),
        (functions.fetched, {"x": "4"}, 5),
        (functions.events, {"x": 1}, {"low": 1, "high": 2}),
        (functions.complete, {"x": 1}, "all 1"),
        (functions.numbers, {}, 2),
        (functions.attributes, {"first": 1, "a": 2, "b": 3}, {"a": 2, "b": 3}),
        (functions.attributes, {"first": 1}, {}),
        (functions.attributes_beside_others, {"given": 1, "a": 2}, [1, {"a": 2}]),
    ],
)
def test_a_call_gives(function, values, expected):
    async def inside_a_loop():
        return call(function, **values)

    assert call(function, **values) == expected
    assert asyncio.run(inside_a_loop()) == expected


def test_several_values_of_a_generator_are_matched_by_name():
    task = AsyncPythonTask(function=functions.events, returns=["high", "low"])
    run = task.as_pipeline().execute(parameters={"x": 1})
    assert run.parameters == {"x": 1, "high": 2, "low": 1}


def test_an_awaited_pipeline_lets_others_go_on():
    async def both():
        first = AsyncPythonTask(name="a", function=functions.fetched, returns=["y"])
        second = ShellTask(name="s", command="sleep 0.3")
        pipeline = bridge.AsyncPipeline(steps=[first, second])
        ticks = 0
        running = asyncio.ensure_future(pipeline.execute())
        while not running.done():
            ticks += 1
            await asyncio.sleep(0.01)
        return ticks, await running

    ticks, run = asyncio.run(both())
    assert ticks > 3
    assert run["y"] == 2


def test_events_of_two_pipelines_do_not_meet():
    async def seen(x: int) -> list[object]:
        task = AsyncPythonTask(function=functions.complete, returns=["text"])
        pipeline = task.as_async_pipeline()
        return [e async for e in pipeline.execute_streaming(parameters={"x": x})]

    async def both():
        return await asyncio.gather(seen(1), seen(2))

    for x, found in enumerate(asyncio.run(both()), 1):
        assert found == [{"type": "chunk", "text": "a"}, {"type": "complete", "text": f"all {x}"}]


def test_a_failure_comes_after_the_events():
    async def listen() -> None:
        pipeline = AsyncPythonTask(function=functions.stumble).as_async_pipeline()
        async for event in pipeline.execute_streaming():
            seen.append(event)  # noqa: PERF401 - a comprehension would lose them

    seen: list[object] = []
    with pytest.raises(StepError, match="RuntimeError: stumbled"):
        asyncio.run(listen())
    assert seen == [{"type": "status"}]


def test_nothing_is_executed_while_a_source_is_loaded():
    async def start():
        pipeline = bridge.AsyncPipeline([Stub(name="a")])
        return await pipeline.execute(), [e async for e in pipeline.execute_streaming()]

    with loading() as met:
        assert asyncio.run(start()) == (None, [])
    assert len(met) == 1
