"""Flows are read without being run: small cases, and what is said of them."""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import pytest

from bridge import Conditional, Loop, Map, Parallel, Pipeline, PythonTask, Resources, Retry, Stub
from bridge.adapter import Import, Source, load
from bridge.emit.python import finish
from bridge.errors import SourceError
from bridge.findings import Level
from bridge.flow import analyse
from bridge.values import Fact, Kind

HERE = Path(__file__).parent
CASES = list(runpy.run_path(str(HERE / "metaflow_corpus.py"))["cases"]())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def flow(folder: Path, body: str, before: str = "", name: str = "") -> Import:
    """What is read of a flow with this body of its class."""
    path = folder / "a_flow.py"
    head = "from metaflow import *\nfrom metaflow import FlowSpec, step, current, Parameter\n"
    head = head.replace("from metaflow import *\n", _NAMES)
    class_ = "class AFlow(FlowSpec):\n" + indent(dedent(body).strip("\n"), "    ")
    path.write_text(f"{head}{dedent(before)}\n\n{class_}\n", encoding="utf-8")
    return load("metaflow").read(Source(path, name))


_NAMES = """from metaflow import (
    Config, IncludeFile, JSONType, batch, card, catch, conda, environment, kubernetes,
    project, pypi, resources, retry, schedule, secrets, timeout, trigger,
)
"""

START = """
@step
def start(self):
    self.x = 1
    self.words = ["a"]
    self.table = {"k": object()}
    self.next(self.work)
"""
END = """
@step
def end(self):
    print(self.x, self.words, self.table)
"""


def own(body: str) -> str:
    """A step of its own with this body."""
    inner = indent(dedent(body).strip("\n"), "    ")
    return f"@step\ndef work(self):\n{inner}\n    self.next(self.end)\n"


def work(folder: Path, body: str, before: str = "", members: str = "") -> tuple[str, PythonTask]:
    """The function, and the task, of a step with this body between two others."""
    found = flow(folder, "\n".join([dedent(members), START, own(body), END]), before)
    task = next(s for s in found.pipeline.steps if s.name == "work")
    assert isinstance(task, PythonTask)
    return function(found, "work"), task


def function(found: Import, name: str) -> str:
    """The text of a function of what was read."""
    text = found.files["functions.py"]
    node = next(n for n in ast.parse(text).body if getattr(n, "name", "") == name)
    return str(ast.get_source_segment(text, node))


def shown(text: str) -> str:
    return finish(dedent(text), "shown.py").strip()


# Bodies


@pytest.mark.parametrize(
    ("body", "expected", "returns"),
    [
        ("self.y = self.x + 1", "def work(x):\n    y = x + 1\n    return y", ["y"]),
        ("self.x += 1", "def work(x):\n    x += 1\n    return x", ["x"]),
        (
            "self.words.append('b')",
            "def work(words):\n    words.append('b')\n    return words",
            ["words"],
        ),
        (
            "self.table['k'] = 1\ndel self.table['j']",
            "def work(table):\n    table['k'] = 1\n    del table['j']\n    return table",
            ["table"],
        ),
        (
            "if self.x:\n    self.words = []",
            "def work(x, words):\n    if x:\n        words = []\n    return words",
            ["words"],
        ),
        (
            "if self.x:\n    self.y = 2",
            "def work(x):\n    y = None\n    if x:\n        y = 2\n    return y",
            ["y"],
        ),
        (
            "for self.y in self.words:\n    pass\nself.z = 1",
            "def work(words):\n    y = None\n    for y in words:\n        pass\n    z = 1\n"
            "    return y, z",
            ["y", "z"],
        ),
        (
            "try:\n    self.y = f()\nexcept ValueError:\n    self.y = self.x",
            "def work(x):\n    try:\n        y = f()\n    except ValueError:\n        y = x\n"
            "    return y",
            ["y"],
        ),
        (
            "alias = self.table\nalias['k'] = 3",
            "def work(table):\n    alias = table\n    alias['k'] = 3\n    return table",
            ["table"],
        ),
        (
            "for word in self.words:\n    print(word)",
            "def work(words):\n    for word in words:\n        print(word)",
            [],
        ),
        (
            "x = self.x * 2\nself.y = x",
            "def work(x):\n    x = x * 2\n    y = x\n    return y",
            ["y"],
        ),
        (
            "x = 2\nself.y = x + self.x",
            "def work(x_):\n    x = 2\n    y = x + x_\n    return y",
            ["y"],
        ),
        (
            "y = self.x\nself.y = y",
            "def work(x):\n    y = x\n    return y",
            ["y"],
        ),
        (
            "self.y = [x for x in self.words if self.x]",
            "def work(words, x_):\n    y = [x for x in words if x_]\n    return y",
            ["y"],
        ),
        (
            "self.y = f'{self.x} of {self.words!r}'",
            "def work(x, words):\n    y = f'{x} of {words!r}'\n    return y",
            ["y"],
        ),
        (
            "self.y = (lambda v: v + self.x)(1)",
            "def work(x):\n    y = (lambda v: v + x)(1)\n    return y",
            ["y"],
        ),
        (
            "def inner(v):\n    return v + self.x\nself.y = inner(2)",
            "def work(x):\n    def inner(v):\n        return v + x\n    y = inner(2)\n    return y",
            ["y"],
        ),
        ("self.y: int = 4", "def work():\n    y: int = 4\n    return y", ["y"]),
        (
            "with open('f') as file:\n    self.y = file.read()",
            "def work():\n    with open('f') as file:\n        y = file.read()\n    return y",
            ["y"],
        ),
        (
            "self.max = max(self.words)",
            "def work(words):\n    max_ = max(words)\n    return max_",
            ["max"],
        ),
    ],
)
def test_body(folder: Path, body: str, expected: str, returns: list[str]) -> None:
    text, task = work(folder, body, before="def f():\n    return 1\n")
    assert text == shown(expected)
    assert [r.name for r in task.outputs] == returns


KEPT = '''
# about the step
@step
def work(self):
    """What it does.

    In two paragraphs.
    """
    # why
    self.y   =  [1,  # one
                 2]
    text = """
left as it is
    """
    self.z = text  # behind

    # the last word
    self.next(self.end)
'''


def test_text_is_kept_as_it_was_written(folder: Path) -> None:
    found = flow(folder, START + KEPT + END)
    assert "# about the step\ndef work():" in found.files["functions.py"]
    assert function(found, "work") == shown('''
def work():
    """What it does.

    In two paragraphs.
    """
    # why
    y = [
        1,  # one
        2,
    ]
    text = """
    left as it is
        """
    z = text  # behind

    # the last word
    return y, z
''')


@pytest.mark.parametrize(
    "body",
    [
        "setattr(self, 'y', 1)",
        "name = 'x'\nself.y = getattr(self, name)",
        "self.y = vars(self)['x']",
        "def inner():\n    self.y = 1\ninner()",
        "self.y = repr(self)",
        "self.y = f'{self.x} {getattr(self, \"x\")}'",
    ],
)
def test_what_cannot_be_taken_apart_is_kept_whole(folder: Path, body: str) -> None:
    members = "def helper(self):\n    return self.x\n"
    text, _ = work(folder, body, members=members)
    assert "self = SimpleNamespace(" in text
    found = flow(folder, START + own(body) + members + END)
    assert any(f.attribute == "self" and f.level is Level.EMULATED for f in found.report.findings)


def test_tabs_and_bodies_on_one_line(folder: Path) -> None:
    text = (
        "from metaflow import FlowSpec, step\n\nclass AFlow(FlowSpec):\n\tA, B = 1, 2\n\n\t@step\n"
        "\tdef start(self): self.x = self.B; self.next(self.end)\n\n\t@step\n\tdef end(self):\n"
        "\t\tif not self.x:\n\t\t\treturn\n\t\tself.y = [\n\t\t\tself.x,\n\t\t]\n"
    )
    (folder / "tabs_flow.py").write_text(text)
    found = load("metaflow").read(Source(folder / "tabs_flow.py"))
    assert function(found, "start") == "def start():\n    x = B\n    return x"
    expected = """
        def end(x):
            y = None
            if not x:
                return y
            y = [
                x,
            ]
            return y
    """
    assert function(found, "end") == shown(expected)
    assert "B = 2\n" in found.files["functions.py"]


def test_methods_become_functions(folder: Path) -> None:
    members = '''
        FACTOR = 2
        BOTH = FACTOR + 1

        @property
        def doubled(self):
            return self.x * self.FACTOR

        def shown(self, sep, end="!"):
            """Show it."""
            return f"{sep}{self.doubled}{end}"

        @staticmethod
        def plain(value):
            return value
    '''
    text, task = work(folder, "self.y = self.shown(',') + self.plain(self.BOTH)", members=members)
    assert text == shown("""
        def work(x):
            y = shown(",", x=x) + plain(BOTH)
            return y
    """)
    assert task.inputs == {}
    module = (folder / "a_flow.py").read_text()
    found = load("metaflow").read(Source(folder / "a_flow.py")).files["functions.py"]
    assert "FACTOR = 2" in found
    assert "BOTH = FACTOR + 1" in found
    assert 'def shown(sep, end="!", *, x):\n    """Show it."""' in found
    assert "self" not in found
    assert "self.doubled" in module


def test_names_inside_of_text(folder: Path) -> None:
    members = "def shown(self, v):\n    return v + self.x\n"
    text, _ = work(folder, 'self.y = f"{self.shown(2)} and {self.x:>3}"', members=members)
    assert 'f"{shown(2, x=x)} and {x:>3}"' in text
    body = 'self.y = f"""\n {self.x}\n {self.x!r}"""'
    text, _ = work(folder, body)
    assert '"""\n         {x}\n         {x!r}"""' in text


def test_a_method_that_sets_something_keeps_its_self(folder: Path) -> None:
    members = "def remember(self, what):\n    self.seen = what\n"
    text, task = work(folder, "self.remember(self.x)\nself.y = self.seen", members=members)
    assert "remember(self, self.x)" in text
    assert [r.name for r in task.outputs] == ["seen", "y"]


def test_facts_of_the_run(folder: Path) -> None:
    body = "self.y = (current.run_id, current.step_name, current.retry_count)"
    text, task = work(folder, body)
    assert task.bindings == {"run_id": Fact("run_id"), "attempt": Fact("attempt")}
    assert 'step_name = "work"' in text
    assert "(run_id, step_name, (attempt - 1))" in text


def test_other_facts_are_refused(folder: Path) -> None:
    found = flow(folder, START + own("self.y = current.task_id") + END)
    (refused,) = found.report.refused()
    assert refused.attribute == "current.task_id"
    assert refused.where is not None
    assert refused.where.line > 1


# A function of the user's own


def test_a_plain_call_is_the_function_itself(folder: Path) -> None:
    (folder / "mine.py").write_text("def train(words, rate=1):\n    return words, rate\n")
    _, task = _call(folder, "from mine import train\nself.a, self.b = train(self.words, rate=0.5)")
    assert str(task.reference) == "mine:train"
    assert task.inputs["rate"].value == 0.5  # type: ignore[union-attr]
    assert "words" not in task.inputs


@pytest.mark.parametrize(
    "body",
    [
        "from mine import train\n# said why\nself.a = train(self.words)",
        "from mine import train\nself.a = train(self.words) + [1]",
        "from mine import train\nself.a = train(*self.words)",
        "from mine import train\nself.a = train(self.words[self.x])",
        "from mine import grow\nself.a = grow(self.words)",
        "from json import dumps\nself.a = dumps(self.words)",
    ],
)
def test_more_than_a_call_stays_a_function(folder: Path, body: str) -> None:
    functions = (
        "def train(words, rate=1):\n    return words\ndef grow(words):\n    words.append(1)\n"
    )
    (folder / "mine.py").write_text(functions)
    found, task = _call(folder, body)
    assert str(task.reference) == "functions:work"
    assert "def work(" in found.files["functions.py"]


def _call(folder: Path, body: str) -> tuple[Import, PythonTask]:
    found = flow(folder, START + own(body) + END)
    task = next(s for s in found.pipeline.steps if s.name == "work")
    assert isinstance(task, PythonTask)
    return found, task


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
