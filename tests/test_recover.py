"""What is written of a pipeline as plain Python is read back as that pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bridge import recover
from bridge.emit.body import Body, body, kept_notebook
from bridge.emit.names import Names
from bridge.emit.pipeline import statements
from bridge.emit.python import finish, indent
from bridge.flow import Flow, Node, analyse
from bridge.lower.units import unit
from bridge.model import Pipeline
from bridge.testing.cases import FAILING, PASSING
from bridge.testing.programs import programs
from bridge.values import At, Fact, Input

CASES = [*PASSING, *FAILING]


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
    resolve: Callable[..., Input | None] = lambda node: arguments.get(getattr(node, "id", ""))
    function = tree.body[-1]
    return recover.recover(
        function.body,
        "",
        recover.imported(tree),
        resolve,
        text,  # type: ignore[attr-defined]
    )


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
def test_cases(case) -> None:  # type: ignore[no-untyped-def]
    assert_same(case.pipeline)


@settings(max_examples=150, deadline=None, database=None, derandomize=True,
          phases=[Phase.generate, Phase.shrink], suppress_health_check=[*HealthCheck])  # fmt: skip
@given(pipeline=programs())
def test_programs(pipeline: Pipeline) -> None:
    assert_same(pipeline)
