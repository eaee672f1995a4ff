"""What the writer writes, held against the files in ``golden`` and against its promises."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import (
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    pickled,
)
from bridge.adapter import Export, Options
from bridge.errors import ModelError
from bridge.findings import Feature, Level
from bridge.testing.strategies import json_values, texts
from bridge.translate import lowered, render
from bridge_kedro import project
from bridge_kedro.adapter import KEDRO
from bridge_kedro.project import to_yaml
from bridge_kedro.tables import SUPPORT
from bridge_kedro.writer import write

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
CASES = ("training", "odd", "graph", "tuning")


def case(name: str) -> Pipeline:
    from kedro_pipelines import PIPELINES

    return PIPELINES[name]


def task(function: str, name: str = "", **given: Any) -> PythonTask:
    return PythonTask(function=f"kedro_functions:{function}", name=name, **given)


def read(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    files = render(case(name), "kedro").files
    own = {path: text for path, text in files.items() if not path.startswith("src/tasklib/")}
    if os.environ.get("UPDATE_GOLDEN"):
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        for path, text in own.items():
            (GOLDEN / name / path).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name / path).write_text(text, "utf-8")
    assert own == read(GOLDEN / name)


@pytest.mark.parametrize("name", CASES)
def test_an_export_stands_alone(name: str) -> None:
    export = render(case(name), "kedro")
    for path, text in export.files.items():
        assert not path.startswith("/")
        assert not re.search(r"\bbridge", text), path
        assert str(HERE) not in text
    assert export.report.refused() == []


def nodes(pipeline: Pipeline) -> str:
    return text(render(pipeline, "kedro"), "nodes.py")


def text(export: Export, name: str) -> str:
    """The only file of this name; empty when there is none."""
    found = [text for path, text in export.files.items() if path.endswith(f"/{name}")]
    return found[0] if found else ""


def test_a_function_that_does_all_by_itself_is_the_node() -> None:
    pipeline = Pipeline(
        [
            task("frame", inputs={"rows": "n"}, returns=pickled("table")),
            task("split", returns=[pickled("a"), pickled("b")]),
        ],
        parameters={"n": 3},
    )
    export = render(pipeline, "kedro")
    assert text(export, "nodes.py") == ""
    assert "from kedro_functions import frame, split" in text(export, "pipeline.py")


@pytest.mark.parametrize("function", ["stream", "fail"])
def test_a_generator_or_an_unknown_tuple_is_not(function: str) -> None:
    count = 1 if function == "stream" else 2
    returns = [pickled(f"r{i}") for i in range(count)]
    pipeline = Pipeline([task(function, returns=returns)], parameters={"x": 1})
    assert f"{function}(x=x)" in nodes(pipeline)


def catalog(export: Export) -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = yaml.safe_load(export.files["conf/base/catalog.yml"])
    return found


def test_only_what_may_be_none_needs_the_datasets_of_the_project() -> None:
    export = render(case("graph"), "kedro")
    types = {name: entry["type"].rpartition(".")[2] for name, entry in catalog(export).items()}
    assert types == {
        "table": "PickleDataset",
        "first": "PickleDataset",
        "second": "PickleDataset",
        "all": "JSONDataset",
        "maybe": "NullableJSONDataset",
    }
    assert "class NullablePickleDataset" not in text(export, "datasets.py")
    typed = Pipeline([task("increment", returns="y")], parameters={"x": 1})
    assert text(render(typed, "kedro"), "datasets.py") == ""


def test_many_after_many_go_through_one_node() -> None:
    def wide(name: str) -> Parallel:
        branches = {f"b{i}": task("nothing", f"{name}{i}").as_pipeline() for i in range(50)}
        return Parallel(name=name, branches=branches)

    written = text(render(Pipeline([wide("one"), wide("two")]), "kedro"), "pipeline.py")
    assert len(re.findall(r'inputs="one_done"', written)) == 50
    assert len(re.findall("one7_done", written)) == 2


def test_the_package_hides_no_module() -> None:
    export = render(case("odd"), "kedro")
    assert "src/json_/settings.py" in export.files
    named = Pipeline([task("nothing")], name="kedro functions")
    assert "src/kedro_functions_/settings.py" in render(named, "kedro").files
    assert (
        "src/project/settings.py" in render(Pipeline([task("nothing")], name="__"), "kedro").files
    )


def test_what_is_said_of_steps_inside_stands_before_their_node() -> None:
    inner = Pipeline([task("echo", inputs={"value": "x"})], description="Each of them.")
    outer = Pipeline([Map(name="each", branch=inner, iterate_on="xs", iterate_as="x")])
    pipeline = Pipeline([task("nothing"), Parallel(name="p", branches={"b": outer})])
    pipeline = replace(pipeline, parameters={"xs": [1]})
    todos = {"p.b.each.echo": ["one"], "p.b": ["two"], "p.b.each": ["three"], "": ["four"]}
    written = write(lowered(pipeline, "kedro").pipeline, Options(todos)).files
    head, first, second = next(
        text for path, text in written.items() if path.endswith("/pipeline.py")
    ).split("Node(")[-3:]
    assert "# TODO: four" in head
    assert "#" not in first.partition("name=")[0]
    told = ["TODO: two", "TODO: three", "p.b.each.echo: TODO: one"]
    assert re.findall("# (.*)", first) == told
    nodes = next(text for path, text in written.items() if path.endswith("/nodes.py"))
    assert "# about: Each of them." in nodes
    assert "#" not in second


def test_what_is_asked_of_the_machine() -> None:
    steps = [
        task(
            "nothing",
            image="example.org/a:1\nimport os",
            resources=Resources(cpu=0.5, memory=512, gpu=1),
            dependencies=["numpy>=2", "kedro>=1.0,<2"],
            overrides={"kedro": {"tags": ["a", "b"]}, "other": {"x": 1}},
            retry=Retry(1),
        ),
        task("echo", inputs={"value": "x"}, overrides={"other": {"x": 1}}),
    ]
    branches = {"b": Pipeline(steps)}
    parallel = Parallel(name="p", branches=branches, overrides={"kedro": {"tags": "a"}})
    pipeline = Pipeline([parallel], parameters={"x": 1}, schedule="0 5 * * *\n")
    export = render(pipeline, "kedro")
    written = text(export, "pipeline.py")
    assert 'tags=["a", "b", "cpu-0.5", "gpu-1", "memory-512MB"]' in written
    assert 'tags=["a"]' in written
    image = r"# image: 'example.org/a:1\nimport os'"
    assert re.findall("^ *(.*import os.*)$", written, re.MULTILINE) == [image]
    assert export.files["requirements.txt"] == "kedro>=1.0,<2\nnumpy>=2\n"
    assert "\n0 5 * * * cd" in export.files["README.md"]
    levels = {(f.step, f.attribute): f.level for f in export.report.findings}
    assert levels["p.b.nothing", "overrides['kedro']"] is Level.CARRIED
    assert levels["p.b.echo", "overrides['other']"] is Level.CARRIED
    assert levels["p.b.nothing", "retry"] is Level.EMULATED
    assert levels["", "schedule"] is Level.APPROXIMATED


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"tag": "a"}, "did you mean 'tags'"),
        ({"tags": 'a"b'}, "must be letters"),
        ({"tags": [1]}, "must be letters"),
        ({"tags": {"a": 1}}, "must be letters"),
    ],
)
def test_overrides_that_kedro_cannot_take(given: dict[str, Any], told: str) -> None:
    pipeline = Pipeline([task("nothing", overrides={"kedro": given})])
    with pytest.raises(ModelError, match=told):
        render(pipeline, "kedro")


def test_a_chain_of_two_thousand_has_a_node_for_each() -> None:
    steps = [
        task("increment", f"s{i}", inputs={"x": f"v{i - 1}" if i else "x"}, returns=f"v{i}")
        for i in range(2000)
    ]
    files = render(Pipeline(steps, parameters={"x": 1}), "kedro").files
    assert sum(text.count(" Node(") for text in files.values()) == 2000


@settings(deadline=None)
@given(st.dictionaries(texts(1), json_values(), max_size=3))
def test_kedros_loader_reads_the_parameters_that_were_written(values: dict[str, Any]) -> None:
    from omegaconf import OmegaConf

    loaded = OmegaConf.load(io.StringIO(to_yaml(values)))
    assert OmegaConf.to_container(OmegaConf.unsafe_merge(loaded, {}), resolve=True) == values


@settings(deadline=None)
@given(st.dictionaries(texts(1), json_values(), max_size=3))
def test_libyaml_writes_what_is_plain_as_yaml_itself_does(values: dict[str, Any]) -> None:
    written = to_yaml(values)
    with patch.object(project, "_Fast", project._Dumper):
        assert written == to_yaml(values)


def test_the_adapter(tmp_path: Path) -> None:
    assert set(SUPPORT) == set(Feature)
    assert KEDRO.framework.startswith("1.")
    assert not KEDRO.recognises(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[tool.kedro]\npackage_name = "x"\n')
    assert KEDRO.recognises(tmp_path)
    assert KEDRO.recognises(tmp_path / "pyproject.toml")
    assert KEDRO.reads
