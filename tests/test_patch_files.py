"""The files of tasks for which something stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plain
import pytest

from bridge import Catalog, Pipeline, PythonTask, ShellTask
from bridge.errors import StepError
from bridge.record import Run

pytestmark = pytest.mark.usefixtures("here")


def executed(*steps: Any, patch: Any, **parameters: Any) -> Run:
    return Pipeline([*steps], parameters=parameters).execute(patch=patch)


def write(**_: Any) -> None:
    Path("made.txt").write_text("made")


READ = ShellTask(
    name="read",
    command="export text=$(cat made.txt)",
    returns=["text"],
    catalog=Catalog(get=["*.txt"]),
)


def test_what_a_function_writes_is_stored():
    task = PythonTask(
        function=plain.double,
        name="fetch",
        catalog=Catalog(put=["*.txt", "more/*"], get=["none/*"]),
    )
    before = PythonTask(function=write, name="before", catalog=Catalog(put=["none/*"]))
    patch = {"fetch": write, "before": None}
    run = executed(before, task, READ, patch=patch, x=1)
    assert run.files.keys() == {"made.txt"}
    assert run["text"] == "made"


def test_beside_a_value_what_the_test_has_put_there_is_stored():
    Path("made.txt").write_text("by the test")
    task = PythonTask(
        function=plain.double, name="fetch", returns=["rows"], catalog=Catalog(put=["made.txt"])
    )
    assert executed(task, READ, patch={"fetch": 1}, x=1)["text"] == "by the test"


def test_who_gets_what_nobody_wrote_fails():
    task = PythonTask(
        function=plain.double, name="fetch", returns=["rows"], catalog=Catalog(put=["made.txt"])
    )
    with pytest.raises(StepError, match=r"step 'read' .* get '\*\.txt' has no match"):
        executed(task, READ, patch={"fetch": 1}, x=1)


def test_a_function_that_fails_has_its_files_stored():
    def half():
        write()
        raise OSError("half")

    task = PythonTask(function=plain.double, name="fetch", catalog=Catalog(put=["*.txt", "*.csv"]))
    with pytest.raises(StepError, match="OSError: half") as caught:
        executed(task, patch={"fetch": half}, x=1)
    assert caught.value.run.files.keys() == {"made.txt"}
