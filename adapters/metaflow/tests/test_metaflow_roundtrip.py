"""What the writer writes is read as the pipeline that it was written from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge import Conditional, Map, Parallel, Pipeline, PythonTask, translate
from bridge.adapter import Options, Source, load
from bridge.emit.python import finish
from bridge.flow import analyse
from bridge.testing.agreement import lacking, sample
from bridge.testing.cases import FAILING, PASSING, Case
from bridge.testing.roundtrip import changes, never_run
from bridge_metaflow.reading.own.check import is_written_so
from bridge_metaflow.reading.own.flow import Guess, guess
from bridge_metaflow.reading.source import load as load_flow

NEVER_RUN = ("terminate", "terminate_composite", "terminate_inside")
"""The cases with steps that can never run: a flow has no place for them."""


def task(function: str, name: str, **more: Any) -> PythonTask:
    return PythonTask(function=f"conformance_functions:{function}", name=name, **more)


def written(pipeline: Pipeline, folder: Path) -> Path:
    lowered = translate.lowered(pipeline, "metaflow").pipeline
    files = load("metaflow").write(lowered, Options()).files
    flow = folder / next(name for name in files if name.endswith("flow.py"))
    flow.write_text(finish(files[flow.name], flow.name), encoding="utf-8")
    return flow


def guessed(flow: Path) -> Guess:
    found = guess(load_flow(flow))
    assert found
    return found


@pytest.mark.parametrize("case", [*PASSING, *FAILING], ids=lambda case: case.name)
def test_a_case_comes_back(case: Case, tmp_path: Path) -> None:
    flow = written(case.pipeline, tmp_path)
    found = guessed(flow).pipeline
    assert (found == case.pipeline) is (case.name not in NEVER_RUN)


@pytest.mark.parametrize("seed", [2, 7])
def test_random_programs_come_back(seed: int, tmp_path: Path) -> None:
    known = [p for p in sample(22, seed, lacking("metaflow")) if not [*never_run(analyse(p))]]
    assert len(known) >= 20
    for program in known:
        found = guess(load_flow(written(program, tmp_path)))
        assert found
        assert changes(program, found.pipeline) == []


def test_what_only_comments_tell_of_comes_back(tmp_path: Path) -> None:
    """A branch with an empty key that begins with a split, a reducer of nothing, and order."""
    side = Pipeline(
        [
            task("one", "left", returns=["a b"]),
            task("one", "right", returns=["b"], on_failure=Pipeline([task("one", "mended")])),
        ],
        "inner",
        order="data",
    )
    handled = Pipeline(
        [task("one", "alone")], "handled", order="data", on_failure=Pipeline([task("one", "two")])
    )
    steps = [
        Conditional(name="which", parameter="key", branches={"": side}),
        Map(
            name="each",
            iterate_on="items",
            iterate_as="item",
            branch=Pipeline([task("one", "nothing")]),
            reducer="conformance_functions:total",
        ),
        Parallel(name="fork", branches={"first": handled}),
    ]
    pipeline = Pipeline(steps, "told", parameters={"key": "", "items": [1]})
    assert changes(pipeline, guessed(written(pipeline, tmp_path)).pipeline) == []


CASES = {case.name: case for case in PASSING}
CHANGES = (
    ("handled_files", "upstream=[self.write_files]", "upstream=[]"),
    ("handled_files", "True: self.read, False: self.end", "True: self.end, False: self.read"),
    ("map_files", '(inputs, exclude=["write_item_files"])', "(inputs)"),
    ("handled_item", "hit_x = ABSENT\n", "hit_x = 0\n"),
    ("shell", "        results = ", "        print()\n        results = "),
    ("conditional_default", "default=True", "default=False"),
    ("secrets", '"CONFORMANCE_TOKEN"):', '"ANOTHER"), secrets("CONFORMANCE_TOKEN"):'),
)


@pytest.mark.parametrize(("name", "old", "new"), CHANGES, ids=range(len(CHANGES)))
def test_what_is_changed_is_not_taken_for_what_was_written(
    name: str, old: str, new: str, tmp_path: Path
) -> None:
    flow = written(CASES[name].pipeline, tmp_path)
    source = load_flow(flow)
    assert is_written_so(source, guessed(flow).pipeline)
    text = flow.read_text(encoding="utf-8")
    assert old in text
    flow.write_text(text.replace(old, new, 1), encoding="utf-8")
    changed = load_flow(flow)
    found = guess(changed)
    assert found is None or not is_written_so(changed, found.pipeline)


def test_a_project_is_read_as_what_it_was_written_from(tmp_path: Path) -> None:
    pipeline = CASES["handled_files"].pipeline
    translate.write(pipeline, "metaflow", tmp_path / "project")
    found = load("metaflow").read(Source(tmp_path / "project" / "flow.py"))
    assert found.pipeline == pipeline
    assert not found.files
    assert not found.report.refused()
    assert {Path(str(s.where.file)).name for s in found.pipeline.steps if s.where} == {"flow.py"}
