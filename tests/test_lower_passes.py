"""Each pass over a pipeline by itself: what it is given, and what it makes of it.

In an outline ``{a b}`` is a unit, ``each*(a)`` a map or a loop, ``p(l: a | r: b)`` branches,
``a !(h)`` a step whose failure is handled.
"""

from __future__ import annotations

import pytest

from bridge import (
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    Stub,
    pickled,
)
from bridge.findings import Feature, Level, Support, account, attributes, lowered, native
from bridge.findings import unsupported as not_there
from bridge.lower import LOWERED, conditionals, failures, loops, lower, maps, policies
from bridge.lower.rebuild import rebuilt
from bridge.lower.units import members, unit
from bridge.lower.without import without
from bridge.model import Composite
from bridge.unit import Unit


def outline(pipeline):
    text = " ".join(map(_step, pipeline.steps))
    return f"{text} !({outline(pipeline.on_failure)})" if pipeline.on_failure else text


def _step(step):
    text = step.name
    if isinstance(step, Unit):
        text = f"{{{outline(step.pipeline)}}}"
    elif isinstance(step, Map | Loop):
        text += f"*({outline(step.branch)})"
    elif isinstance(step, Composite):
        branches = (f"{key}: {outline(inner)}" for key, inner in step.pipelines().items())
        text += f"({' | '.join(branches)})"
    return f"{text} !({outline(step.on_failure)})" if step.on_failure else text


def of(*steps, **more):
    return Pipeline([Stub(name=s) if isinstance(s, str) else s for s in steps], **more)


def each(*steps, name="each", **more):
    return Map(name=name, branch=of(*steps), iterate_on="xs", iterate_as="x", **more)


def loop(*steps, **more):
    return Loop(name="loop", branch=of(*steps), max_iterations=2, **more)


def either(default=None, **branches):
    inner = {key: of(*steps.split()) for key, steps in branches.items()}
    return Conditional(name="if", parameter="x", branches=inner, default=default)


def both(**branches):
    return Parallel(name="p", branches={k: of(*v.split()) for k, v in branches.items()})


def handled(name, handler="h", **more):
    return Stub(name=name, on_failure=of(handler), **more)


def table(*passes, **more):
    """The support of a target that lacks what these passes lower, and has the rest."""
    gone = {feature: LOWERED[feature] for found in passes for feature in found.FEATURES}
    return dict.fromkeys(Feature, native()) | gone | more


def lack(*features):
    return dict.fromkeys(Feature, native()) | {f: lowered("not there") for f in features}


@pytest.mark.parametrize(
    ("lacking", "read", "write"),
    [
        (maps.FEATURES, of("a", each("b"), "c"), "a {each*(b)} c"),
        (maps.FEATURES, of(each(each("a", name="inner"))), "{each*(inner*(a))}"),
        (maps.FEATURES, of(both(l="a", r="b")), "p(l: a | r: b)"),
        ([Feature.MAP_NESTED], of(each("a"), each(each("b", name="i"), name="o")),
         "each*(a) {o*(i*(b))}"),
        ([Feature.MAP_NESTED], of(each(loop(each("b", name="i")))), "{each*(loop*(i*(b)))}"),
        ([Feature.MAP_REDUCER], of(each("a"), each("b", name="m", reducer="math:fsum")),
         "each*(a) {m*(b)}"),
    ],
)  # fmt: skip
def test_maps(lacking, read, write):
    assert outline(lower(read, lack(*lacking)).pipeline) == write


@pytest.mark.parametrize(
    ("read", "write"),
    [
        (of("a", either(x="b", y="c d")), "a {if(x: b | y: c d)}"),
        (of(either(x="a", default=of("b"))), "{if(x: a | default: b)}"),
        (of(each(either(x="a"))), "each*({if(x: a)})"),
        (of(loop("a")), "loop*(a)"),
    ],
)
def test_conditionals(read, write):
    assert outline(lower(read, table(conditionals)).pipeline) == write


@pytest.mark.parametrize(
    ("read", "write"),
    [
        (of("a", loop("b", "c")), "a {loop*(b c)}"),
        (of(either(x="a", default=of(loop("b")))), "if(x: a | default: {loop*(b)})"),
        (of(each("a")), "each*(a)"),
    ],
)
def test_loops(read, write):
    assert outline(lower(read, table(loops)).pipeline) == write


@pytest.mark.parametrize(
    "policy",
    [
        {"retry": Retry(1)},
        {"timeout": 1},
        {"environment": {"A": "b"}},
        {"secrets": ["A"]},
        {"terminate_with_failure": True},
    ],
)
def test_policies(policy):
    read = of("a", Stub(name="b", **policy), each(Stub(name="c", **policy)))
    assert outline(lower(read, table(policies)).pipeline) == "a {b} each*({c})"
    (name,) = policy
    others = [f for n, f in policies._ATTRIBUTES.items() if n != name]
    assert outline(lower(read, lack(*others)).pipeline) == "a b each*(c)"


@pytest.mark.parametrize(
    ("read", "write"),
    [
        (of("a", handled("b"), "c", "d"), "a {b !(h) c d}"),
        (of("a", handled("b")), "a {b !(h)}"),
        (of(handled("a"), "b", handled("c", "i")), "{a !(h) b c !(i)}"),
        (of(handled("a"), Stub(name="b", after=["a"]), "c", order="data"), "{a !(h) b} c"),
        (of(handled("a"), handled("b", "i"), order="data"), "{a !(h)} {b !(i)}"),
        (of(handled("a"), handled("b"), Stub(name="c", after=["a", "b"]), order="data"),
         "{a !(h) b !(h) c}"),
        (of("a", each(handled("b"), "c")), "a each*({b !(h) c})"),
        (of(each("a", on_failure=of("h")), "b"), "{each*(a) !(h) b}"),
        (of("a", both(l="b"), on_failure=of("h")), "{a p(l: b) !(h)}"),
        (of("a", Parallel(name="p", branches={"l": of(handled("b"))})), "a {p(l: b !(h))}"),
        (of("a", Parallel(name="p", branches={"l": of("b", on_failure=of("h"))})),
         "a {p(l: b !(h))}"),
    ],
)  # fmt: skip
def test_failures(read, write):
    assert outline(lower(read, table(failures)).pipeline) == write


def test_a_pipeline_inside_whose_failure_is_handled_is_one_unit():
    inner = Pipeline([Stub(name="a"), Stub(name="b")], "inner", on_failure=of("h"))
    read = of(Map(name="each", branch=inner, iterate_on="xs", iterate_as="x"))
    assert outline(lower(read, table(failures)).pipeline) == "each*({a b !(h)})"


@pytest.mark.parametrize(
    ("read", "write"),
    [
        (of(Stub(name="a", on_failure=of(loop("b")))), "a !({loop*(b)})"),
        (of("a", on_failure=of(loop("b"))), "a !({loop*(b)})"),
        (of(each(loop("a"), on_failure=of("h"))), "each*({loop*(a)}) !(h)"),
        (of(each("a", on_failure=of(loop("b")))), "each*(a) !({loop*(b)})"),
    ],
)
def test_what_a_handler_holds_is_lowered_where_the_target_has_handlers(read, write):
    assert outline(lower(read, table(loops)).pipeline) == write


def test_all_of_it_at_once():
    read = of(
        Stub(name="a", retry=Retry(1)),
        both(l="b", r="c"),
        each(loop("d"), either(x="e")),
        handled("f"),
        loop("g"),
    )
    given = table(maps, conditionals, loops, failures, policies)
    write = "{a} p(l: b | r: c) {each*(loop*(d) if(x: e))} {f !(h) loop*(g)}"
    assert outline(lower(read, given).pipeline) == write
    assert lower(read, dict.fromkeys(Feature, native())).pipeline == read


def test_what_there_is_no_place_for_is_lowered_too():
    read = of("a", each("b", "c"), loop("d"))
    found = lower(read, lack(), {"each.b": "no room", "loop": "no loops here"})
    assert outline(found.pipeline) == "a each*({b} c) {loop*(d)}"
    assert found.units == {"each.b": "no room", "loop": "no loops here"}


# Units


def test_a_unit_waits_for_what_its_steps_waited_for():
    a, b = Stub(name="a", after=["x", "y"]), Stub(name="b", after=["a", "y", "z"])
    found = unit([a, b], of("x", "y", "z", a, b, order="data"), "why")
    assert (found.name, found.why) == ("a", "why")
    assert found.after == ("x", "y", "z")
    assert [step.after for step in found.pipeline.steps] == [(), ("a",)]
    assert found.pipeline.order == "data"


def test_a_unit_asks_for_all_that_its_tasks_ask_for():
    small = Stub(name="a", resources=Resources(cpu=1, memory=9), dependencies=["n", "m"])
    large = Stub(name="b", resources=Resources(cpu=4), dependencies=["o", "n"], image="i")
    found = unit([small, each(large), Stub(name="c", image="j")], of("x"), "")
    assert found.resources == Resources(cpu=4, memory=9)
    assert found.dependencies == ["n", "m", "o"]
    assert found.image == "i"
    assert unit([Stub(name="a")], of("a"), "").resources is None


def test_the_first_step_that_overrides_wins():
    one, two = Stub(name="a", overrides={"x": {"n": 1}}), Stub(name="b", overrides={"x": {"n": 2}})
    assert unit([one, two], of(one, two), "").overrides == {"x": {"n": 1}}


def test_a_unit_ends_its_pipeline_where_a_step_of_it_does():
    ends = Stub(name="a", retry=Retry(1), terminate_with_success=True)
    (found, _) = lower(of(ends, "b"), table(policies)).pipeline.steps
    assert isinstance(found, Unit)
    assert found.terminate_with_success


def test_the_members_of_units():
    read = of("a", each(handled("b"), "c"), loop("d"))
    found = lower(read, table(failures, loops)).pipeline
    assert members(found) == {
        "each.b": "each.b",
        "each.b.on_failure.h": "each.b",
        "each.c": "each.b",
        "loop": "loop",
        "loop.d": "loop",
    }


# What is told


def told(read, support):
    findings = lower(read, support).tell(account(read, support).findings)
    return {(f.step, f.attribute): (str(f.level), f.message.partition(": ")[2]) for f in findings}


def test_what_is_in_a_unit_is_emulated_by_it():
    found = told(of("a", each(Stub(name="b", retry=Retry(1)))), table(maps))
    assert found["a", "stub"] == ("carried", "")
    for key in [("each", "iterate_on"), ("each.b", "stub"), ("each.b", "retry")]:
        assert found[key] == ("emulated", maps.HOW)


def test_a_task_keeps_its_level_where_only_its_policy_is_code():
    found = told(of(Stub(name="a", retry=Retry(1), image="i")), table(policies))
    assert found["a", "stub"] == ("carried", "")
    assert found["a", "image"] == ("carried", "")
    assert found["a", "retry"] == ("emulated", policies.HOW)


def test_what_is_refused_stays_refused_in_a_unit():
    support = table(maps, **{Feature.STUB: not_there("no stubs")})
    assert told(of(each("a")), support)["each.a", "stub"] == ("unsupported", "no stubs")
    near = Support(Level.APPROXIMATED, "tags")
    found = told(of(each(Stub(name="a", image="i"))), table(maps, **{Feature.IMAGE: near}))
    assert found["each.a", "image"] == ("approximated", "tags")


# What several passes use


def test_every_pipeline_inside_a_step_can_be_changed():
    step = either(x="a", default=of("b"))
    step = Conditional(**{**vars(step), "on_failure": of("h")})
    seen = []

    def change(inner, key):
        seen.append(key)
        return of(*(f"{s.name}2" for s in inner.steps))

    assert _step(rebuilt(step, change)) == "if(x: a2 | default: b2) !(h2)"
    assert seen == [".x", ".default", ".on_failure"]
    assert rebuilt(Stub(name="a"), change) == Stub(name="a")


@pytest.mark.parametrize("step", [each("a"), loop("a"), both(l="a"), either(x="a")])
def test_a_step_of_which_nothing_changes_is_the_same(step):
    assert rebuilt(step, lambda inner, key: inner) == step


def test_attributes_are_left_out_wherever_they_stand():
    policed = Stub(name="a", timeout=1, image="i")
    read = of(
        policed,
        both(l="b"),
        Map(name="each", branch=of(policed), iterate_on="xs", iterate_as="x"),
        Conditional(name="if", parameter="x", branches={1: of(policed)}, default=of(policed)),
        Stub(name="h", on_failure=of(policed)),
        schedule="@daily",
        on_failure=of(policed, description="handler"),
    )
    gone = {"timeout", "schedule", "description"}
    leave = [attribute for attribute in attributes(read) if attribute.attribute in gone]
    assert len(leave) == 8
    kept = [attribute for attribute in attributes(read) if attribute.attribute not in gone]
    assert list(attributes(without(read, leave))) == kept
    assert without(read, []) == read


def test_objects_stay_as_they_are_where_they_may_leave_a_task():
    read = of(PythonTask(function="plain:thing", returns=[pickled("t")], retry=Retry(1)))
    (found,) = lower(read, table(policies)).pipeline.steps
    assert isinstance(found, Unit)
    assert found.keeps == ()
