"""Small flows that are read, and what is made of them."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent, indent

from bridge import PythonTask
from bridge.adapter import Import, Source, load
from bridge.emit.python import finish


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
