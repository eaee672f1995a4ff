"""Steps that share a task of the target: who shares one, and that nothing changes by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import plain
import pytest

from bridge import (
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Retry,
    Stub,
    pickled,
)
from bridge.adapter import load
from bridge.compare import run_on
from bridge.errors import UsageError
from bridge.findings import Feature, Level, native
from bridge.lower.groups import grouping
from bridge.lower.lowering import lower
from bridge.order import components
from bridge.translate import check, lowered, render
from bridge.unit import Unit

pytestmark = pytest.mark.usefixtures("here")

A = {"fake": {"group": "a"}}
B = {"fake": {"group": "b"}}


def task(function, returns=(), **more):
    return PythonTask(function=function, returns=returns, **more)


def thing(**more):
    return task(plain.thing, [pickled("thing")], **more)


def size(name="size", **more):
    return task(plain.size, [name], name=name, **more)


def stubs(*names, **more):
    return Pipeline([Stub(name=name) for name in names], **more)


def outline(pipeline):
    """``a (b c) d``: the names of steps, those of a unit in parentheses."""
    parts = []
    for step in pipeline.steps:
        inner = outline(step.pipeline) if isinstance(step, Unit) else step.name
        parts.append(f"({inner})" if isinstance(step, Unit) else inner)
    return " ".join(parts)


def grouped(pipeline, way):
    """The outline of a pipeline for a target that has everything."""
    groups = grouping(pipeline, way, "fake")
    return outline(lower(pipeline, dict.fromkeys(Feature, native()), groups=groups).pipeline)


def one(name):
    return Pipeline([Stub(name=name)])


COMPOSITES = Pipeline(
    [
        Stub(name="a"),
        Parallel(name="p", branches={"x": one("b"), "y": one("c")}),
        Map(name="m", branch=one("d"), iterate_on="xs", iterate_as="x"),
        Conditional(name="c", parameter="flag", branches={True: one("e"), False: one("f")}),
        Loop(name="l", branch=one("g"), max_iterations=2),
    ],
    parameters={"xs": [1], "flag": True},
)


def test_each_composite_is_a_group() -> None:
    assert grouped(COMPOSITES, "composite") == "a (p) (m) (c) (l)"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, "a b c d"),
        ({"a": A}, "(a) b c d"),
        ({"a": A, "b": A}, "(a b) c d"),
        ({"a": A, "b": A, "c": B, "d": B}, "(a b) (c d)"),
        ({"a": {"other": {"group": "a"}}, "b": A}, "a (b) c d"),
    ],
)
def test_steps_of_one_mark_are_a_group(tags, expected) -> None:
    steps = [Stub(name=name, overrides=tags.get(name, {})) for name in "abcd"]
    assert grouped(Pipeline(steps), "tag") == expected


def test_a_group_may_be_named_like_a_step_that_is_not_in_it() -> None:
    b = {"fake": {"group": "b"}}
    steps = [Stub(name=n, overrides=b if n in "cd" else {}) for n in "abcde"]
    assert grouped(Pipeline(steps), "tag") == "a b (c d) e"


def test_what_is_not_tied_by_the_order_may_lie_between() -> None:
    steps = [Stub(name=n, overrides=A if n in "ac" else {}) for n in "abc"]
    assert grouped(Pipeline(steps, order="data"), "tag") == "(a c) b"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([thing(), size()], "(thing size)"),
        ([thing(), task(plain.one, ["x"]), size(), Stub(name="z")], "(thing one size) z"),
        ([task(plain.one, ["x"]), task(plain.double, ["y"])], "one double"),
        ([Stub(name="a"), thing(), size("s"), size("t")], "a (thing s t)"),
        ([thing(), size("s"), thing(name="again"), size("t")], "(thing s) (again t)"),
    ],
)
def test_steps_that_hand_on_objects_are_a_group(steps, expected) -> None:
    assert grouped(Pipeline(steps), "data") == expected


def test_only_those_between_join_where_the_data_decides_the_order() -> None:
    steps = [thing(), task(plain.one, ["x"]), size(), size("other", after=["one"])]
    found = Pipeline(steps, order="data")
    assert grouped(found, "data") == "(thing size other) one"
    steps[1] = task(plain.one, ["x"], after=["thing"])
    assert grouped(Pipeline(steps, order="data"), "data") == "(thing one size other)"


def test_objects_that_come_from_inside_a_composite() -> None:
    made = Parallel(name="p.q", branches={"x.y": Pipeline([thing()])})
    assert grouped(Pipeline([Stub(name="p"), made, size()]), "data") == "p (p.q size)"


def test_what_a_step_may_skip_is_in_its_group() -> None:
    ends = Stub(name="b", overrides=A, terminate_with_success=True)
    steps = [Stub(name="a", overrides=A), ends, Stub(name="c"), Stub(name="d")]
    assert grouped(Pipeline(steps), "tag") == "(a b c d)"
    handled = Stub(name="b", overrides=A, on_failure=one("h"))
    steps = [Stub(name="a", overrides=A), handled, Stub(name="c", after=["b"]), Stub(name="d")]
    assert grouped(Pipeline(steps, order="data"), "tag") == "(a b c) d"


@pytest.mark.parametrize(
    ("steps", "cycle"),
    [
        ([Stub(name="a", overrides=A), Stub(name="b"), Stub(name="c", overrides=A)], "b -> a"),
        ([Stub(name=n, overrides=A if n in "ac" else B) for n in "abcd"], "b -> a -> b"),
    ],
)
def test_a_step_that_must_run_in_between_is_refused(here, steps, cycle) -> None:
    with pytest.raises(UsageError) as caught:
        render(Pipeline(steps), "fake", group="tag")
    assert cycle in str(caught.value)
    assert "steps cannot share a task" in str(caught.value)
    assert "put the steps between into the group" in str(caught.value)
    with pytest.raises(UsageError, match="steps cannot share a task"):
        check(Pipeline(steps), "fake", "tag")


def test_an_unknown_way_is_refused() -> None:
    with pytest.raises(UsageError, match="there are composite, tag, data"):
        render(stubs("a"), "fake", group="size")


def test_a_long_chain_of_objects_is_grouped_in_time() -> None:
    steps = [thing(), *(size(f"s{i}") for i in range(2_000))]
    groups = grouping(Pipeline(steps), "data", "fake")
    assert (len(groups), len(set(groups.values()))) == (2_001, 1)
    edges = {str(i): [str(i - 1)] if i else ["99999"] for i in range(100_000)}
    assert len(components(edges)) == 1


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({}, []),
        ({"a": [], "b": ["a"], "c": ["b"]}, ["a", "b", "c"]),
        ({"a": ["b"], "b": ["a"], "c": ["b"]}, ["ab", "c"]),
        ({"a": ["c"], "b": ["a"], "c": ["b"], "d": ["d"]}, ["abc", "d"]),
        ({"a": ["b"], "b": [], "c": ["d"], "d": ["c", "b"]}, ["a", "b", "cd"]),
    ],
)
def test_components(edges, expected) -> None:
    assert sorted("".join(sorted(group)) for group in components(edges)) == expected


# What is computed stays the same


MARKED = Pipeline(
    [
        task(plain.listed, ["xs"], overrides=A),
        Map(
            name="m",
            branch=Pipeline([task(plain.double, ["d"])]),
            iterate_on="xs",
            iterate_as="x",
            overrides=A,
        ),
        thing(overrides=B, retry=Retry(1)),
        task(plain.grow, ["grown"], overrides=B),
        size(overrides=B),
        task(plain.write, overrides={"fake": {"group": "c"}}),
    ]
)
ENDS = Pipeline(
    [
        task(plain.one, ["x"], overrides=A),
        task(
            plain.fail, name="f", overrides=A, on_failure=Pipeline([task(plain.pair, ["h", "i"])])
        ),
        task(plain.double, ["never"]),
    ]
)
TERMINATED = Pipeline(
    [
        task(plain.one, ["x"], overrides=A),
        task(plain.double, ["y"], overrides=A, retry=Retry(1), terminate_with_success=True),
        task(plain.one, ["never"], name="after"),
    ]
)
MAPPED = Pipeline(
    [
        Map(name="m", branch=Pipeline([thing(), size()]), iterate_on="ns", iterate_as="n"),
        task(plain.whatever, ["sizes"], inputs={"value": "size"}),
    ],
    parameters={"ns": [1, 2]},
)

GATHERED = replace(
    MAPPED,
    steps=[
        Map(name="m", branch=Pipeline([thing()]), iterate_on="ns", iterate_as="n"),
        task(plain.kind, ["k"], inputs={"value": "thing"}),
    ],
)


@pytest.mark.parametrize(
    ("pipeline", "way"),
    [(MARKED, "tag"), (MARKED, "data"), (ENDS, "tag"), (TERMINATED, "tag"), (MAPPED, "composite")],
)
def test_the_record_is_that_of_a_local_run(here: Path, pipeline, way) -> None:
    local = run_on(pipeline, "local", {}, here / "local")
    shared = run_on(pipeline, "fake", {}, here / "fake", group=way)
    assert local.status == shared.status == "succeeded"
    for kind in ("parameters", "objects", "files"):
        assert getattr(shared, kind) == getattr(local, kind)
    ends = [{step.name: step.status for step in run.steps} for run in (local, shared)]
    assert ends[0] == ends[1]


def test_the_findings_tell_of_it() -> None:
    codes = {f.step: f.code for f in check(MARKED, "fake", "tag").findings if f.feature == "python"}
    assert codes["size"] == "python.emulated"
    (found,) = [f for f in check(MARKED, "fake", "tag").findings if f.step == "size"][:1]
    assert found.message == "function of 'size' is emulated: it shares a task with others"
    totals = check(MARKED, "fake", "tag").totals()
    assert totals["read"] == sum(n for name, n in totals.items() if name != "read")


# A target between whose tasks no object goes


@pytest.fixture
def json_only(monkeypatch):
    """The fake adapter as one that hands on JSON alone."""
    fake = load("fake")
    refused = fake.support[Feature.RESOURCES]
    monkeypatch.setattr(fake, "support", {**fake.support, Feature.PICKLED: refused})


def objects(report):
    return [(f.step, f.level, f.message) for f in report.findings if f.feature is Feature.PICKLED]


@pytest.mark.usefixtures("json_only")
def test_objects_that_would_leave_their_task_are_refused_together() -> None:
    handler = Pipeline([size("counted")])
    steps = [thing(), size(), task(plain.fail, on_failure=handler), thing(name="unused")]
    found = check(Pipeline(steps), "fake")
    assert objects(found) == [
        (
            "thing",
            Level.UNSUPPORTED,
            "returns['thing'] of 'thing' cannot be carried: an object cannot leave its task, from "
            "where it goes to 'size' and 'fail.on_failure.counted'",
        ),
        (
            "unused",
            Level.UNSUPPORTED,
            "returns['thing'] of 'unused' cannot be carried: an object cannot leave its task, from "
            "where it goes to 'size' and 'fail.on_failure.counted'",
        ),
    ]


@pytest.mark.usefixtures("json_only")
def test_an_object_that_stays_inside_its_task_is_carried(here: Path) -> None:
    pipeline = Pipeline([thing(), size()])
    assert check(pipeline, "fake").refused()
    assert objects(check(pipeline, "fake", "data")) == [
        (
            "thing",
            Level.APPROXIMATED,
            "returns['thing'] of 'thing' is approximated: the object stays inside its task and is "
            "none of the results",
        )
    ]
    (unit,) = lowered(pipeline, "fake", "data").pipeline.steps
    assert isinstance(unit, Unit)
    assert unit.keeps == ["thing"]
    shared = run_on(pipeline, "fake", {}, here / "fake", group="data")
    assert (shared.parameters, shared.objects) == ({"size": 3}, {})


@pytest.mark.usefixtures("json_only")
@pytest.mark.parametrize(
    ("pipeline", "leaves"),
    [
        (MAPPED, False),  # made and used in one item
        (GATHERED, True),
        (Pipeline([thing(), Loop(name="l", branch=Pipeline([size()]), max_iterations=2)]), True),
        (Pipeline([Loop(name="l", branch=Pipeline([thing(), size()]), max_iterations=2)]), False),
        (Pipeline([thing(), size(retry=Retry(1))]), True),
        (Pipeline([thing(retry=Retry(1))]), False),
        (Pipeline([thing(), size()], on_failure=one("h")), False),
    ],
)  # fmt: skip
def test_what_lowering_puts_into_one_task_needs_no_mending(pipeline, leaves) -> None:
    assert bool(check(pipeline, "fake").refused()) is leaves
