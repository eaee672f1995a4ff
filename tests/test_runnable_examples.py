"""Scripts of users of the ``runnable`` SDK run, once, with the import changed and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from runnable_examples import SCRIPTS
from runnable_scripts import Script, python, ran, records

scripts = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)


def check(script: Script, record: dict[str, Any]) -> None:
    """Hold a run's record against what the script was to do."""
    found = {step["name"]: step["status"] for step in record["steps"]}
    assert record["status"] == ("failed" if script.error else "succeeded"), record
    assert {name: s for name, s in found.items() if s != "succeeded"} == script.steps
    assert record["parameters"] == script.parameters
    assert sorted(record["files"]) == sorted(script.put)


@scripts
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
        assert done.stderr.startswith("bridge: ")
        assert script.error in done.stderr
        assert len(done.stderr.splitlines()) == 1


@scripts
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
