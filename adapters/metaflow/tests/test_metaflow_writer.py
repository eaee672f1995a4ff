"""The flows that are written, without Metaflow."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge import Map, Parallel, Pipeline, PythonTask, Resources, Retry, translate
from bridge.adapter import load
from bridge.errors import ModelError
from bridge.findings import Feature, Level

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
HARD = 'it\'s "quoted"\n{{ x }} $(touch pwned) ${x} %s \\n'


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
    [
        "training",
        "graph",
        "scopes",
        "names",
        "facts",
        "groups",
        "pages",
        "nested",
        "handled",
        "loops",
    ],
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


def test_policies_are_decorators() -> None:
    task = function(
        "one",
        retry=Retry(2, delay=120),
        timeout=90,
        resources=Resources(cpu=0.5, gpu=1),
        environment={"A": HARD, "B": ""},
        dependencies=["numpy>=2"],
        image="python:3.11",
    )
    pipeline = Pipeline([task], schedule="@weekly")
    export = translate.render(pipeline, "metaflow")
    lines = [line.strip() for line in export.files["flow.py"].splitlines()]
    assert "@schedule(weekly=True)" in lines
    assert "@retry(times=2, minutes_between_retries=2)" in lines
    assert "@timeout(seconds=90)" in lines
    assert "@resources(cpu=0.5, gpu=1)" in lines
    assert "# image: python:3.11" in lines
    assert "# dependencies: numpy>=2" in lines
    tree = ast.parse(export.files["flow.py"])
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and _name(n) == "environment"]
    assert ast.literal_eval(calls[0].keywords[0].value) == {"A": HARD, "B": ""}
    assert export.files["requirements.txt"].splitlines()[1:] == ["numpy>=2"]
    assert "--with kubernetes:image=python:3.11" in export.files["README.md"]
    levels = {f.attribute: f.level for f in export.report.findings}
    assert levels["image"] is Level.APPROXIMATED
    assert {levels[a] for a in ("retry", "timeout", "environment", "resources", "schedule")} == {
        Level.CARRIED
    }


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", "")


@pytest.mark.parametrize(
    ("attribute", "policy", "code"),
    [
        ("retry", Retry(5), "attempts("),
        ("retry", Retry(2, delay=0.5), "delay=0.5"),
        ("retry", Retry(2, delay=60, backoff=2), "backoff=2"),
        ("timeout", 0.5, "time_limit(0.5)"),
        ("environment", {"PYTHONPATH": "x"}, "environment({"),
        ("secrets", ["TOKEN"], 'secrets("TOKEN")'),
    ],
)
def test_policies_that_no_decorator_can_say(attribute: str, policy: Any, code: str) -> None:
    export = translate.render(Pipeline([function("one", **{attribute: policy})]), "metaflow")
    assert code in export.files["flow.py"]
    assert f"    @{attribute}" not in export.files["flow.py"]
    found = next(f for f in export.report.findings if f.attribute == attribute)
    assert found.level is Level.EMULATED


def test_overrides_are_decorators() -> None:
    wanted = ["kubernetes(cpu=2, image='a b')", "retry(times=1)", "@card"]
    branch = Pipeline([function("same", inputs={"value": "i"}, returns=["x"], retry=Retry(3))])
    each = Map(
        name="each",
        iterate_on="list",
        iterate_as="i",
        branch=branch,
        overrides={"metaflow": {"decorators": wanted}, "other": {}},
    )
    text = flow_of(Pipeline([each], parameters={"list": [1]}))
    assert [line.strip() for line in text.splitlines() if line.startswith("    @")][3:7] == [
        "@retry(times=1)",
        '@kubernetes(cpu=2, image="a b")',
        "@card",
        "@step",
    ]
    wrong = Pipeline([function("one", overrides={"metaflow": {"decorator": "card"}})])
    with pytest.raises(ModelError, match="'decorator' for metaflow, which takes decorators"):
        flow_of(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "card)\nimport os",
        "retry(times=open('x'))",
        "os.system(x=1)",
        "card(1)",
        "card(**{'a': 1})",
        "x",
    ],
)
def test_overrides_hold_no_code(text: str) -> None:
    task = function("one", overrides={"metaflow": {"decorators": [text]}})
    with pytest.raises(ModelError, match="is no call such as"):
        flow_of(Pipeline([task]))


def test_names_of_decorators_are_kept_free() -> None:
    """Where @retry is used, neither a step nor a Parameter is called retry."""
    tasks = [function("same", name="retry", inputs={"value": "retry"}, retry=Retry(1))]
    text = flow_of(Pipeline(tasks, parameters={"retry": 1}))
    assert "retry_ = Parameter(" in text
    assert "def retry_step(self)" in text or "def retry_" in text
    assert "retry = Parameter(" in flow_of(Pipeline([function("one")], parameters={"retry": 1}))


def test_what_has_no_place_in_a_flow_is_code_in_one_step() -> None:
    """So many switches behind each other, so many tasks in a branch, branches in a foreach."""
    maps = [
        Map(name=f"m{i}", branch=Pipeline([function("one", returns=[f"x{i}"])]),
            iterate_on="list", iterate_as="i")
        for i in range(12)
    ]  # fmt: skip
    pipeline = Pipeline(maps, parameters={"list": [1]})
    report = translate.render(pipeline, "metaflow").report
    levels = [f.level for f in report.findings if f.attribute == "iterate_on"]
    assert levels == [Level.CARRIED] * 8 + [Level.EMULATED] * 4
    long = Map(name="long", iterate_on="list", iterate_as="i",
               branch=Pipeline([function("one", name=f"t{i}") for i in range(101)]))  # fmt: skip
    assert "foreach" not in flow_of(Pipeline([long], parameters={"list": [1]}))
    assert "for i, i_2 in enumerate(" in flow_of(Pipeline([long], parameters={"list": [1]}))


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
