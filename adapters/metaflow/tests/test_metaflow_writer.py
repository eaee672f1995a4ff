"""The flows that are written, without Metaflow."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge import Parallel, Pipeline, PythonTask, translate
from bridge.adapter import load
from bridge.findings import Feature, Level

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"


@pytest.fixture(autouse=True)
def _functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


def case(name: str) -> Pipeline:
    import metaflow_pipelines

    found: Pipeline = getattr(metaflow_pipelines, name)
    return found


def flow_of(pipeline: Pipeline) -> str:
    return translate.render(pipeline, "metaflow").files["flow.py"]


def function(called: str, **more: Any) -> PythonTask:
    return PythonTask(function=f"metaflow_functions:{called}", **more)


@pytest.mark.parametrize(
    "name",
    ["training", "graph", "scopes", "names", "facts", "groups", "pages", "nested", "handled"],
)
def test_golden(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name == "groups":
        from metaflow_small import SMALL

        monkeypatch.setattr("bridge_metaflow.plan.LIMITS", SMALL)
    export = translate.render(case("scopes" if name == "groups" else name), "metaflow")
    written = {p: t for p, t in export.files.items() if not p.startswith("tasklib/")}
    folder = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in written.items():
            folder.joinpath(path).write_text(text, encoding="utf-8")
    expected = {p.name: p.read_text(encoding="utf-8") for p in folder.iterdir()}
    assert written == expected
    assert "bridge" not in "".join(export.files.values()).lower()


def test_support_is_complete() -> None:
    assert set(load("metaflow").support) == set(Feature)


def test_recognises(tmp_path: Path) -> None:
    flow, other = tmp_path / "flow.py", tmp_path / "other.py"
    flow.write_text("from metaflow import FlowSpec\n")
    other.write_text("print('metaflow')\n")
    adapter = load("metaflow")
    assert [adapter.recognises(p) for p in (flow, other, tmp_path)] == [True, False, False]


def test_reserved_names_are_those_of_metaflow(tmp_path: Path) -> None:
    """Every attribute of a flow, and every option of ``run``, is a name that is kept free."""
    code = """
import metaflow, metaflow.cli_components.run_cmds as commands
class F(metaflow.FlowSpec):
    @metaflow.step
    def start(self): self.next(self.end)
    @metaflow.step
    def end(self): pass
own = {*dir(F(use_cli=False)), *F._NON_PARAMETERS}
options = {o.strip('-').replace('-', '_') for c in (commands.run, commands.resume)
           for p in c.params for o in [p.name, *p.opts]}
print(sorted(n for n in own if not n.startswith('_')), sorted(options), sep='\\n')
"""
    script = tmp_path / "script.py"
    script.write_text(code)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    own, options = map(ast.literal_eval, done.stdout.splitlines())
    from bridge_metaflow.tables import RESERVED, RESERVED_IN_CLASS

    assert set(own) <= RESERVED
    assert set(options) <= RESERVED_IN_CLASS


def test_class_is_named_after_the_pipeline() -> None:
    from bridge_metaflow.naming import class_name

    names = [
        "mnist",
        "my first-pipeline",
        "2024",
        "Ünï",
        "a flow",
        "Flow",
        "FlowSpec",
        "class",
        "??",
    ]
    assert [class_name(n) for n in names] == [
        "MnistFlow", "MyFirstPipelineFlow", "X2024Flow", "UniFlow", "AFlow", "FlowFlow",
        "FlowSpecFlow", "ClassFlow", "Flow",
    ]  # fmt: skip


def test_flow_file_leaves_the_place_of_a_module(tmp_path: Path, monkeypatch: Any) -> None:
    tmp_path.joinpath("flow.py").write_text("def work():\n    pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    export = translate.render(Pipeline([PythonTask(function="flow:work")]), "metaflow")
    assert "main_flow.py" in export.files
    monkeypatch.delitem(sys.modules, "flow")


def test_barriers_and_narrow_branches_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from metaflow_small import SMALL

    told = {f.code: f for f in translate.check(case("graph"), "metaflow").findings}
    assert "2 joins" not in told["order.data.emulated"].message
    assert "1 joins" in told["order.data.emulated"].message
    monkeypatch.setattr("bridge_metaflow.plan.LIMITS", SMALL)
    report = translate.check(case("scopes"), "metaflow")
    narrowed = [f.step for f in report.findings if "one after the other" in f.message]
    assert narrowed == ["first.right.inner", "third", "fourth"]
    grouped = [f for f in report.findings if "shares step" in f.message]
    assert {f.level for f in grouped} == {Level.EMULATED}
    assert report.totals()["read"] == len(report.findings)


def test_todos_stand_at_their_place() -> None:
    pipeline = Pipeline([function("one", returns=["x"], timeout=3)], schedule="@daily")
    text = translate.render(pipeline, "metaflow", "ignore").files["flow.py"]
    todos = [line.strip() for line in text.splitlines() if "TODO" in line]
    assert len(todos) == 2
    assert todos[0].startswith("# TODO: schedule")
    assert todos[1].startswith("# TODO: timeout")


@pytest.mark.parametrize("count", [1_000, 10_000])
def test_long_chain(count: int) -> None:
    steps = [function("add", name=f"t{i}", inputs={"a": "n"}, returns=["n"]) for i in range(count)]
    export = load("metaflow").write(Pipeline(steps, parameters={"n": 0}), _options())
    assert export.files["flow.py"].count("@step") < 900


def test_wide_split() -> None:
    branches = {str(i): Pipeline([function("one", returns=[f"n{i}"])]) for i in range(10_000)}
    export = load("metaflow").write(Pipeline([Parallel(name="p", branches=branches)]), _options())
    assert export.files["flow.py"].count("self.merge_artifacts") == 1


def _options() -> Any:
    from bridge.adapter import Options

    return Options()
