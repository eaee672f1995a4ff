"""Flows are read without being run: what becomes of the bodies of their steps."""

from __future__ import annotations

from pathlib import Path

import pytest
from metaflow_reading import END, START, flow, function, own, shown, work

from bridge import PythonTask
from bridge.adapter import Import, Source, load
from bridge.findings import Level
from bridge.values import Fact


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


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
