from __future__ import annotations

import plain
import pytest

from bridge import (
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    ShellTask,
    Stub,
    metric,
)
from bridge.adapter import installed, load, version
from bridge.code import code_files
from bridge.errors import AdapterError, ModelError, TranslationError, UsageError
from bridge.findings import Feature, Level, account, attributes
from bridge.translate import check, paths, render, save, write

pytestmark = pytest.mark.usefixtures("here")


def pipeline(**more):
    return Pipeline([PythonTask(function=plain.one, returns=["x"], **more)], name="p")


def test_the_fake_adapter_enters_by_its_entry_point():
    assert "fake" in installed()
    assert load("fake").name == "fake"
    assert version("fake") == "0.1.0"
    with pytest.raises(AdapterError, match=r"no adapter is named 'nonsense'; installed: .*fake"):
        load("nonsense")


@pytest.mark.parametrize("name", installed())
def test_every_adapter_tells_of_every_feature(name):
    assert set(load(name).support) == set(Feature)
    assert all(s.how for s in load(name).support.values() if s.level is not Level.NATIVE)


def test_a_written_export_is_whole(here):
    export = write(pipeline(), "fake", here / "out")
    assert sorted(p.relative_to(here / "out").as_posix() for p in (here / "out").rglob("*.py")) == [
        "plain.py",
        "script.py",
        "tasklib/__init__.py",
        "tasklib/values.py",
    ]
    assert paths(export, pipeline()) == [
        "plain.py",
        "script.py",
        "tasklib/__init__.py",
        "tasklib/values.py",
    ]
    assert [p.name for p in here.iterdir()] == ["out"]


def test_nothing_is_overwritten_unless_forced(here):
    (here / "out").mkdir()
    (here / "out" / "mine.txt").write_text("precious")
    (here / "out" / "script.py").write_text("old")
    with pytest.raises(UsageError, match="give --force to overwrite"):
        write(pipeline(), "fake", here / "out")
    assert (here / "out" / "script.py").read_text() == "old"
    write(pipeline(), "fake", here / "out", force=True)
    assert (here / "out" / "mine.txt").read_text() == "precious"
    assert "def main" in (here / "out" / "script.py").read_text()


def test_a_file_in_the_way_is_told(here):
    (here / "out").write_text("a file")
    with pytest.raises(UsageError, match="is there already"):
        write(pipeline(), "fake", here / "out")
    with pytest.raises(UsageError, match="cannot be written"):
        write(pipeline(), "fake", here / "out" / "below")
    assert (here / "out").read_text() == "a file"


def test_a_policy_that_cannot_be_carried_refuses_the_export(here):
    refused = pipeline(resources=Resources(cpu=2), image="python:3.11")
    with pytest.raises(TranslationError) as caught:
        write(refused, "fake", here / "out")
    assert "resources of 'one' cannot be carried: a script has no such thing" in str(caught.value)
    assert "image of 'one'" in str(caught.value)
    assert f"({__file__}:" in str(caught.value)
    assert not (here / "out").exists()


def test_a_policy_can_be_left_out_with_a_todo():
    asking = pipeline(resources=Resources(cpu=2))
    export = render(asking, "fake", "warn")
    assert "# TODO: resources of 'one' is left out" in export.files["script.py"]
    assert [f.code for f in export.report.refused()] == ["resources.dropped"]
    assert export.report.totals()["read"] == len(list(attributes(asking)))


def test_check_writes_nothing_and_counts_everything(here):
    found = Pipeline(
        [
            PythonTask(
                function=plain.double,
                inputs={"x": "a"},
                returns=[metric("m")],
                resources=Resources(cpu=2),
                secrets=["TOKEN"],
            ),
            Parallel(
                name="p",
                branches={"l": Pipeline([Stub(name="s", colour="red")], description="left")},
            ),
        ],
        parameters={"a": 1, "b": 2},
        schedule="@daily",
    )
    report = check(found, "fake")
    totals = report.totals()
    assert totals["read"] == 12
    assert totals["read"] == sum(n for name, n in totals.items() if name != "read")
    assert {f.feature for f in report.refused()} == {
        Feature.RESOURCES,
        Feature.SCHEDULE,
    }
    assert list(here.iterdir()) == []


def test_code_is_found_with_what_it_imports(here, monkeypatch):
    monkeypatch.syspath_prepend(str(here))
    (here / "pkg" / "deep").mkdir(parents=True)
    (here / "pkg" / "__init__.py").write_text("")
    (here / "pkg" / "deep" / "__init__.py").write_text("from . import helper\n")
    (here / "pkg" / "deep" / "helper.py").write_text("import numpy\nfrom ..sibling import x\n")
    (here / "pkg" / "sibling.py").write_text("x = 1\n")
    (here / "pkg" / "unrelated.py").write_text("")
    (here / "user_code.py").write_text("from pkg.deep import helper\ndef f():\n    return 1\n")
    found = code_files(Pipeline([PythonTask(function="user_code:f")]))
    assert list(found) == [
        "pkg/__init__.py",
        "pkg/deep/__init__.py",
        "pkg/deep/helper.py",
        "pkg/sibling.py",
        "user_code.py",
    ]


def test_installed_code_stays_where_it_is():
    assert code_files(Pipeline([PythonTask(function="os.path:join", name="j")])) == {}


def test_code_that_needs_bridge_is_refused(here, monkeypatch):
    monkeypatch.syspath_prepend(str(here))
    (here / "tied_code.py").write_text("import bridge\ndef f():\n    return 1\n")
    with pytest.raises(ModelError, match=r"needs tied_code.py, which imports bridge"):
        write(Pipeline([PythonTask(function="tied_code:f")]), "fake", here / "out")
    assert not (here / "out").exists()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Pipeline([Stub(name="a")], include=["nothing/*"]), "matches no file"),
        (lambda: Pipeline([Stub(name="a")], include=["../*"]), "leaves the pipeline's folder"),
        (
            lambda: Pipeline([NotebookTask(name="n", notebook="../n.ipynb")]),
            "outside the pipeline's folder",
        ),
    ],
)
def test_files_that_cannot_be_included_are_told(make, says):
    with pytest.raises(ModelError, match=says):
        code_files(make())


def test_a_users_file_never_takes_the_place_of_a_generated_one(here):
    export = render(pipeline(), "fake")
    export.files["plain.py"] = ""
    with pytest.raises(UsageError, match=r"would take the place of the generated 'plain\.py'"):
        save(export, pipeline(), here / "out")
    assert not (here / "out").exists()


def test_hostile_text_reaches_a_script_as_data():
    text = "\"\"\"'''\\ {x} {{ y }} $(rm) \n\t\u2028 ünï"
    found = Pipeline(
        [
            ShellTask(name=text.replace("\n", " ").replace("\t", " ").replace("\u2028", " "),
                      command=f"echo {text}")
        ],
        name='a"b',
        description=text,
        parameters={text: text},
    )  # fmt: skip
    assert account(found, load("fake").support).refused() == []
    assert "rm" in render(found, "fake").files["script.py"]
