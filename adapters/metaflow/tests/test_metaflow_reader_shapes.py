"""Flows are read without being run: their shapes, their decorators, and what is said of them."""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metaflow_reading import END, START, flow, function, own

from bridge import Conditional, Loop, Map, Parallel, Pipeline, PythonTask, Resources, Retry, Stub
from bridge.adapter import Import, Source, load
from bridge.errors import SourceError
from bridge.findings import Level
from bridge.flow import analyse
from bridge.values import Kind

HERE = Path(__file__).parent
CASES = list(runpy.run_path(str(HERE / "metaflow_corpus.py"))["cases"]())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


# Shapes


def steps(found: Import) -> list[Any]:
    return list(found.pipeline.steps)


def source(name: str) -> Import:
    return load("metaflow").read(Source(HERE / "sources" / f"{name}_flow.py"))


def test_branches() -> None:
    found = source("branches")
    kinds = [type(step).__name__ for step in steps(found)]
    assert kinds == ["PythonTask", "Parallel", "PythonTask", "Parallel", "PythonTask", "PythonTask"]
    first = found.pipeline.steps[1]
    assert isinstance(first, Parallel)
    assert [*first.branches] == ["left", "right", "still"]
    left = first.branches["left"].steps[0]
    assert isinstance(left, PythonTask)
    assert [r.name for r in left.outputs] == ["left__x", "only_left", "left__shared"]
    names = set(analyse(found.pipeline).sets) if _importable(found) else set()
    assert {"x", "shared", "same", "told"} <= names


def _importable(found: Import) -> bool:
    from bridge.modules import search, unpacked

    search(unpacked(found.files), *found.search)
    return True


def test_items_are_mapped_over_themselves_where_they_are_json() -> None:
    stats = next(path for name, path, _ in CASES if name == "02-statistics")
    found = load("metaflow").read(Source(stats))
    each = next(step for step in found.pipeline.steps if isinstance(step, Map))
    assert (each.iterate_on, each.iterate_as) == ("genres", "item")
    assert found.pipeline.parameters == {"movie_data": "movies.csv"}
    assert list(found.pipeline.include) == ["movies.csv"]
    kinds = {
        r.name: r.kind for s in found.pipeline.steps if isinstance(s, PythonTask) for r in s.outputs
    }
    assert kinds == {
        "movie_data_text": Kind.PICKLED,
        "dataframe": Kind.JSON,
        "genres": Kind.JSON,
        "genre_stats": Kind.JSON,
    }


def test_other_items_are_mapped_over_by_their_numbers() -> None:
    found = source("objects")
    each = found.pipeline.steps[1]
    assert isinstance(each, Map)
    assert (each.iterate_on, each.iterate_as) == ("box_numbers", "box_number")
    assert "    box = boxes[box_number]\n" in found.files["functions.py"]
    look, choice = each.branch.steps[:2]
    assert isinstance(choice, Conditional)
    assert [*choice.branches] == [True, False]
    assert isinstance(choice.branches[False].steps[0], Stub)
    assert isinstance(look, PythonTask)
    assert "note" in [r.name for r in look.outputs]  # so that each item has one


def test_a_step_that_chooses_itself_is_a_loop() -> None:
    found = source("structure")
    choice = next(step for step in found.pipeline.steps if isinstance(step, Conditional))
    assert choice.parameter == "size"
    (loop,) = choice.branches["much"].steps
    assert isinstance(loop, Loop)
    assert loop.break_on == "halve_over"
    assert function(found, "halve").endswith("not self.more")


def test_parameters() -> None:
    found = source("options")
    assert found.pipeline.parameters == {
        "count": 4,
        "ratio": 0.5,
        "flag": False,
        "words": ["a", "b"],
        "table": {"k": [1, 2]},
        "nothing": None,
        "settings": {"depth": 2, "inner": {"name": "n"}},
        "from_file": {"place": {"at": "here"}},
        "text": "options.txt",
    }


def test_policies() -> None:
    found = source("caught")
    by_name = {step.name: step for step in steps(found)}
    assert by_name["start"].environment == {"GREETING": "hello"}
    assert by_name["flaky"].retry == Retry(2, 0.0)
    assert by_name["flaky"].resources == Resources(cpu=1, memory=512)
    assert by_name["risky"].timeout == 90
    assert by_name["shown"].overrides == {
        "metaflow": {"decorators": ["card(type='blank', id='c')"]}
    }
    assert found.pipeline.overrides == {"metaflow": {"decorators": ["project(name='caught')"]}}
    assert found.pipeline.schedule == "0 3 * * ? *"
    assert "if attempt <= 1:" in function(found, "risky")


DECORATORS = [
    ("@retry", "retry", Retry(3, 120.0), Level.CARRIED),
    ("@timeout(hours=1)", "timeout", 3600.0, Level.CARRIED),
    ("@kubernetes(cpu=2, memory=100, image='i')", "image", "i", Level.CARRIED),
    ("@batch(gpu=1)", "resources", Resources(gpu=1), Level.CARRIED),
    ("@pypi(packages={'a': '1.0', 'b': '>=2'})", "dependencies", ("a==1.0", "b>=2"), Level.CARRIED),
    ("@conda(libraries={'c::a': ''}, python='3.9')", "dependencies", ("a",), Level.CARRIED),
    (
        "@secrets(sources=[{'type': 'inline', 'id': 'i', 'options': {'env_vars': {'K': 'v'}}}])",
        "secrets",
        ("K",),
        Level.APPROXIMATED,
    ),
    (
        "@secrets(sources=['a'])",
        "overrides",
        {"metaflow": {"decorators": ["secrets(sources=['a'])"]}},
        Level.APPROXIMATED,
    ),
    ("@mine", "retry", None, Level.UNSUPPORTED),
    ("@retry(times=count())", "timeout", None, Level.CARRIED),
]


@pytest.mark.parametrize(("text", "name", "value", "level"), DECORATORS)
def test_decorator(folder: Path, text: str, name: str, value: Any, level: Level) -> None:
    step = f"{text}\n{own('self.y = self.x')}"
    before = "def mine(f):\n    return f\ndef count():\n    return open('n').read()\n"
    found = flow(folder, START + step + END, before)
    task = next(s for s in found.pipeline.steps if s.name == "work")
    assert getattr(task, name) == value
    shown = text.partition("(")[0]
    assert {f.level for f in found.report.findings if f.attribute == shown} == {level}
    if "count()" in text:
        (refused,) = found.report.refused()
        assert refused.attribute == "@retry(times)"
    assert "'v'" not in repr(found.pipeline)


# What is refused


_START = "    @step\n    def start(self):\n        "


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("def f(:", "is no Python"),
        ("x = 1", "has no class that is a FlowSpec"),
        ("class A(FlowSpec):\n    pass", "has no step"),
        (f"class A(FlowSpec):\n{_START}self.next(self.end)", "which is no step"),
        (f"class A(FlowSpec):\n{_START}self.next(getattr(self, 'x'))", "cannot be told from"),
        (f"class A(Other, FlowSpec):\n{_START}pass", "is not in a file beside the flow"),
        (
            f"class A(FlowSpec):\n{_START}pass\nclass B(A):\n    pass\nclass C(A):\n    pass",
            "has several flows",
        ),
    ],
)
def test_refused_in_one_sentence(folder: Path, text: str, told: str) -> None:
    path = folder / "bad_flow.py"
    path.write_text(f"from metaflow import FlowSpec, step\n{text}\n")
    with pytest.raises(SourceError, match=told) as error:
        load("metaflow").read(Source(path))
    assert "bad_flow.py" in str(error.value)
    assert "\n" not in str(error.value)


def test_what_nobody_sets_is_told(folder: Path) -> None:
    found = flow(folder, START + own("print(self.unknown)") + END)
    (refused,) = found.report.refused()
    assert refused.attribute == "self.unknown"


def test_a_constant_that_is_changed_is_told(folder: Path) -> None:
    found = flow(folder, 'TABLE = {"a": 1}\n' + START + own("self.TABLE['b'] = 2") + END)
    (refused,) = found.report.refused()
    assert refused.attribute == "self.TABLE"


def test_nothing_is_imported_and_nothing_changed(folder: Path) -> None:
    before = {p: p.read_bytes() for p in (HERE / "sources").iterdir() if p.is_file()}
    known = set(sys.modules)
    flow(folder, START.replace("self.work", "self.end") + END, before="raise SystemExit\n")
    source("methods")
    assert not {m for m in set(sys.modules) - known if m.startswith(("metaflow.", "common_steps"))}
    assert before == {p: p.read_bytes() for p in (HERE / "sources").iterdir() if p.is_file()}


# Totals


def things(path: Path) -> Iterator[tuple[int, str]]:
    """All decorators, their arguments, parameters, their arguments, and transitions, by line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            for decorator in node.decorator_list:
                name = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
                if name in ("property", "staticmethod", "dataclass", "step"):
                    continue
                yield decorator.lineno, f"@{name}"
                for keyword in getattr(decorator, "keywords", ()):
                    yield keyword.value.lineno, f"@{name}({keyword.arg})"
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            kind, target = ast.unparse(node.value.func), ast.unparse(node.targets[0])
            if kind in ("Parameter", "IncludeFile", "Config"):
                yield node.value.lineno, target
                yield from ((a.lineno, f"{target}(name)") for a in node.value.args)
                yield from ((k.value.lineno, f"{target}({k.arg})") for k in node.value.keywords)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self.next":
            yield node.lineno, "self.next"
            yield from ((k.value.lineno, f"self.next({k.arg})") for k in node.keywords)


@pytest.mark.parametrize(("name", "path", "flow_name"), CASES, ids=[c[0] for c in CASES])
def test_all_that_is_said_ends_as_one_finding(name: str, path: Path, flow_name: str) -> None:
    found = load("metaflow").read(Source(path, flow_name))
    ours = [f for f in found.report.findings if f.where and f.where.file == str(path)]
    told = [(f.where.line, f.attribute) for f in ours if f.where]
    said = sorted(things(path))
    kinds = {attribute for _, attribute in said}
    assert sorted(t for t in told if t[1] in kinds) == said
    steps = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)]
    count = sum(any(ast.unparse(d) == "step" for d in n.decorator_list) for n in steps)
    assert sum(f.attribute == "@step" for f in ours) == count
    totals = found.report.totals()
    assert totals["read"] == sum(n for key, n in totals.items() if key != "read")
    assert not found.report.refused()


@pytest.mark.parametrize(("name", "path", "flow_name"), CASES, ids=[c[0] for c in CASES])
def test_what_is_read_holds_together(name: str, path: Path, flow_name: str) -> None:
    found = load("metaflow").read(Source(path, flow_name))
    _importable(found)
    assert analyse(found.pipeline).nodes
    lines = path.read_text().count("\n")
    for step in _all(found.pipeline):
        assert step.where is not None
        assert step.where.file.endswith(".py")
        assert 0 < step.where.line <= max(lines, 40)


def _all(pipeline: Pipeline) -> Iterator[Any]:
    from bridge.nodes import walk

    return (step for _, step in walk(pipeline))
