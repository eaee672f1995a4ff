"""What maps, conditionals, loops and handlers promise about names, and refuse, before a run."""

from __future__ import annotations

import plain
import pytest

from bridge import (
    Catalog,
    Conditional,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Retry,
    ShellTask,
    Stub,
    at,
    pickled,
)
from bridge.errors import ModelError
from bridge.flow import analyse


def task(function, name="", **more):
    return PythonTask(function=function, name=name, **more)


def sets(name, function=plain.one):
    return Pipeline([task(function, "sets", returns=[name])])


def reads(name, step="reads", **more):
    """A task that cannot do without the name."""
    return task(plain.whatever, step, inputs={"value": name}, **more)


def may_read(name, step="may read"):
    """A task that can do without the name."""
    return task(plain.greet, step, inputs={"name": "text", "greeting": name})


def nothing(name="nothing"):
    return Pipeline([Stub(name=name)])


def each(branch, **more):
    return Map(name="each", branch=branch, iterate_on="items", iterate_as="item", **more)


def which(*branches, **more):
    keys = (True, False)
    return Conditional(
        name="which", parameter="flag", branches=dict(zip(keys, branches, strict=False)), **more
    )


def again(branch, **more):
    return Loop(name="again", branch=branch, **{"max_iterations": 2, **more})


def fork(**branches):
    return Parallel(name="fork", branches=branches)


def risky(handler, **more):
    return task(plain.one, "risky", on_failure=handler, **more)


GIVEN = {"items": [1], "flag": True, "text": "a", "n": 1}

LEGAL = {
    "a name that every branch sets": [which(sets("x"), sets("x")), reads("x")],
    "a name that every branch and the default set": [
        which(sets("x"), default=sets("x")),
        reads("x"),
    ],
    "the one branch there is": [which(sets("x")), reads("x")],
    "a name bound before": [which(sets("n"), nothing()), reads("n")],
    "a name that is absent perhaps, with a default": [
        which(sets("x"), nothing()),
        may_read("x"),
    ],
    "a list from a map": [each(sets("x")), reads("x")],
    "a list of what few items set": [
        each(Pipeline([which(sets("x"), nothing())])),
        reads("x"),
    ],
    "a name that a loop sets": [again(sets("x")), reads("x")],
    "what follows a step with a handler": [risky(nothing(), returns=["x"]), reads("x")],
    "what follows a composite with a handler": [
        each(sets("x"), on_failure=nothing()),
        reads("x"),
    ],
    "a handler that sets what the others set": [
        fork(a=Pipeline([risky(sets("x"), returns=["x"])]), b=sets("y")),
        reads("x"),
    ],
    "branches of one name in a map": [each(Pipeline([fork(a=sets("x"), b=sets("x"))]))],
    "a place inside a value to decide": [
        Conditional(name="which", parameter=at("n", "a"), branches={1: nothing()})
    ],
    "an item in a branch": [each(Pipeline([reads("item")]))],
    "the number in a loop": [again(Pipeline([reads("i")]), index_as="i")],
    "a loop that breaks on a parameter": [again(nothing(), break_on="flag")],
    "an object from a map": [each(sets("x", plain.thing)), reads("x")],
    "files of a branch that is taken perhaps": [
        which(Pipeline([task(plain.write, catalog=Catalog(put=["a.txt"]))]), nothing()),
        task(plain.read, catalog=Catalog(get=["a.txt"])),
    ],
    "files of a step that failed, for its handler": [
        task(
            plain.write,
            catalog=Catalog(put=["a.txt"]),
            on_failure=Pipeline([task(plain.read, catalog=Catalog(get=["a.txt"]))]),
        )
    ],
}


@pytest.mark.parametrize("steps", LEGAL.values(), ids=LEGAL)
def test_what_is_certain_may_be_read(steps):
    flow = analyse(Pipeline(steps, parameters=GIVEN))
    assert {step.name for step in steps} == set(flow.steps)


def test_a_handler_of_a_pipeline_may_read_what_was_there_before_it():
    steps = [task(plain.one, returns=["n"]), Stub(name="next")]
    analyse(Pipeline(steps, parameters=GIVEN, on_failure=Pipeline([reads("n")])))


PERHAPS = "set only on some ways through the pipeline"
NOWHERE = "is produced by no earlier step and is no parameter"

REFUSED = {
    # Names that are not there, or perhaps not
    "a name only one branch sets": ([which(sets("x"), nothing()), reads("x")], PERHAPS),
    "a name the default does not set": (
        [which(sets("x"), sets("x"), default=nothing()), reads("x")],
        PERHAPS,
    ),
    "a name one branch sets, for a map": (
        [
            which(sets("x"), nothing()),
            Map(name="m", branch=nothing(), iterate_on="x", iterate_as="i"),
        ],
        "iterate_on of 'm' is 'x', which is set only on some ways",
    ),
    "a name one branch sets, inside a loop": (
        [which(sets("x"), nothing()), again(Pipeline([reads("x")]))],
        PERHAPS,
    ),
    "a name one branch sets, to a command": (
        [
            which(sets("x"), nothing()),
            ShellTask(name="command", command="true", inputs=["x"]),
        ],
        PERHAPS,
    ),
    "a name in two conditionals": (
        [
            which(sets("x"), nothing()),
            Conditional(
                name="other", parameter="flag", branches={True: nothing(), False: sets("x")}
            ),
            reads("x"),
        ],
        PERHAPS,
    ),
    "a name of a handler": (
        [fork(a=Pipeline([risky(sets("x"))]), b=nothing()), reads("x")],
        PERHAPS,
    ),
    "a name of what a handler takes the place of": (
        [fork(a=Pipeline([risky(nothing()), *sets("x").steps]), b=nothing()), reads("x")],
        PERHAPS,
    ),
    "a name of a step, for the handler of its pipeline": (
        [again(Pipeline([*sets("x").steps, Stub(name="next")], on_failure=Pipeline([reads("x")])))],
        PERHAPS,
    ),
    "a name of a failed step, for its handler": (
        [risky(Pipeline([reads("x")]), returns=["x"])],
        NOWHERE,
    ),
    "the item after its map": ([each(nothing()), reads("item")], NOWHERE),
    "the item for the handler of its map": (
        [each(nothing(), on_failure=Pipeline([reads("item")]))],
        NOWHERE,
    ),
    "the number after its loop": ([again(nothing(), index_as="i"), reads("i")], NOWHERE),
    "a name of another branch": ([fork(a=sets("x"), b=Pipeline([reads("x")]))], NOWHERE),
    "a name of another branch, whole": (
        [which(sets("x"), Pipeline([reads("x")]))],
        NOWHERE,
    ),
    "a list nobody has": (
        [Map(name="each", branch=nothing(), iterate_on="gone", iterate_as="item")],
        "iterate_on of 'each' is 'gone', which is produced by no earlier step",
    ),
    "a value nobody has": (
        [Conditional(name="which", parameter="gone", branches={1: nothing()})],
        "parameter of 'which' is 'gone', which is produced by no earlier step",
    ),
    "an end nobody has": (
        [again(nothing(), break_on="gone")],
        "break_on of 'again' is 'gone', which is produced by no earlier step",
    ),
    # Objects
    "a list that is an object": (
        [
            task(plain.thing, returns=[pickled("o")]),
            Map(name="m", branch=nothing(), iterate_on="o", iterate_as="i"),
        ],
        "iterate_on of 'm' is 'o', an object; it must be JSON",
    ),
    "a value that is an object": (
        [
            task(plain.thing, returns=[pickled("o")]),
            Conditional(name="which", parameter="o", branches={1: nothing()}),
        ],
        "parameter of 'which' is 'o', an object; it must be JSON",
    ),
    "an object or JSON": (
        [
            which(
                Pipeline([task(plain.thing, returns=[pickled("x")])]),
                sets("x"),
            )
        ],
        "'x' is an object in one way through 'which' and JSON in another",
    ),
    "an object to a command in a map": (
        [
            task(plain.thing, returns=[pickled("o")]),
            each(Pipeline([ShellTask(name="command", command="true", inputs=["o"])])),
        ],
        "an object; a command or a notebook takes JSON only",
    ),
    # What cannot be meant
    "a map without an item": (
        [Map(name="each", branch=nothing(), iterate_on="items", iterate_as="")],
        "needs both iterate_on and iterate_as",
    ),
    "a conditional without a parameter": (
        [Conditional(name="which", parameter="", branches={1: nothing()})],
        "needs a parameter",
    ),
    "no branches": (
        [Conditional(name="which", parameter="flag", branches={})],
        "has no branches",
    ),
    "keys of one text": (
        [Conditional(name="which", parameter="flag", branches={1: nothing(), "1": nothing()})],
        "two branches of 'which' have a key of the same text",
    ),
    "a key that is the default's": (
        [
            which(nothing(), default=nothing()),
            Conditional(
                name="w", parameter="flag", branches={"default": nothing()}, default=nothing()
            ),
        ],
        "two branches of 'w' have a key of the same text",
    ),
    "no iterations": ([again(nothing(), max_iterations=0)], "at least 1, not 0"),
    "half an iteration": ([again(nothing(), max_iterations=1.5)], "at least 1, not 1.5"),
    "true iterations": ([again(nothing(), max_iterations=True)], "at least 1, not True"),
    "retried less than never": ([reads("n", retry=Retry(times=-1))], "give 0 or more"),
    "a delay before now": ([reads("n", retry=Retry(times=1, delay=-1))], "from 0 on"),
    "no time at all": ([reads("n", timeout=0)], "above 0, not 0"),
    "a time that is text": ([reads("n", timeout="1")], "above 0, not '1'"),
    "no variable": ([reads("n", environment={"A=B": "c"})], "'A=B' of 'reads' cannot name"),
    "no secret": ([reads("n", secrets=[""])], "'' of 'reads' cannot name a variable"),
    "both ends": (
        lambda: [reads("n", terminate_with_success=True, terminate_with_failure=True)],
        "cannot end the run both",
    ),
    "a handler in the place of a branch": (
        [Parallel(name="fork", branches={"on_failure": nothing()}, on_failure=nothing())],
        "fork.on_failure",
    ),
    "a step in the place of a handler": (
        [again(Pipeline([Stub(name="on_failure.nothing")], on_failure=nothing()))],
        "on_failure.nothing",
    ),
    "two steps of one path in a map": (
        [
            each(
                Pipeline(
                    [Parallel(name="fork", branches={"a.b": nothing("c"), "a": nothing("b.c")})]
                )
            )
        ],
        "two steps have the path",
    ),
    # Inside
    "parameters in a branch": (
        [each(Pipeline([Stub(name="a")], parameters={"p": 1}))],
        "inside 'each' has parameters",
    ),
    "a schedule in a handler": (
        [risky(Pipeline([Stub(name="a")], schedule="@daily"))],
        "inside 'risky.on_failure' has schedule",
    ),
    "two steps of one name in a branch": (
        [which(Pipeline([Stub(name="a"), Stub(name="a")]))],
        "two steps are named 'a' in one place",
    ),
    "a function that is not there, in a handler": (
        [risky(Pipeline([task("plain:gone", "g")]))],
        "function 'plain:gone' cannot be imported",
    ),
    "a notebook that is not there, in a map": (
        [each(Pipeline([NotebookTask(name="note", notebook="gone.ipynb")]))],
        "notebook 'gone.ipynb' of 'note' is not there",
    ),
    "a glob in a loop": (
        [again(Pipeline([task(plain.write, catalog=Catalog(put=["/etc/*"]))]))],
        "glob '/etc/*' of 'write' leaves",
    ),
    "a file of another branch": (
        [
            which(
                Pipeline([task(plain.write, catalog=Catalog(put=["a.txt"]))]),
                Pipeline([task(plain.read, catalog=Catalog(get=["a.txt"]))]),
            )
        ],
        "'read' gets 'a.txt', which no earlier step puts",
    ),
    "a reducer that is not there": (
        lambda: [each(sets("x"), reducer="plain:gone")],
        "'plain:gone' cannot be imported",
    ),
}


@pytest.mark.parametrize(("steps", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_told_before_anything_runs(steps, says):
    with pytest.raises(ModelError) as caught:
        analyse(Pipeline(steps() if callable(steps) else steps, parameters=GIVEN))
    assert says in str(caught.value)
    assert f"({__file__}:" in str(caught.value)
