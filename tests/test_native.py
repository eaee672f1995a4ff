"""bridge's own forms as targets: what is written is read again, equal, and fit to be kept."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import plain
import pytest
from command import bridge
from hypothesis import HealthCheck, given, settings
from recipes import BREAD, project

from bridge import (
    Conditional,
    ForeignTask,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    at,
    constant,
    pickled,
)
from bridge.emit.pipeline import module
from bridge.errors import ModelError
from bridge.findings import attributes
from bridge.runner import run_local
from bridge.source import load_source, read_source
from bridge.testing.programs import programs
from bridge.testing.strategies import pipelines
from bridge.translate import check, paths, render, write

ROOT = Path(__file__).parent.parent
steady = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=25,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(autouse=True)
def path(monkeypatch, here):
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in ("kitchen", "tools", "functions", "pipeline"):
        sys.modules.pop(name, None)


def made(text: str) -> Pipeline:
    names = {"__name__": "made"}
    exec(compile(text, "pipeline.py", "exec"), names)
    return names["pipeline"]


@steady
@given(programs() | pipelines())
def test_a_pipeline_comes_back_from_python(pipeline):
    assert made(module(pipeline)) == pipeline


@steady
@given(programs())
def test_all_of_a_pipeline_is_carried(pipeline):
    for form in ("python", "yaml"):
        report = check(pipeline, form)
        assert report.totals()["read"] == report.totals()["carried"]
        assert report.totals()["read"] == len([*attributes(pipeline)])


EXPECTED = '''\
"""All kinds of things."""

from bridge import (
    Conditional,
    ForeignTask,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    at,
    constant,
    pickled,
)

from plain import add, double, one

each = Pipeline(
    [
        PythonTask(function=double, inputs={"x": "item"}, returns=["twice"]),
        PythonTask(
            name="sum",
            function=add,
            inputs={"a": "twice", "b": constant(1)},
            returns=["more"],
        ),
    ]
)

REPORT = """\\
echo "$x"
echo 'a\\\\b'
"""

pipeline = Pipeline(
    name="all",
    description="All kinds of things.",
    parameters={"items": [1, 2], "deep": {"x": [3]}},
    order="data",
    steps=[
        # TODO: look at this
        PythonTask(function=one, returns=[pickled("x")], timeout=5),
        Map(name="each", iterate_on="items", iterate_as="item", branch=each),
        Parallel(
            name="both",
            branches={
                "l": Pipeline([Stub(name="s", colour="red")]),
                "r": PythonTask(
                    function=double, inputs={"x": at("deep", "x", 0)}
                ).as_pipeline(),
            },
        ),
        Conditional(
            name="if",
            parameter="x",
            branches={True: each, 2: Pipeline(name="two", steps=[Stub(name="t")])},
        ),
        ShellTask(
            name="report",
            command=REPORT,
            inputs=["x"],
            after=["one"],
            on_failure=Stub(name="u").as_pipeline(),
        ),
        ForeignTask(
            name="wait", framework="fancy", definition={"class": "Sensor", "n": None}
        ),
    ],
)

if __name__ == "__main__":
    pipeline.execute()
'''


def everything() -> Pipeline:
    each = Pipeline(
        [
            PythonTask(function=plain.double, inputs={"x": "item"}, returns=["twice"]),
            PythonTask(
                function=plain.add,
                name="sum",
                inputs={"a": "twice", "b": constant(1)},
                returns=["more"],
            ),
        ]
    )
    stub = Pipeline([Stub(name="t")], name="two")
    right = PythonTask(function=plain.double, inputs={"x": at("deep", "x", 0)}).as_pipeline()
    return Pipeline(
        [
            PythonTask(function=plain.one, returns=[pickled("x")], timeout=5),
            Map(name="each", branch=each, iterate_on="items", iterate_as="item"),
            Parallel(
                name="both",
                branches={"l": Pipeline([Stub(name="s", colour="red")]), "r": right},
            ),
            Conditional(name="if", parameter="x", branches={True: each, 2: stub}),
            ShellTask(
                name="report",
                command="echo \"$x\"\necho 'a\\b'\n",
                inputs=["x"],
                after=["one"],
                on_failure=Stub(name="u").as_pipeline(),
            ),
            ForeignTask(name="wait", framework="fancy", definition={"class": "Sensor", "n": None}),
        ],
        name="all",
        description="All kinds of things.",
        parameters={"items": [1, 2], "deep": {"x": [3]}},
        order="data",
    )


def test_it_reads_as_if_a_person_had_written_it():
    text = module(everything(), {"one": ["look at this"]})
    assert text == EXPECTED
    assert made(text) == everything()


def test_names_of_functions_that_are_taken_are_others_here(here, monkeypatch):
    one = "def json(): ...\nclass A:\n    @staticmethod\n    def f(): ...\n"
    (here / "odd_one.py").write_text(one)
    (here / "odd_two.py").write_text("def f(): ...\ndef pipeline(): ...\nfrom odd_one import A\n")
    (here / "odd_three.py").write_text("def f(): ...\n")
    monkeypatch.syspath_prepend(here)
    names = ["odd_one:json", "odd_one:A.f", "odd_two:f", "odd_two:pipeline", "odd_three:f"]
    names += ["odd_two:A.f", "nowhere:f"]
    pipeline = Pipeline([PythonTask(function=f, name=str(i)) for i, f in enumerate(names)])
    text = module(pipeline)
    assert made(text) == pipeline
    assert "from odd_one import json as json_" in text
    assert "function=A.f" in text
    assert "from odd_three import f as f_2" in text
    assert 'function="odd_two:A.f"' in text, "it is that of odd_one, and would come back as such"
    assert 'function="nowhere:f"' in text


def test_text_cannot_become_code():
    nasty = '"""\nimport os\n"""\\'
    pipeline = Pipeline(
        [ShellTask(name=nasty.replace("\n", " "), command=f"echo\n{nasty}\r\n\x00")],
        description=nasty,
        parameters={nasty: nasty},
    )
    text = module(pipeline, {"": [nasty]})
    assert made(text) == pipeline
    assert not any(isinstance(node, ast.Import) for node in ast.walk(ast.parse(text)))


def test_what_has_no_literal_is_refused():
    pipeline = Pipeline([Stub(name="a")], parameters={"x": float("nan")})
    with pytest.raises(ModelError, match="holds only JSON there"):
        render(pipeline, "python")


@pytest.mark.parametrize("example", ["cities", "mnist", "weather"])
def test_the_examples_come_back(here, example):
    pipeline = load_source(str(ROOT / "examples" / example / "pipeline.py"))
    for form, name in (("python", "pipeline.py"), ("yaml", "pipeline.yaml")):
        export = write(pipeline, form, here / form)
        own = {"functions.py", name, *pipeline.include}
        own |= {s.notebook for s in pipeline.steps if isinstance(s, NotebookTask)}
        assert {*paths(export, pipeline)} == own
        again = load_source(str(here / form))
        assert again == pipeline
        assert Path(again.where.file).parent == here / form
        assert {*paths(render(again, form), again)} == own


# Import and convert


def test_an_import_is_a_project_of_its_own(here, monkeypatch):
    bakery = project(here / "bakery")
    done = bridge("import", "bakery", "-o", "mine")
    names = ["functions.py", "kitchen.py", "pipeline.py", "tools.py"]
    assert done.stdout.split() == [f"mine/{name}" for name in names]
    assert "bakery (fake): 14 attributes read; 14 carried" in done.stderr
    assert (here / "mine" / "kitchen.py").read_text() == (bakery / "kitchen.py").read_text()
    text = (here / "mine" / "pipeline.py").read_text()
    assert "from functions import twice\nfrom kitchen import bake, knead, weigh\n" in text
    assert load_source("mine") == load_source("bakery")
    monkeypatch.chdir(bakery)
    done = bridge("run", "../mine/pipeline.py", "--json")
    assert json.loads(done.stdout)["parameters"]["bread"] == "1040 g at 200 degrees"
    assert bridge("run", "../mine", "-p", "flour=100").stdout.count("220 g at 200 degrees") == 1


def test_an_import_says_what_it_writes_and_overwrites_nothing(here):
    project(here / "bakery")
    done = bridge("import", "bakery", "--from", "fake", "--dry-run", "--json")
    found = json.loads(done.stdout)
    assert found["files"] == ["functions.py", "kitchen.py", "pipeline.py", "tools.py"]
    assert found["to"] == "python"
    assert found["reading"]["totals"]["carried"] == 14
    assert not (here / "mine").exists()
    (here / "mine").mkdir()
    (here / "mine" / "precious.txt").write_text("x")
    assert "give --force" in bridge("import", "bakery", "-o", "mine", code=2).stderr
    bridge("import", "bakery", "-o", "mine", "--force")
    assert (here / "mine" / "precious.txt").read_text() == "x"
    assert "give -o DIR" in bridge("import", "bakery", code=2).stderr


def test_what_was_lost_stands_where_it_was(here):
    steps = [BREAD["steps"][0], {**BREAD["steps"][1], "speed": 3}, *BREAD["steps"][2:]]
    project(here / "bakery", {**BREAD, "steps": steps})
    assert "speed of 'twice'" in bridge("import", "bakery", "-o", "mine", code=2).stderr
    bridge("import", "bakery", "-o", "mine", "--unsupported", "warn")
    lines = (here / "mine" / "pipeline.py").read_text().splitlines()
    (todo,) = [i for i, line in enumerate(lines) if "# TODO: speed of 'twice'" in line]
    assert "function=twice" in lines[todo + 1]
    bridge("convert", "bakery", "--to", "yaml", "-o", "data", "--unsupported", "warn")
    text = (here / "data" / "pipeline.yaml").read_text()
    assert text.startswith("# TODO: speed of 'twice' cannot be carried")


def test_a_foreign_task_is_kept(here):
    steps = [*BREAD["steps"], {"name": "cool", "wait": "oven.txt"}]
    project(here / "bakery", {**BREAD, "steps": steps})
    bridge("import", "bakery", "-o", "mine")
    assert load_source("mine") == load_source("bakery")
    assert 'framework="fake"' in (here / "mine" / "pipeline.py").read_text()
    assert "only the framework" in bridge("run", "mine", code=2).stderr


def test_a_conversion_reads_and_writes(here, monkeypatch):
    bakery = project(here / "bakery")
    done = bridge("convert", "bakery", "--to", "fake", "-o", "out", "--json")
    found = json.loads(done.stdout)
    assert found["reading"]["totals"]["read"] == 14
    assert found["totals"]["read"] == len([*attributes(load_source("bakery"))])
    assert {"out/script.py", "out/kitchen.py"} <= {f"out/{name}" for name in found["files"]}
    bridge("convert", "bakery", "--to", "yaml", "-o", "data")
    monkeypatch.chdir(bakery)
    loaded = read_source("../data")
    assert run_local(loaded.pipeline).parameters["bread"] == "1040 g at 200 degrees"
