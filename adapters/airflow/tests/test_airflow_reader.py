"""What is read from DAG files: one look at all of them, then one test for each thing."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bridge.adapter import Source, load
from bridge.errors import SourceError
from bridge.findings import Level
from bridge.flow import walk
from bridge.model import Conditional, ForeignTask, Map, PythonTask, ShellTask
from bridge.values import at, constant, fact
from bridge_airflow.reading_dag.reader import Reading, interpret, look, pick

SOURCES = Path(__file__).parent / "sources"
FILES = sorted(SOURCES.glob("*/*_dag.py"))


@pytest.fixture(scope="module")
def read() -> Any:
    looked = look(FILES)
    dags = {
        name: (dag, Path(f)) for f, found in looked.items() for name, dag in found["dags"].items()
    }

    def reading(dag_id: str) -> Reading:
        return interpret(*dags[dag_id])

    return reading


def steps(reading: Reading) -> dict[str, Any]:
    return dict(walk(reading.found.pipeline))


def code(reading: Reading) -> str:
    return next(iter(reading.found.files.values()))


def functions(reading: Reading) -> dict[str, str]:
    tree = ast.parse(code(reading))
    return {n.name: ast.unparse(n) for n in tree.body if isinstance(n, ast.FunctionDef)}


def refused(reading: Reading) -> set[tuple[str, str]]:
    return {(f.step, f.attribute) for f in reading.found.report.refused()}


def test_taskflow(read: Any) -> None:
    shop = read("shop")
    found = steps(shop)
    assert shop.found.pipeline.schedule == "0 6 * * 1-5"
    assert shop.found.pipeline.description == "Fetch the orders of a shop, convert and sum them."
    assert shop.found.pipeline.parameters == {
        "shop": "north",
        "days": 2,
        "sums_rows": [[{"amount": 1}], []],
    }
    assert found["to_euro"].function.module == "cleaning"
    assert found["listed"].inputs == {"orders": at("split", "large")}
    assert found["sums"].iterate_on == "sums_rows"
    assert found["sums.sums"].inputs == {"unit": constant("euro")}
    assert (found["sums.sums"].retry.times, found["report"].retry) == (2, None)
    assert found["checking.halve"].inputs == {"value": at("double")}
    assert found["report"].after == ("sums",)
    assert not refused(shop)


def test_functions_are_the_users_text(read: Any) -> None:
    text = code(read("shop"))
    assert "DISCOUNT = 0.1  # of large orders\nLIMITS" in text
    assert "# Whatever is left of the limit.\n" in text
    assert "# The shop's own interface is slow.\ndef fetch(count):\n" in text
    assert '"""Orders as the shop tells them."""' in text
    assert "airflow" not in text
    assert "def discount(order, shop, by=DISCOUNT):" in text


def test_classic_operators(read: Any) -> None:
    classic = read("classic")
    found = steps(classic)
    assert [r.name for r in found["draw"].returns] == ["draw", "smallest"]
    assert functions(classic)["choose"].startswith("def choose(limit, smallest):")
    assert functions(classic)["joined"].startswith("def joined(few_=None, many_=None):")
    branches = found["choose_branches"]
    assert isinstance(branches, Conditional)
    assert set(branches.branches) == {"few", "sizes.many"}
    assert found["join"].overrides == {"airflow": {"owner": "numbers", "queue": "slow"}}
    assert not refused(classic)


def test_templates_in_commands_are_variables(read: Any) -> None:
    greet = steps(read("classic"))["greet"]
    assert isinstance(greet, ShellTask)
    assert "echo 'Hello '\"${name}\"''" in greet.command
    assert greet.inputs == {"name": at("name"), "count": at("count"), "join": at("join")}


def test_maps(read: Any) -> None:
    found = steps(mapping := read("mapping"))
    assert mapping.found.pipeline.parameters["constants_items"] == [
        {"x": x, "y": y} for x in (1, 2) for y in "ab"
    ]
    assert found["crossed"].iterate_on == "crossed_items"
    assert found["by_row.by_row"].inputs == {
        "x": at("by_row_item", "x"),
        "y": at("by_row_item", "y"),
        "sign": constant(0),
    }
    assert "return [shifted_item(shift(item)) for item in rows]" in code(mapping)
    assert isinstance(found["commands.commands"], ShellTask)
    assert not refused(mapping)


def test_several_choices_at_once(read: Any) -> None:
    found = steps(read("several"))
    taken = found["choose_right.first"]
    assert isinstance(taken, Conditional)
    assert taken.on == at("choose_chosen", "right.first")
    assert functions(read("several"))["after"].startswith("def after(a=None, b=None):")


def test_a_branch_to_its_own_join(read: Any) -> None:
    reading = read("skipping_over")
    found = steps(reading)
    assert set(found["decide_branches"].branches) == {"extra", "end"}
    assert "end" in {step.name for step in reading.found.pipeline.steps}


def test_context(read: Any) -> None:
    reading = read("context")
    found, texts = steps(reading), functions(reading)
    assert texts["facts"].startswith("def facts(attempt, task_id, dag_id")
    assert found["facts"].inputs["attempt"] == fact("attempt")
    assert found["facts"].inputs["dag_id"] == constant("context")
    assert texts["all_params"].startswith(
        "def all_params(n, text):\n    params = {'n': n, 'text': text}"
    )
    assert texts["current"] == "def current(text):\n    return text + '!'"
    assert texts["pushes"].endswith("return (for_later, sum_)")
    assert [r.name for r in found["pushes"].returns] == ["for_later", "sum"]
    assert texts["pulls"] == "def pulls(sum, for_later):\n    return sum + len(for_later)"


def test_policies(read: Any) -> None:
    reading = read("policies")
    found = steps(reading)
    assert (
        found["waits"].retry.times,
        found["waits"].retry.delay,
        found["waits"].retry.backoff,
    ) == (1, 2, 2)
    assert (found["limited"].timeout, found["limited"].retry) == (90, None)
    assert found["limited"].overrides == {"airflow": {"owner": "me", "priority_weight": 3}}
    kept = reading.found.pipeline.overrides["airflow"]
    assert kept == {"schedule": {"seconds": 86400.0}, "max_active_runs": 1}


def test_other_operators_are_kept_as_they_are(read: Any) -> None:
    reading = read("sensing")
    sensor = steps(reading)["found"]
    assert isinstance(sensor, ForeignTask)
    assert sensor.definition["class"] == "FileSensor"
    assert sensor.definition["arguments"] == {
        "filepath": 'f"{FOLDER}/in.csv"',
        "poke_interval": "5",
    }
    assert sensor.definition["code"] == {
        "imports": ["from airflow.providers.standard.sensors.filesystem import FileSensor"],
        "definitions": ['FOLDER = "data"\n'],
    }


def test_what_has_no_equal_is_refused_with_its_place(read: Any) -> None:
    reading = read("refused")
    assert refused(reading) == {
        ("reads_variable", "Variable"),
        ("deep", "data_interval_start"),
        ("deep", "inlet_events"),
        ("handler", "trigger_rule"),
        ("handler", "on_failure_callback"),
        ("templated", "bash_command: {% if run_id %}"),
        ("templated", "bash_command: {% endif %}"),
    }
    lines = (SOURCES / "classic" / "constructs_dag.py").read_text().splitlines()
    for finding in reading.found.report.refused():
        assert finding.where is not None
        assert finding.where.line, finding
        assert lines[finding.where.line - 1].strip()


def test_every_step_has_its_place(read: Any) -> None:
    for _, step in walk(read("shop").found.pipeline):
        assert step.where is not None
        assert Path(step.where.file).name == "shop_dag.py"
        assert step.where.line > 30


@pytest.mark.parametrize(
    "dag_id", ["shop", "classic", "mapping", "several", "context", "policies", "refused"]
)
def test_everything_said_is_told_of_once(read: Any, dag_id: str) -> None:
    """The arguments of operators as they stand in the source are those that are told of."""
    reading = read(dag_id)
    told = Counter((f.step, f.attribute) for f in reading.found.report.findings)
    assert max(told.values()) == 1, told.most_common(3)
    totals = reading.found.report.totals()
    assert totals["read"] == sum(totals[level.value] for level in Level if level.value in totals)


def test_arguments_of_operators_add_up(read: Any) -> None:
    tree = ast.parse((SOURCES / "classic" / "constructs_dag.py").read_text())
    block = next(
        node
        for node in tree.body
        if isinstance(node, ast.With) and "'policies'" in ast.dump(node.items[0])
    )
    calls = [
        n for n in ast.walk(block) if isinstance(n, ast.Call) and "Operator" in ast.dump(n.func)
    ]
    said = [word.arg for call in calls for word in call.keywords if word.arg != "task_id"]
    told = [f.attribute for f in read("policies").found.report.findings if f.step]
    assert sorted([*said, "EmptyOperator"]) == sorted(told)


# Sources that cannot be read


WRONG = {
    "syntax": ("from airflow import DAG\nwith DAG(\n", r"SyntaxError.*syntax\.py:2"),
    "provider": (
        "from airflow import DAG\nfrom airflow.providers.google.cloud import x\n",
        r"provider apache-airflow-providers-google.*provider\.py:2",
    ),
    "none": ("from airflow import DAG\n", r"holds several DAGs, or none"),
    "exception": (
        "from airflow import DAG\n\ndef f():\n    return 1 / 0\n\nf()\n",
        r"ZeroDivisionError.*exception\.py:4",
    ),
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What is found in files that cannot be read, by one look at all of them."""
    folder = tmp_path_factory.mktemp("wrong")
    for name, (text, _) in WRONG.items():
        (folder / f"{name}.py").write_text(text)
    return folder, look([folder / f"{name}.py" for name in WRONG])


@pytest.mark.parametrize("name", WRONG)
def test_a_source_that_cannot_be_read(wrong: Any, name: str) -> None:
    folder, looked = wrong
    file = folder / f"{name}.py"
    with pytest.raises(SourceError, match=WRONG[name][1]):
        pick(looked[str(file)], file, "")


def test_an_error_is_told_of_by_the_reader(wrong: Any) -> None:
    with pytest.raises(SourceError, match=WRONG["exception"][1]):
        load("airflow").read(Source(wrong[0] / "exception.py"))


def test_a_folder_without_or_with_several(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file that makes a DAG"):
        load("airflow").read(Source(tmp_path))
    for name in "ab":
        (tmp_path / f"{name}.py").write_text("from airflow import DAG\n")
    with pytest.raises(SourceError, match=r"several DAG files \(a.py, b.py\)"):
        load("airflow").read(Source(tmp_path))


def test_the_name_of_a_dag(read: Any) -> None:
    with pytest.raises(SourceError, match="has no DAG 'x'; there are a, b"):
        pick({"dags": {"a": {}, "b": {}}}, Path("f.py"), "x")


def test_a_source_is_not_changed(read: Any) -> None:
    assert isinstance(steps(read("mapping"))["crossed"], Map)
    assert isinstance(steps(read("mapping"))["rows"], PythonTask)
    assert not list(SOURCES.rglob("functions.py"))
