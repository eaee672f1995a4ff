from __future__ import annotations

import sys

import pytest

from bridge.errors import ModelError, SourceError
from bridge.source import load_source

HEAD = "from bridge import Parallel, Pipeline, Stub\n"


@pytest.fixture
def write(here, monkeypatch):
    """Write a file, and forget the module and the path entry that loading it leaves."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)

    def written(text, name="source_under_test.py"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
        return name

    yield written
    for name in set(sys.modules) - before:
        if name.startswith(("source_under_test", "package_under_test")):
            del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "wanted", "name"),
    [
        ('pipeline = Pipeline([Stub(name="a")], name="p")', "", "p"),
        ('only = Pipeline([Stub(name="a")], name="p")', "", "p"),
        ('def create_pipeline():\n    return Pipeline([Stub(name="a")], name="p")', "", "p"),
        (
            'def main():\n    p = Pipeline([Stub(name="a")], name="p")\n'
            "    p.execute()\n    return p\n"
            'if __name__ == "__main__":\n    main()',
            "",
            "p",
        ),
        (
            'a = Pipeline([Stub(name="a")], name="one")\n'
            'b = Pipeline([Stub(name="a")], name="two")',
            ":b",
            "two",
        ),
        ('def make():\n    return Pipeline([Stub(name="a")], name="p")', ":make", "p"),
        ('class A:\n    p = Pipeline([Stub(name="a")], name="p")', ":A.p", "p"),
    ],
)
def test_the_pipeline_of_a_file_is_found(write, text, wanted, name):
    assert load_source(write(HEAD + text) + wanted).name == name


@pytest.mark.parametrize(
    ("text", "wanted", "says"),
    [
        ("", "", "holds no pipeline; name one 'pipeline'"),
        (
            'a = Pipeline([Stub(name="a")])\nb = Pipeline([Stub(name="b")])',
            "",
            r"several pipelines \(a, b\)",
        ),
        ('a = Pipeline([Stub(name="a")])', ":z", "'z' in .* is not a pipeline; there are a"),
        ("1 / 0", "", r"ZeroDivisionError: division by zero \(.*source_under_test.py:2\)"),
        ("import sys; sys.exit(3)", "", "SystemExit: 3"),
        ("def (:", "", "SyntaxError"),
        ("def main():\n    raise KeyError('x')", "", r"KeyError: 'x' \(.*:3\)"),
    ],
)
def test_what_holds_none_is_told(write, text, wanted, says):
    with pytest.raises(SourceError, match=says):
        load_source(write(HEAD + text) + wanted)


def test_a_wrong_pipeline_is_told_as_such(write):
    with pytest.raises(ModelError, match="has no steps"):
        load_source(write(HEAD + "pipeline = Pipeline([])"))


def test_execute_is_inert_while_loading(write, here):
    load_source(
        write(HEAD + 'pipeline = Pipeline([Stub(name="a")])\nassert pipeline.execute() is None')
    )
    assert [p.name for p in here.iterdir() if p.name == ".bridge"] == []


def test_a_module_and_an_object(write, here):
    write("", "package_under_test/__init__.py")
    write(HEAD + 'p = Pipeline([Stub(name="a")], name="p")', "package_under_test/flows.py")
    assert load_source("package_under_test.flows:p").name == "p"


def test_a_folder_with_a_pipeline_file(write, here):
    write(HEAD + 'pipeline = Pipeline([Stub(name="a")], name="p")', "project/pipeline.py")
    sys.modules.pop("pipeline", None)
    assert load_source("project").name == "p"
    sys.modules.pop("pipeline", None)


def test_a_yaml_file(write):
    from bridge import Pipeline, Stub
    from bridge.serial import dump_yaml

    pipeline = Pipeline([Stub(name="a")], name="p")
    assert load_source(write(dump_yaml(pipeline), "p.yaml")) == pipeline


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("nothing.py", "there is no file 'nothing.py'"),
        ("nothing", "'nothing' is no source"),
        ("nothing.yaml", "cannot be read"),
        ("no_such_package_at_all:x", "ModuleNotFoundError"),
        (".", "is of no kind that is known here"),
        ("json.py", "rename the file"),
        ("a-b.py", "rename the file"),
        ("plain_text.py", "is of no kind that is known here; name the kind with --from"),
    ],
)
def test_what_is_no_source_is_told(write, source, says):
    for name in ("json.py", "a-b.py"):
        write(HEAD, name)
    write("print('hello')", "plain_text.py")
    with pytest.raises(SourceError, match=says):
        load_source(source)
