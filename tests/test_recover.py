"""What is written of a pipeline as plain Python is read back as that pipeline."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings

from bridge import recover
from bridge.emit.body import Body, body, kept_notebook
from bridge.emit.names import Names
from bridge.emit.pipeline import statements
from bridge.emit.python import finish, indent
from bridge.emit.remarks import several
from bridge.flow import Flow, Node, analyse
from bridge.lower.units import unit
from bridge.model import Pipeline
from bridge.recover.remarks import texts
from bridge.testing.cases import FAILING, PASSING, Case
from bridge.testing.programs import programs
from bridge.testing.roundtrip import never_run
from bridge.values import At, Fact, Input

ENDS = ("terminate", "terminate_inside", "terminate_composite")
"""Some of their steps never run."""

CASES = [case for case in (*PASSING, *FAILING) if case.name not in ENDS]


def whole(pipeline: Pipeline) -> tuple[Flow, Node]:
    """The pipeline as one unit."""
    found = unit(pipeline.steps, pipeline, "", pipeline.name)
    inner = replace(found.pipeline, on_failure=pipeline.on_failure)
    flow = analyse(replace(pipeline, steps=[replace(found, pipeline=inner)], on_failure=None))
    return flow, next(iter(flow.nodes.values()))


def written(pipeline: Pipeline) -> tuple[str, dict[str, Input]]:
    """A module with one function that does all the work, and what its arguments stand for."""
    flow, node = whole(pipeline)
    names = Names()
    facts = {r.argument.name: r.source for r in node.reads if isinstance(r.source, Fact)}
    values = {r.argument.name: names(r.argument.name) for r in node.reads}
    resolved: dict[str, Input] = {v: facts.get(n, At(n)) for n, v in values.items()}
    found: Body = body(flow, node, values, taken=[*values.values()], keep=kept_notebook("run_id"))
    lines = [f"def work({', '.join(values.values())}):", *indent(found.lines)]
    return finish("\n".join([*found.imports, "", *lines]), "work.py"), resolved


def again(text: str, arguments: dict[str, Input]) -> recover.Recovered:
    tree = recover.parse(text)

    def resolve(node: ast.expr) -> Input | None:
        return arguments.get(node.id) if isinstance(node, ast.Name) else None

    body = tree.body[-1].body  # type: ignore[attr-defined]
    return recover.recover(body, "", recover.imported(tree), resolve, text)


def assert_same(pipeline: Pipeline) -> None:
    text, arguments = written(pipeline)
    found = again(text, arguments)
    back = Pipeline(
        found.steps,
        pipeline.name,
        on_failure=found.on_failure,
        **{"order": pipeline.order, **found.more},
    )
    meant = Pipeline(
        pipeline.steps, pipeline.name, order=pipeline.order, on_failure=pipeline.on_failure
    )
    assert found.datasets == pipeline.datasets
    assert back == meant, f"{statements(meant)}\n{text}\n{statements(back)}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_cases(case: Case) -> None:
    assert_same(case.pipeline)


@settings(
    max_examples=60, deadline=None, database=None, derandomize=True,
    phases=[Phase.generate, Phase.shrink], suppress_health_check=[*HealthCheck],
)  # fmt: skip
@given(pipeline=programs())
def test_programs(pipeline: Pipeline) -> None:
    assume(not [*never_run(whole(pipeline)[0])])
    assert_same(pipeline)


# What is said in comments


def test_remarks_come_back() -> None:
    odd = ["a", "a b", "it's, this", "#", "x: y", "", "\n", "'", 'say "no"', "a = b", "é"]
    told = f"after: {several(odd)}"
    assert texts(recover.remarks([told])["after"]) == odd


def test_a_comment_of_a_person_is_no_remark() -> None:
    body = "# TODO: later\n# see https://example.org\nwith step('a'):\n    pass\n"
    tree = recover.parse(body)
    found = recover.recover(tree.body, "", {}, lambda node: None)
    assert [step.name for step in found.steps] == ["a"]


# What was not written by bridge

UNLIKE = {
    "no loop of ours": "for x in rows:\n    with step('a'):\n        f(x=x)",
    "two calls": "with step('a'):\n    y = f()\n    f(x=y)",
    "an unknown function": "with step('a'):\n    y = to_json(call(g), 'y')",
    "a sum": "with step('a'):\n    f(x=1 + n)",
    "another block": "with step('a'), open('b') as file:\n    f(x=1)",
    "another place": "with step('b.c'):\n    f()",
    "no Python": "with step('a')",
}


@pytest.mark.parametrize("text", UNLIKE.values(), ids=UNLIKE)
def test_other_code_is_not_taken_for_ours(text: str) -> None:
    at = "z." if "b.c" in text else ""
    with pytest.raises(recover.UnlikeError):
        recover.recover(recover.parse(text).body, at, {"f": "m:f"}, lambda node: None)
