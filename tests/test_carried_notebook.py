"""Notebooks, run for real: each run starts a kernel, so there are few and each looks at much."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from bridge.carried.notebook import run_notebook


def _notebook(path: Path, *sources: str, declares: str = "") -> Path:
    tags = {"tags": ["parameters"]}
    cells = [_cell(declares, tags)] if declares else []
    cells += [_cell(source, {}) for source in sources]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(book), encoding="utf-8")
    return path


def _cell(source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    cell = {"cell_type": "code", "metadata": metadata, "source": source, "outputs": []}
    return {**cell, "execution_count": None}


VALUES: dict[str, Any] = {
    "nothing": None,
    "yes": True,
    "no": False,
    "big": 2**4000,
    "negative": -1,
    "tenth": 0.1,
    "tiny": 5e-324,
    "zero": -0.0,
    "whole": 1.0,
    "text": 'it\'s "quoted"\\ \\n {x} {{y}} %s $HOME\n\ttab\r\x00 \x1b[0m ü \N{SNOWMAN} \U0001f600',
    "empty": "",
    "lists": [[], [None, [1, [2.5, "x"]]]],
    "tree": {"": 1, "a\"b'c\\": {"ü\n": [True, None]}, "none": {}},
    "deep": eval("[" * 90 + "]" * 90),
}


def _without_libzmq(text: str) -> str:
    """What is left when the words of libzmq and of the kernel itself are not counted.

    On a busy machine they now and then say "Assertion failed: ... (src/signaler.cpp:238)" or
    "KeyboardInterrupt caught in kernel" as a kernel that has done its work goes away.
    """
    chatter = ("(src/signaler.cpp:", "KeyboardInterrupt caught in kernel")
    lines = text.splitlines(True)
    return "".join(line for line in lines if not any(words in line for words in chatter))


def test_values_go_in_and_come_back_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    work = tmp_path / "work {x}"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("FROM_CALLER", "1")
    _notebook(
        tmp_path / "project" / "a b.ipynb",
        "import os, sys; import numpy, pandas\nprint('noise'); print('more', file=sys.stderr)",
        "import pathlib\n_ = pathlib.Path('runs').open('a').write('x')",
        "where = [os.getcwd(), sys.executable, os.environ['FROM_CALLER']]",
        "score = numpy.float64(0.5); frame = pandas.DataFrame({'a': [1, None]})",
        "frame",
        declares="yes = no = text = None",
    )
    kinds = {"where": "json", "score": "json", "frame": "pickled", "yes": "pickled"}
    returned = run_notebook(
        "a b.ipynb",
        VALUES,
        dict.fromkeys(VALUES, "json") | kinds,
        save_as="kept/executed.ipynb",
        root=tmp_path / "project",
    )
    pd.testing.assert_frame_equal(returned.pop("frame"), pd.DataFrame({"a": [1, None]}))
    assert returned.pop("where") == [str(work), sys.executable, "1"]
    score = returned.pop("score")
    assert (score, type(score)) == (0.5, float)
    assert returned == VALUES
    assert repr(returned) == repr({name: VALUES[name] for name in returned})

    assert (work / "runs").read_text() == "x"  # once
    assert sorted(path.name for path in work.iterdir()) == ["kept", "runs"]
    output = capfd.readouterr()
    assert (output.out, _without_libzmq(output.err)) == ("", "")

    kept = json.loads((work / "kept/executed.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in kept["cells"]]
    assert len(sources) == 7  # five, what it declares, and what was given
    assert sources[-1] == "frame"
    assert [cell["execution_count"] for cell in kept["cells"]] == list(range(1, 8))
    assert "noise\n" in kept["cells"][2]["outputs"][0]["text"]
    assert "text/html" in kept["cells"][-1]["outputs"][0]["data"]
    assert str(tmp_path) not in json.dumps(kept).replace(str(work), "")


def test_a_cell_that_fails_is_told_and_kept(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    book = _notebook(tmp_path / "n.ipynb", "a = 1", "b = a / 0", "c = 1")
    kept = tmp_path / "kept.ipynb"
    with pytest.raises(RuntimeError) as caught:
        run_notebook(book, {}, {"c": "json"}, save_as=kept)
    assert str(caught.value) == (
        "notebook 'n.ipynb' failed in cell [2]: ZeroDivisionError: division by zero"
    )
    text = kept.read_text()
    assert "ZeroDivisionError" in text
    assert "_hand_over" not in text
    assert _without_libzmq(capfd.readouterr().err) == ""


RETURNS = """
class Own: pass
own = Own()
made = (i for i in ())
missing = float('nan')
"""


def test_returns_that_are_not_what_was_declared_are_named(tmp_path: Path) -> None:
    """One kernel for all of them: what each is told does not depend on the others."""
    book = _notebook(tmp_path / "n.ipynb", RETURNS)
    from bridge.carried import notebook

    found: dict[str, Any] = {}
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(notebook, "_value", lambda name, kind, values, book: values.get(name))
        found = run_notebook(book, {}, dict.fromkeys(["own", "made", "missing", "never"], "json"))
    given = {name: value for name, value in found.items() if value is not None}
    for name, kind, message in (
        ("never", "json", "notebook 'n' has not set 'never', which it is to return"),
        ("made", "pickled", "'made' of notebook 'n' of type generator cannot be pickled: "),
        ("own", "pickled", "'own' of notebook 'n' needs what only the notebook defines: "),
        ("missing", "json", "missing is nan; JSON would not bring it back as it is: declare it"),
    ):
        with pytest.raises(ValueError, match=name) as caught:
            notebook._value(name, kind, given, "n")
        assert str(caught.value).startswith(message)


def test_a_kernel_that_dies_is_told(tmp_path: Path) -> None:
    book = _notebook(tmp_path / "n.ipynb", "import os; os._exit(3)")
    with pytest.raises(RuntimeError, match=r"notebook 'n\.ipynb' failed: its kernel died"):
        run_notebook(book, {}, {}, save_as=tmp_path / "kept.ipynb")
    assert (tmp_path / "kept.ipynb").exists()


def test_what_cannot_be_run_is_told_before_a_kernel_starts(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.ipynb"):
        run_notebook("none.ipynb", {}, root=tmp_path)
    with pytest.raises(ValueError, match="rate is nan"):
        run_notebook("none.ipynb", {"rate": float("nan")}, root=tmp_path)
    assert os.listdir(tmp_path) == []  # noqa: PTH208
