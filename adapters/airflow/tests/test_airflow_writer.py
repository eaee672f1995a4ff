"""What the writer writes; no Airflow is needed for it."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bridge import Conditional, Map, Pipeline, Stub
from bridge.adapter import Options, load
from bridge.errors import AdapterError
from bridge.findings import Feature
from bridge.flow import walk
from bridge.translate import render
from bridge_airflow.carried.xcom import JsonText, to_xcom
from bridge_airflow.ids import Ids, dag_id
from bridge_airflow.params import declare
from bridge_airflow.units import units
from bridge_airflow.writer import write

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(HERE)
    import airflow_constructs
    import airflow_pipelines

    vars(airflow_pipelines).update(pages=airflow_constructs.pages)
    vars(airflow_pipelines).update(corners=airflow_constructs.corners)
    yield airflow_pipelines
    for name in ("airflow_pipelines", "airflow_constructs", "airflow_functions"):
        sys.modules.pop(name, None)


CASES = ["tour", "oddities", "rebinding", "wide", "failures", "pages", "corners"]


@pytest.mark.parametrize("case", CASES)
def test_golden(cases: ModuleType, case: str) -> None:
    files = render(getattr(cases, case)(), "airflow").files
    found = {path: text for path, text in files.items() if not path.startswith("tasklib/")}
    folder = GOLDEN / case
    if os.environ.get("UPDATE_GOLDEN"):
        for path, text in found.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8")
    expected = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()}
    assert found == expected


@pytest.mark.parametrize("case", ["tour", "oddities", "failures", "corners"])
def test_an_export_says_nothing_of_where_it_comes_from(cases: ModuleType, case: str) -> None:
    for path, text in render(getattr(cases, case)(), "airflow").files.items():
        assert "bridge" not in text, path
        assert str(HERE) not in text, path


def test_helpers_are_carried_only_where_they_are_used(cases: ModuleType) -> None:
    assert not any(path.startswith("tasklib") for path in render(cases.wide(), "airflow").files)
    assert "papermill" not in render(cases.rebinding(), "airflow").files["requirements.txt"]


def test_every_feature_has_its_support() -> None:
    support = load("airflow").support
    assert set(support) == set(Feature)
    assert all(s.how for s in support.values())


def test_every_attribute_is_accounted_for(cases: ModuleType) -> None:
    totals = write(cases.tour(), Options()).report.totals()
    assert totals["read"] == sum(n for level, n in totals.items() if level != "read")
    assert totals["unsupported"] == 0


def test_what_was_left_out_is_said_at_its_place(cases: ModuleType) -> None:
    todos = {"": ["run it daily"], "trainings": ["give it a limit"],
             "select": ["try again\nos.abort()"], "deploy": ["tell somebody"]}  # fmt: skip
    text = write(cases.tour(), Options(todos)).files["tour_dag.py"]
    lines = [line.strip() for line in text.splitlines()]
    after = {line: lines[i + 1] for i, line in enumerate(lines) if line.startswith("#")}
    assert after["# TODO: run it daily"] == "prepare_result = prepare()"
    assert after["# TODO: give it a limit"] == 'with TaskGroup("trainings"):'.replace('"', "'")
    assert after["# os.abort()"] == "@task"
    assert after["# TODO: tell somebody"].endswith("EmptyOperator(task_id='deploy')")


def test_what_has_no_place_in_airflow_says_why(cases: ModuleType) -> None:
    levels = {(f.step, f.attribute): f for f in render(cases.corners(), "airflow").report.findings}
    assert levels["grouped", "iterate_on"].level == "carried"
    assert levels["choice", "branches"].level == "carried"
    assert levels["grouped.fork.b.loop", "branch"].level == "emulated"
    assert levels["odd variable", "retry"].level == "emulated"
    assert levels["asks", "resources"].level == "approximated"
    assert levels["asks", "overrides['airflow']"].level == "carried"
    assert "another target" in levels["asks", "overrides['other']"].message


def _mapped(step: Any, items: list[Any], **more: Any) -> Pipeline:
    branch = Pipeline([step])
    each = Map(name="each", branch=branch, iterate_on="items", iterate_as="item")
    return Pipeline([each], "mapped", parameters={"items": items, "flag": True}, **more)


def test_a_map_that_airflow_cannot_have_is_a_loop(cases: ModuleType) -> None:
    inner = Map(name="cells", branch=Pipeline([cases.Stub(name="x")]), iterate_on="item",
                iterate_as="cell")  # fmt: skip
    choice = Conditional(name="which", parameter="flag", branches={True: _stub(), False: _stub()})
    assert units(_mapped(inner, [[1]])).keys() == {"each.cells"}
    assert units(_mapped(choice, [1])).keys() == {"each.which"}
    assert units(_mapped(cases.Stub(name="x"), [*range(1025)])).keys() == {"each"}
    assert not units(_mapped(cases.Stub(name="x"), [*range(1024)]))


def _stub() -> Pipeline:
    return Pipeline([Stub(name="x")])


def _asking(overrides: dict[str, Any]) -> Pipeline:
    return Pipeline([Stub(name="x", overrides={"airflow": overrides})], "asking")


def test_overrides_are_arguments_of_the_operator(cases: ModuleType) -> None:
    text = render(_asking({"queue": "a'); import os; ('", "pool_slots": 2}), "airflow").files
    call = next(n for n in ast.walk(ast.parse(text["asking_dag.py"])) if _is_operator(n))
    found = {word.arg: ast.literal_eval(word.value) for word in call.keywords}  # type: ignore[attr-defined]
    assert found == {"task_id": "x", "queue": "a'); import os; ('", "pool_slots": 2}


def _is_operator(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "EmptyOperator"


@pytest.mark.parametrize("wrong", [{"task_id": "y"}, {"pool=1, x": 2}, {"pool": {1, 2}}], ids=str)
def test_overrides_that_are_no_such_arguments_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(AdapterError, match="overrides of 'x' give airflow"):
        render(_asking(wrong), "airflow")


def test_a_group_hands_overrides_to_its_tasks(cases: ModuleType) -> None:
    pipeline = _mapped(Stub(name="x"), [1])
    each = replace(pipeline.steps[0], overrides={"airflow": {"pool": "small"}})
    text = render(replace(pipeline, steps=[each]), "airflow").files["mapped_dag.py"]
    assert 'with TaskGroup("each", default_args={"pool": "small"}):' in text


def test_what_tasks_depend_on_is_required_once(cases: ModuleType) -> None:
    needs = render(cases.corners(), "airflow").files["requirements.txt"].splitlines()
    assert needs.count("humanize>=4") == 1


def test_ids_follow_the_model(cases: ModuleType) -> None:
    ids = Ids(cases.tour())
    assert ids["trainings.small.train"] == "trainings.small.train"
    odd = cases.oddities()
    given = {path: Ids(odd)[path] for path, _ in walk(odd)}
    assert given['a"b'] == "a_b"
    assert given["Ünï"] == "Uni"
    assert given["日本"] == "_65e5_672c"
    assert [given[f"with{c}space"] for c in " ."] == ["with_space", "with_space_2"]
    assert len(set(given.values())) == len(given)
    assert dag_id(odd) == "odd_names_x_e"


def test_long_names_fit(cases: ModuleType) -> None:
    long = "long name " * 50
    inner = Pipeline([cases.Stub(name=f"{long}{i}") for i in range(3)])
    pipeline = Pipeline([cases.Parallel(name=long, branches={long: inner})], name=long)
    ids = Ids(pipeline)
    found = {ids[path] for path, _ in walk(pipeline)}
    assert len(found) == 4
    assert max(map(len, found)) <= 250
    render(pipeline, "airflow")


def test_a_param_takes_what_its_readers_take(cases: ModuleType) -> None:
    from bridge.flow import analyse

    params = declare(analyse(cases.tour()))
    assert params == [
        "'rows': Param(5, type='integer')",
        "'scale': Param(0.5, type='number')",
        "'degrees': Param({'a': 1, 'b': 2}, type='object')",
        "'note': Param('plain', type='string')",
        "'extra': Param(None)",
    ]
    numbers = [p for p in declare(analyse(cases.oddities())) if p.startswith("'number'")]
    assert numbers == ["'number': Param(3, type='number')"]  # one of its readers takes anything


def test_nesting_beyond_what_python_parses_is_refused(cases: ModuleType) -> None:
    text = write(cases.deep(10), Options()).files["deep_dag.py"]
    compile(text, "deep_dag.py", "exec")
    with pytest.raises(AdapterError, match="nested too deep"):
        write(cases.deep(11), Options())


def test_a_long_chain_is_written_in_linear_time(cases: ModuleType) -> None:
    text = write(cases.chain(3000), Options()).files["chain_dag.py"]
    assert len(ast.parse(text).body[-2].body) == 3000  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "value",
    [{"__id__": 1}, [{"__classname__": "x"}], {"__type": 1}, 2**63, [-(2**63) - 1], -0.0, 1e16,
     [{"a": "\0"}]],
)  # fmt: skip
def test_what_an_xcom_would_change_travels_as_text(value: object) -> None:
    found = to_xcom(value, "v")
    assert type(found) is JsonText
    assert repr(JsonText.deserialize(found.serialize(), 1)) == repr(value)


@pytest.mark.parametrize("value", [None, 1.5, 2**63 - 1, 0.0, 1e15, {"__type__": [{}]}, "ü{{ x }}"])
def test_what_an_xcom_keeps_travels_as_it_is(value: object) -> None:
    assert to_xcom(value, "v") == value


def test_recognises_what_makes_a_dag(tmp_path: Path) -> None:
    recognises = load("airflow").recognises
    file = tmp_path / "my_dag.py"
    file.write_text("from airflow.sdk import dag\n")
    assert recognises(file)
    assert recognises(tmp_path)
    file.write_text("# from airflow.sdk import dag\n")
    assert not recognises(file)
    assert not recognises(tmp_path / "none.py")
