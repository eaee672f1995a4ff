"""What ``execute()`` gives, and how runs and pipelines show themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import plain
import pytest

from bridge import (
    Catalog,
    Dataset,
    Map,
    Pipeline,
    PythonTask,
    Retry,
    ShellTask,
    Stub,
    metric,
    pickled,
)
from bridge.errors import StepError
from bridge.record import Run, StepRun
from bridge.runner import history
from bridge.show.steps import rows

pytestmark = pytest.mark.usefixtures("here")


def executed(*steps, **parameters) -> Run:
    return Pipeline([*steps], name="p", parameters=parameters).execute()


def failed(*steps) -> Run:
    with pytest.raises(StepError) as caught:
        executed(*steps)
    return caught.value.run


def write() -> None:
    Path("made.bin").write_bytes(b"\0made")


def fail_inside() -> None:
    json.loads("{")


def fail_by_text(items: list) -> None:
    raise ValueError("<b>bold</b>")


# Values


def test_a_value_is_given_by_its_name():
    run = executed(PythonTask(function=plain.double, returns=[metric("accuracy")]), x=2)
    assert run["accuracy"] == 4
    assert "accuracy" in run
    assert "acuracy" not in run
    assert not run.failed


def test_an_unknown_value_is_told_with_those_there_are():
    run = executed(PythonTask(function=plain.double, returns=["accuracy"]), x=2)
    with pytest.raises(KeyError, match="has no value 'acuracy'; did you mean 'accuracy'"):
        run["acuracy"]
    with pytest.raises(KeyError, match="has no value 'q'; there are x, accuracy"):
        run["q"]


def test_an_object_is_loaded_anew():
    run = executed(PythonTask(function=plain.thing, returns=[pickled("model")]))
    assert run.object("model") == {1, 2, 3}
    assert run.object("model") is not run.object("model")
    with pytest.raises(KeyError, match=r"is an object: run\.object\('model'\)"):
        run["model"]
    with pytest.raises(KeyError, match="no object 'modle'; did you mean 'model'"):
        run.object("modle")


def test_the_last_object_of_a_name_is_given_and_a_value_is_no_object():
    tasks = [
        PythonTask(name="a", function=plain.thing, returns=[pickled("x")]),
        PythonTask(name="b", function=plain.one, returns=["x"]),
    ]
    assert executed(*reversed(tasks)).object("x") == {1, 2, 3}
    with pytest.raises(KeyError, match=r"is a JSON value: run\['x'\]"):
        executed(*tasks).object("x")


def test_the_objects_of_a_map_are_a_list():
    branch = PythonTask(function=plain.thing, returns=[pickled("model")]).as_pipeline()
    run = executed(Map(name="m", branch=branch, iterate_on="xs", iterate_as="x"), xs=[1, 2])
    assert run.object("model") == [{1, 2, 3}] * 2


def test_a_dataset_is_where_the_pipeline_says(here, monkeypatch):
    Path("kept_texts.py").write_text(
        "class Text:\n"
        "    def __init__(self, path): self.path = path\n"
        "    def load(self):\n"
        "        with open(self.path) as file: return file.read()\n"
        "    def save(self, value):\n"
        "        with open(self.path, 'w') as file: file.write(value)\n"
    )
    monkeypatch.syspath_prepend(here)
    pipeline = Pipeline(
        [PythonTask(function=plain.kind, returns=["text"])],
        parameters={"value": 1},
        datasets={"text": Dataset("kept_texts.Text", "text.txt")},
    )
    run = pipeline.execute()
    assert Path("text.txt").read_text() == "int"
    with pytest.raises(ValueError, match="'text' is a dataset; load it from where"):
        run.object("text")


# Files


def test_a_file_is_read_from_the_store():
    run = executed(PythonTask(function=write, catalog=Catalog(put=["*.bin"])))
    Path("made.bin").unlink()
    with run.open("made.bin") as file:
        assert file.read() == b"\0made"
    with pytest.raises(KeyError, match=r"has no file 'made\.txt'; did you mean 'made\.bin'?"):
        run.open("made.txt")


def test_of_a_file_that_was_not_copied_there_is_the_hash():
    catalog = Catalog(put=["*.bin"], store_copy=False)
    run = executed(PythonTask(function=write, catalog=catalog))
    with pytest.raises(FileNotFoundError, match="only its hash is kept"):
        run.open("made.bin")


def test_of_a_record_alone_nothing_is_loaded():
    made = executed(
        PythonTask(function=plain.thing, returns=[pickled("model")]),
        PythonTask(function=write, catalog=Catalog(put=["*.bin"])),
    )
    run = history.find(made.run_id)
    assert run == made
    assert run.to_json() == made.to_json()
    for load in (lambda: run.object("model"), lambda: run.open("made.bin")):
        with pytest.raises(ValueError, match="there is the record alone"):
            load()


# The record


def test_the_record_names_the_pipeline_and_when_it_started():
    found = executed(Stub(name="s")).to_json()
    assert found["pipeline"] == "p"
    assert found["started"].endswith("+00:00")
    assert not {"kept", "store"} & found.keys()


def test_a_record_of_before_is_read():
    run = Run.from_json({"run_id": "r", "on": "local", "status": "succeeded", "steps": []})
    assert (run.pipeline, run.started, run.frames) == ("", "", [])


def test_a_failure_tells_where_in_the_users_code_it_was_raised():
    run = failed(PythonTask(function=fail_inside))
    assert run.failed
    assert run.error["type"] == "JSONDecodeError"
    assert run.error.keys() == {"step", "attempt", "type", "text"}
    (frame,) = run.frames
    assert frame["file"] == __file__
    assert frame["function"] == "fail_inside"
    assert frame["code"] == 'json.loads("{")'
    assert run.to_json()["frames"] == [frame]


def test_of_a_failure_that_is_none_of_the_users_code_there_are_no_frames():
    assert failed(PythonTask(function=plain.thing, returns=["x"])).frames == []


def test_the_exception_tells_it_too():
    with pytest.raises(StepError) as caught:
        executed(PythonTask(function=fail_inside))
    (note,) = caught.value.__notes__
    assert note.splitlines()[-1] == '    json.loads("{")'
    Path("script.py").write_text(
        "from bridge import Pipeline, PythonTask\n"
        "def fail():\n"
        "    raise KeyError('gone')\n"
        "Pipeline([PythonTask(function=fail)]).execute()\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], capture_output=True, text=True, check=False
    )
    assert done.stderr.splitlines() == [
        "  script.py:3, in fail",
        "    raise KeyError('gone')",
        "bridge: step 'fail' failed at attempt 1: KeyError: 'gone'",
    ]


# How they show themselves


def test_a_run_is_told_in_a_line():
    run = executed(Stub(name="a"), Stub(name="b"))
    assert repr(run) == f"<Run {run.run_id} succeeded: 2 steps in {run.seconds:.2f} s>"


def test_a_run_shows_itself_in_a_notebook():
    run = executed(
        PythonTask(function=plain.whatever, returns=[metric("shown")]),
        PythonTask(function=write, catalog=Catalog(put=["*.bin"])),
        Map(
            name="each <one>",
            branch=PythonTask(function=plain.one, returns=["y"]).as_pipeline(),
            iterate_on="xs",
            iterate_as="x",
        ),
        value="<script>alert(1)</script>",
        xs=[1, 2],
    )
    html = run._repr_html_()
    ElementTree.fromstring(html)  # every tag is closed
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "each &lt;one&gt;" in html
    assert "2 times" in html
    assert run.run_id in html
    assert "made.bin" in html


def test_a_failed_run_says_so_in_a_notebook():
    html = failed(
        PythonTask(function=plain.listed, returns=["items"]),
        PythonTask(function=fail_by_text),
        Stub(name="after"),
    )._repr_html_()
    ElementTree.fromstring(html)
    assert "ValueError: &lt;b&gt;bold&lt;/b&gt;" in html
    assert "in fail_by_text" in html
    assert "skipped" in html


def test_a_pipeline_draws_itself():
    drawn = Pipeline([Stub(name="a <b>")])._repr_svg_()
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert "a &lt;b&gt;" in drawn


def test_to_draw_is_imported_only_then():
    script = "import sys, bridge; print([m for m in sys.modules if m.startswith('bridge.show')])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


# The tree of steps


def tree(*steps: StepRun) -> list[str]:
    run = Run("r", "local", "succeeded", steps=[*steps])
    return [f"{r.branches}{r.name} {r.status} {r.share:.0%} {r.note}".rstrip() for r in rows(run)]


def test_the_tree_follows_the_names():
    assert tree(
        StepRun("a", "succeeded", 1, 1.0),
        StepRun("p.l.b", "succeeded", 1, 1.0),
        StepRun("p.r.b", "failed", 2, 1.0),
        StepRun("m.1.c", "succeeded", 1, 1.0),
        StepRun("m.0.c", "skipped"),
    ) == [
        "├─ a succeeded 25%",
        "├─ p failed 50%",
        "│  ├─ l succeeded 25%",
        "│  │  └─ b succeeded 25%",
        "│  └─ r failed 25%",
        "│     └─ b failed 25%",
        "└─ m succeeded 25% 2 times",
        "   ├─ 0 skipped 0%",
        "   │  └─ c skipped 0%",
        "   └─ 1 succeeded 25%",
        "      └─ c succeeded 25%",
    ]


def test_what_was_handled_has_ended_as_its_handler():
    assert tree(
        StepRun("p.l.a", "failed"),
        StepRun("p.l.a.on_failure.h", "succeeded"),
        StepRun("m.0.b", "failed"),
        StepRun("m.0.on_failure.h", "succeeded"),
        StepRun("q.l.c", "failed"),
        StepRun("q.l.c.on_failure.h", "failed"),
        StepRun("d", "succeeded"),
        StepRun("d.on_failure.h", "skipped"),
    ) == [
        "├─ p succeeded 0%",
        "│  └─ l succeeded 0%",
        "│     └─ a failed 0%",
        "│        └─ on_failure succeeded 0%",
        "│           └─ h succeeded 0%",
        "├─ m succeeded 0% once",
        "│  └─ 0 succeeded 0%",
        "│     ├─ b failed 0%",
        "│     └─ on_failure succeeded 0%",
        "│        └─ h succeeded 0%",
        "├─ q failed 0%",
        "│  └─ l failed 0%",
        "│     └─ c failed 0%",
        "│        └─ on_failure failed 0%",
        "│           └─ h failed 0%",
        "└─ d succeeded 0%",
        "   └─ on_failure skipped 0%",
        "      └─ h skipped 0%",
    ]


def test_of_a_long_map_what_failed_and_what_took_long_is_shown():
    steps = [StepRun(f"m.{i}.a", "succeeded", 1, i / 1000) for i in range(1000)]
    steps[7].status = "failed"
    found = tree(*steps)
    names = [line.split()[1] for line in found[1:] if line.startswith("   ├")]
    assert names == ["7", *map(str, range(989, 1000))]
    assert found[-1] == "   └─ … None 98% 988 more"
    many = [StepRun(f"m.{i}.a", "failed", 1, 1.0) for i in range(20)]
    assert tree(*many)[-1] == "   └─ … None 40% 8 more, 8 of them failed"


def test_a_name_may_hold_dots_and_a_step_have_steps_below_it():
    assert tree(StepRun("a", "succeeded"), StepRun("a.b", "failed")) == [
        "└─ a succeeded 0%",
        "   └─ b failed 0%",
    ]


def test_attempts_are_those_of_tasks():
    run = failed(PythonTask(function=fail_inside, retry=Retry(times=2)))
    assert [row.attempts for row in rows(run)] == [3]
    assert rows(failed(ShellTask(name="s", command="exit 3")))[0].attempts == 1
