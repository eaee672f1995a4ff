"""Counting what can be read, converted and run of a corpus, one crash of which ends nothing."""

from __future__ import annotations

import json
import shutil

import pytest
from recipes import BREAD, project

from bridge.testing.corpus import Case, cases, main, try_out


@pytest.fixture
def corpus(here):
    """A corpus of the fake adapter: one that is well, and some that are not."""
    lossy = {**BREAD, "steps": [{**BREAD["steps"][0], "speed": 3}]}
    failing = {"steps": [{"name": "a", "do": "b = 1 / 0", "gives": "b"}]}
    several = {"recipes": {"bread": BREAD}}
    project(here / "sources" / "good")
    project(here / "sources" / "several", several)
    project(here / "sources" / "lossy", lossy)
    project(here / "sources" / "failing", failing)
    (here / "sources" / "broken").mkdir()
    (here / "sources" / "broken" / "recipe.json").write_text("{")
    (here / "sources" / "crash").mkdir()
    (here / "sources" / "crash" / "recipe.json").write_text("[]")
    tests = here / "adapters" / "fake" / "tests"
    tests.mkdir(parents=True)
    (tests / "fake_corpus.py").write_text(
        "from pathlib import Path\n"
        "def cases():\n"
        "    for path in sorted(Path('sources').iterdir()):\n"
        "        yield path.name, path, 'bread' if path.name == 'several' else ''\n"
    )
    return here


def test_cases_are_found_and_counted(corpus, capfd):
    assert main(["--run"]) == 1, "something crashed"
    out, err = capfd.readouterr()
    assert [line.split() for line in out.splitlines()] == [
        ["fake"],
        [],
        ["read", "whole", "equal"],
        ["broken", "-"],
        ["crash", "-"],
        ["failing", "+", "+", "-"],
        ["good", "+", "+", "+"],
        ["lossy", "+", "-", "-"],
        ["several", "+", "+", "+"],
        ["6", "sources:", "4", "read,", "3", "whole,", "2", "equal"],
        [],
    ]
    assert "read: '" in err
    assert "is no recipe" in err
    assert "read: crashed: " in err
    assert "whole: reading loses something: foreign.unsupported: speed of 'weigh'" in err
    assert "equal: division by zero; division by zero" in err


def test_a_few_can_be_chosen(corpus, capfd):
    assert main(["fake", "--only", "good"]) == 0
    assert "1 sources: 1 read, 1 whole\n" in capfd.readouterr().out


def test_conversions_are_tried(corpus):
    (good,) = [case for case in cases(corpus) if case.name == "good"]
    assert good == Case("fake", "good", str(corpus / "sources" / "good"), "")
    (found,) = try_out([good], ["fake"], False, 60)
    assert found.ways == {"read": "", "whole": "", "fake": ""}
    steps = [*BREAD["steps"], {"name": "cool", "wait": "oven.txt"}]
    recipe = json.dumps({**BREAD, "steps": steps})
    (corpus / "sources" / "good" / "recipe.json").write_text(recipe)
    (found,) = try_out([good], ["fake"], False, 60)
    assert "'fake' cannot carry it: foreign.unsupported" in found.ways["fake"]


TOGETHER = """
import os
from bridge.errors import BridgeError
from bridge.testing.corpus import NotRunError, ways

def cases():
    for name in ("even", "dies", "tired", "odd"):
        yield name, name, "", "numbers" if name in ("even", "odd") else ""

def read():
    raise BridgeError("it is odd")

def rest():
    raise NotRunError("it is asleep")

def together(cases, targets, runs):
    from bridge import Pipeline, Stub
    from bridge.findings import Report

    for case in cases:
        os.system("echo a task writes what it likes")
        if case.name == "dies":
            os._exit(3)
        known = (Pipeline([Stub("rest")]), Report([]))
        source = read if case.name == "odd" else lambda: known
        yield ways(source, targets, rest if runs else None)
"""


def test_sources_can_be_tried_together(here, capfd):
    """One that ends their process costs itself alone; what is not run is told of."""
    tests = here / "adapters" / "fake" / "tests"
    tests.mkdir(parents=True)
    (tests / "fake_corpus.py").write_text(TOGETHER)
    assert main(["--run"]) == 1
    assert [line.split() for line in capfd.readouterr().out.splitlines()][2:-1] == [
        ["read", "whole", "equal"],
        ["even", "+", "+"],
        ["dies", "-"],
        ["tired", "+", "+"],
        ["odd", "-"],
        ["4", "sources:", "2", "read,", "2", "whole,", "0", "equal"],
        ["2", "numbers:", "1", "read,", "1", "whole,", "0", "equal"],
        ["even", "not", "run:", "it", "is", "asleep"],
        ["tired", "not", "run:", "it", "is", "asleep"],
    ]


def test_what_takes_too_long_is_left(corpus):
    shutil.rmtree(corpus / "sources" / "good")
    (found,) = try_out([Case("fake", "good", "nowhere")], [], False, 0.01)
    assert found.crashed
    assert found.ways == {"read": "took longer than 0.01 seconds"}
