"""The real Kedro, on what the writer writes, beside the local engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from bridge import (
    Catalog,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    at,
    constant,
    metric,
    pickled,
    translate,
)
from bridge.compare import run_on
from bridge.errors import Where
from bridge.record import Run
from bridge.values import fact

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent
HARD = 'it\'s "quoted"\n{{ x }} $(touch pwned) ${x} \\${y} 1e3 é'
Both = Callable[[Pipeline, dict[str, Any]], tuple[Run, Run]]


def task(function: str, name: str = "", **given: Any) -> PythonTask:
    return PythonTask(function=f"kedro_functions:{function}", name=name, **given)


def test_odd_names_and_values(both: Both, tmp_path: Path) -> None:
    odd = [
        "class", "self", 'a"b', "name", "next", "input", "index", "start", "end", "Ünï",
        "with space", "with_space", "with-space", "params", "parameters", "context", "print",
        "echo", "catalog", "run_id", "x.y", "x@y", "{x}", "_hidden", "#", "null", "1e3", "node",
        "${x}",
    ]  # fmt: skip
    parameters: dict[str, Any] = {name: f"{name} declared" for name in odd}
    parameters |= {"x": {"y": [1, {"z": HARD}]}, "none": None, "given_none": 1, "rate": 1.5}
    parameters |= {"flag": False, "text": HARD, "size": {"width": "3"}, "whole": {"a": 1, "b": 2}}
    steps: list[Any] = [
        task("echo", name, inputs={"value": name}, returns=[f"{name}!"]) for name in odd
    ]
    steps += [
        task("echo", f"again {name}", inputs={"value": f"{name}!"}, returns=[name]) for name in odd
    ]
    steps += [
        task("take", inputs={'a"b': 'a"b', "class": "class", "none": "none"}, returns=["taken"]),
        task("take", "everything", returns=["all"]),
        task("echo", "deep", inputs={"value": at("x", "y", 1, "z")}, returns=["deep"]),
        task("echo", "nested", inputs={"value": at("x", "y")}, returns=["nested"]),
        task("echo", "written", inputs={"value": constant({"a": [HARD, None]})}, returns=["w"]),
        task("echo", "here.there", inputs={"value": fact("step")}, returns=["where"]),
        task("echo", "which", inputs={"value": fact("run_id")}, returns=["which"]),
        task("echo", "try", inputs={"value": fact("attempt")}, returns=["try"]),
        task(
            "to_json",
            "to_json",
            inputs={"catalog": "flag", "call": "none", "REPORTING": "given_none"},
            returns=["odd arguments"],
        ),
        task("scale", inputs={"rate": "rate", "times": at("whole", "a")}, returns=["scaled"]),
        task("Shapes.area", "area", inputs={"size": "size"}, returns=["area"]),
        ShellTask(
            name="shell",
            command='export said="$text"; export sum=$((a + b)); export none=null',
            inputs={"text": "text", "a": at("whole", "a"), "b": at("whole", "b")},
            returns=["said", metric("sum"), "none"],
        ),
        Stub(name="later", inputs=["text"], owner='"""'),
    ]
    pipeline = Pipeline(steps, name='class "x"\n'.strip(), parameters=parameters)
    given = {"rate": 2.25, "given_none": None, "whole": {"a": 5, "b": {}}, "text": HARD * 2}
    given["whole"] = {"a": 5, "b": 6, "c": None}
    here, there = both(pipeline, given)
    assert here.status == "succeeded", here.error
    assert there.parameters["deep"] == HARD
    assert there.parameters["scaled"] == 11.25
    assert not list(tmp_path.rglob("pwned"))


def notebook(folder: Path) -> Path:
    cells = [
        nbformat.v4.new_code_cell("count = 0", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("doubled = count * 2\nthing = {count}\nnone = None"),
    ]
    path = folder / "double.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_graphs_files_objects_and_none(both: Both, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    notebook(source)

    def branch(name: str, left: str) -> Pipeline:
        steps = [
            task("increment", f"{name}_1", inputs={"x": left}, returns=["x"]),
            task("increment", inputs={"x": "x"}, returns=["x"]),
            task("increment", f"{name}_3", inputs={"x": "x"}, returns=[f"x_{name}"]),
        ]
        return Pipeline(steps, name=name, description=f"Branch {name}.")

    def note(name: str, text: str, after: list[str]) -> PythonTask:
        inputs = {"path": constant("log/all.txt"), "text": constant(text)}
        return task("write_text", name, inputs=inputs, after=after, catalog=Catalog(put="log/*"))

    quiet = [task("quiet", f"quiet_{i}", inputs={"x": constant(i)}).as_pipeline() for i in range(3)]
    wide = {f"b{i}": p for i, p in enumerate(quiet)}
    inner = Pipeline(
        # A graph that no nesting of sequences and branches gives: a,b -> c; b -> d; a,d -> e.
        [
            task("add", "e", inputs={"left": "a", "right": "d"}, returns=[metric("e")]),
            task("add", "c", inputs={"left": "a", "right": "b"}, returns=["c"]),
            task("increment", "d", inputs={"x": "b"}, returns=["d"]),
            task("increment", "a", inputs={"x": "n"}, returns=["a"]),
            task("pair", "b", inputs={"x": "n"}, returns=["b", "b10"]),
            note("late", "late", after=["early"]),
            note("early", "early", after=[]),
            task(
                "read_text",
                inputs={"path": constant("log/all.txt")},
                returns=["log"],
                after=["late"],
                catalog=Catalog(get="log/all.txt"),
            ),
            task("nothing", "idle"),
        ],
        order="data",
        name="graph",
    )
    steps = [
        Parallel(name="graph", branches={"inner": inner}),
        task("increment", "rebind", inputs={"x": "n"}, returns=["n"]),
        Parallel(name="both", branches={"l": branch("left", "n"), "r": branch("right", "n")}),
        Parallel(name="wide", branches=wide),
        Parallel(name="wider", branches=wide),
        task("named", inputs={"x": "x"}, returns=["a", "b"]),
        task("maybe", inputs={"x": "x"}, returns=["none"]),
        task("nothing", returns=[pickled("held")]),
        task("nothing", "nothing_json", returns=[metric("no_metric")]),
        task("describe", inputs={"value": "none"}, returns=["described"]),
        task("frame", inputs={"rows": "n"}, returns=[pickled("table")]),
        task("split", returns=[pickled("first_half"), pickled("second_half")]),
        task("total", inputs={"table": "second_half"}, returns=[metric("total")]),
        task(
            "write_both",
            inputs={"text": constant("x")},
            returns=["length"],
            catalog=Catalog(put=["a.txt", "b.txt"]),
        ),
        task(
            "write_text",
            "overwrite",
            inputs={"path": constant("b.txt"), "text": constant("newer")},
            catalog=Catalog(get="a.txt", put="b.txt", store_copy=False),
        ),
        ShellTask(
            name="count",
            command="export files=$(cat a.txt b.txt); echo $x > c.txt",
            returns=["files"],
            catalog=Catalog(get=["?.txt"], put=["c.txt"]),
        ),
        NotebookTask(
            name="double",
            notebook="double.ipynb",
            inputs={"count": "length"},
            returns=["doubled", pickled("thing")],
            where=Where(str(source / "pipeline.py")),
        ),
        Stub(name="end"),
    ]
    pipeline = Pipeline(steps, name="graphs", parameters={"n": 5})
    here, there = both(pipeline, {"n": 7})
    assert here.status == "succeeded", here.error
    assert there.parameters["none"] is None
    assert there.metrics == {"e": 16, "no_metric": None, "total": 126}
    assert there.parameters["log"] == "late"
    assert "double.ipynb" in there.artifacts


@pytest.mark.parametrize(
    ("function", "given", "kind"),
    [
        ("fail", {"catalog": Catalog(put=["half.txt", "never.txt"])}, "KeyError"),
        ("leave", {}, "SystemExit"),
        ("unpicklable", {"returns": [pickled("value")]}, "DatasetError"),
    ],
)
def test_a_failed_step_is_in_the_record(
    both: Both, function: str, given: dict[str, Any], kind: str
) -> None:
    pipeline = Pipeline(
        [
            task("echo", "before", inputs={"value": "x"}, returns=["y"]),
            task(function, "it", **given),
            task("echo", "then", inputs={"value": "y"}, returns=["z"]),
        ],
        parameters={"x": 1},
    )
    here, there = both(pipeline, {})
    assert there.error
    assert here.error
    assert (there.error["step"], there.error["attempt"], there.error["type"]) == ("it", 1, kind)
    if kind != "DatasetError":  # what Kedro says of an object that it cannot pickle
        assert there.error == here.error
    assert [step.status for step in there.steps] == ["succeeded", "failed", "skipped"]
    assert list(there.files) == (["half.txt"] if function == "fail" else [])


def test_a_long_chain(tmp_path: Path) -> None:
    steps = [task("increment", "s0", returns=["v0"], inputs={"x": "n"})]
    steps += [
        task("increment", f"s{i}", inputs={"x": f"v{i - 1}"}, returns=[f"v{i}"])
        for i in range(1, 400)
    ]
    run = run_on(Pipeline(steps, parameters={"n": 0}), "kedro", {"n": 5}, tmp_path)
    assert run.parameters["v399"] == 405
    assert len(run.steps) == 400


def test_the_project_runs_by_kedros_own_commands(kedro: Callable[..., str], tmp_path: Path) -> None:
    notes = {"path": constant("notes/a.txt"), "text": "text"}
    pipeline = Pipeline(
        [
            task("frame", inputs={"rows": at("sizes", "large")}, returns=[pickled("table")]),
            Parallel(
                name="sums",
                branches={
                    "one": task("total", "sum", returns=[metric("one")]).as_pipeline(),
                    "two": task("total", "sum", returns=[metric("two")]).as_pipeline(),
                },
            ),
            task("write_text", "note", inputs=notes, catalog=Catalog(put=["notes/*"])),
            task(
                "read_text",
                inputs={"path": constant("notes/a.txt")},
                returns=[metric("note")],
                catalog=Catalog(get=["notes/*"]),
            ),
            task("nothing", returns=[metric("nothing")]),
            task("echo", "when", inputs={"value": fact("logical_date")}, returns=[metric("when")]),
            Stub(name="publish"),
        ],
        name="sums",
        parameters={"sizes": {"small": 1, "large": 2}, "text": HARD},
    )
    project = tmp_path / "project"
    translate.write(pipeline, "kedro", project)
    reports = project / "data" / "08_reporting"

    told = kedro(
        project,
        "registry|list",
        "registry|describe|sums",
        "catalog|describe-datasets",
        "catalog|list-patterns",
        "catalog|resolve-patterns",
        "run|--params|sizes.large=4",
    )
    assert "- sums.one.sum (sums_one_sum_node)" in told
    assert "!!python" not in told
    found = {path.stem: json.loads(path.read_text()) for path in reports.iterdir()}
    assert found.pop("when").startswith("20")
    assert found == {"one": 14, "two": 14, "note": HARD, "nothing": None}
    assert (project / "notes" / "a.txt").read_text() == HARD

    kedro(
        project,
        "run|--runner|ParallelRunner|--params|sizes.large=5",
        "run|--namespaces|sums.one",
        "run|--from-nodes|read_text|--to-nodes|read_text",
    )
    assert json.loads((reports / "one.json").read_text()) == 30
    assert not (project / "src" / ".store").exists()
