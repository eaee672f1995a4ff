"""Scripts of users of the ``runnable`` SDK run, once, with the import changed and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from runnable_endings import ASYNC, FAILURES, JOBS
from runnable_examples import FILES, TASKS
from runnable_scripts import Script, python, ran, records
from runnable_structures import STRUCTURE

SCRIPTS = [*TASKS, *FILES, *STRUCTURE, *FAILURES, *JOBS, *ASYNC]

LOADED = (
    *("task_as_pipeline", "a_notebook_of_the_project", "parameters_from_a_file"),
    *("lists_of_a_map", "branches_in_branches", "on_failure_succeeds", "on_failure_fails"),
    *("a_job_that_fails", "jobs_of_a_command_and_a_notebook", "an_awaited_pipeline"),
    *("events_as_they_come", "a_loop_at_its_limit"),
)


def check(script: Script, record: dict[str, Any]) -> None:
    """Hold a run's record against what the script was to do."""
    found = {step["name"]: step["status"] for step in record["steps"]}
    assert record["status"] == ("failed" if script.error else "succeeded"), record
    assert {name: s for name, s in found.items() if s != "succeeded"} == script.steps
    assert record["parameters"] == script.parameters
    assert sorted(record["files"]) == sorted(script.put)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_runs_once(script: Script, tmp_path: Path) -> None:
    done = python(script.write(tmp_path), tmp_path, **script.environment)
    assert done.returncode == (1 if script.error else 0), done.stderr
    assert script.says in done.stdout
    made = records(tmp_path)
    assert len(made) == script.text.count(".execute(") - script.text.count("if execute:") + (
        script.text.count(".execute_streaming(")
    )
    check(script, made[-1])
    if script.error:
        *frames, sentence = done.stderr.splitlines()
        assert sentence.startswith("bridge: ")
        assert script.error in sentence
        assert all(frame.startswith("  ") for frame in frames)  # those of the user's own code


@pytest.mark.parametrize(
    "script",
    [script for script in SCRIPTS if script.name in LOADED],
    ids=lambda script: script.name,
)
def test_the_command_line_runs_it_too(script: Script, tmp_path: Path) -> None:
    path = script.write(tmp_path).relative_to(tmp_path)
    command = [str(Path(sys.executable).with_name("bridge")), "run", str(path)]
    done = ran(command, tmp_path, script.environment)
    if script.name == "jobs_of_a_command_and_a_notebook":
        script = Script("", "", script.parameters)  # the one that main() returns
    assert done.returncode == (1 if script.error else 0), done.stderr
    made = records(tmp_path)
    assert len(made) == 1
    check(script, made[0])
