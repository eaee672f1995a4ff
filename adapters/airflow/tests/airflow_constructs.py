"""The pipelines of the tests that repeat, choose and try again."""

from typing import Any

import airflow_functions as f

from bridge import (
    Catalog,
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    Stub,
    constant,
    fact,
    metric,
    pickled,
)
from bridge.model import Step


def pages() -> Pipeline:
    """A few pages are read, and what is done with them depends on how many words they have."""
    read_page = Pipeline(
        [
            PythonTask(
                function=f.fetch, returns=["text"], retry=Retry(times=3, delay=30), timeout=120
            ),
            PythonTask(function=f.count_words, returns=["words"]),
        ],
        description="Read one page.",
    )
    return Pipeline(
        name="pages",
        description="Read what there is about a topic.",
        parameters={"topic": "bridges", "count": 3, "wanted": "archive"},
        schedule="0 6 * * 1-5",
        steps=[
            PythonTask(function=f.find_pages, returns=["pages"]),
            Map(name="read", branch=read_page, iterate_on="pages", iterate_as="page"),
            Conditional(
                name="outcome",
                parameter="wanted",
                branches={
                    "archive": PythonTask(function=f.archive, returns=["note"]).as_pipeline()
                },
                default=PythonTask(function=f.ask_for_more, returns=["note"]).as_pipeline(),
            ),
            PythonTask(function=f.publish, returns=["published"]),
        ],
    )


ODD = 'it\'s "so" {{ params.x }} %s {0} $(touch pwned)\n'
_KEYS: list[Any] = [ODD, True, None, 2.5, "class"]


def _square(name: str, reads: str = "item", **more: Any) -> PythonTask:
    return PythonTask(name=name, function=f.square, inputs={"value": reads}, returns=[name], **more)


def _squares(name: str, on: str, **more: Any) -> Map:
    branch = _square(f"{name}_square").as_pipeline()
    return Map(name=name, branch=branch, iterate_on=on, iterate_as="item", **more)


def corners() -> Pipeline:
    """Constructs inside one another, of any name and with any policy."""
    return Pipeline(
        name="corners",
        parameters={
            "flag": True,
            "one": [3],
            "none": [],
            "old": 1,
            'odd "items"': [1, 2],
            "key": ODD,
        },
        steps=[*_nested(), *_odd(), *_kept(), *_policies()],
    )


def _nested() -> list[Step]:
    both = Parallel(
        name="both",
        branches={
            "left": Pipeline([_squares("taken", "one")]),
            "right": Pipeline([_square("right", "old"), _square("again", "right")]),
        },
    )
    inside = Pipeline([both, _square("ends", "right")])
    group = Pipeline(
        [
            Parallel(
                name="fork",
                branches={
                    "a": Pipeline([_square("fork_a", "number")]),
                    "b": Pipeline(
                        [
                            PythonTask(
                                name="put",
                                function=f.note_file,
                                inputs={"name": constant("put.txt"), "text": constant("x")},
                                catalog=Catalog(put=["put.txt"]),
                            ),
                            Loop(
                                name="loop",
                                branch=Pipeline([_square("looped", "number")]),
                                max_iterations=2,
                            ),
                        ]
                    ),
                },
            ),
            PythonTask(
                name="object",
                function="airflow_functions:Model.make",
                inputs={"weight": "fork_a"},
                returns=[pickled("model")],
            ),
        ]
    )
    apart = Pipeline([_squares("taken", "one"), _square("ends", "old")])
    empty = Pipeline([_square("empty_x", "number"), _square("empty_y", "empty_x")])
    untaken = Pipeline([_squares("untaken", "one"), Stub(name="end")])
    return [
        Conditional(name="choice", parameter="flag", branches={True: inside, False: apart}),
        Map(name="grouped", branch=group, iterate_on="one", iterate_as="number"),
        Map(name="nothing", branch=empty, iterate_on="none", iterate_as="number"),
        Conditional(
            name="other",
            parameter="flag",
            branches={False: untaken},
            default=Pipeline([Stub(name="no")]),
        ),
    ]


def _odd() -> list[Step]:
    branches = {
        key: Pipeline(
            [
                PythonTask(
                    name='in "it"',
                    function=f.same,
                    inputs={"value": constant(str(key))},
                    returns=[metric("chosen")],
                )
            ]
        )
        for key in _KEYS
    }
    return [
        Conditional(name="{{ odd }}", parameter="key", branches=branches),
        Map(
            name='map "it\'s"',
            branch=PythonTask(
                name="task", function=f.pair, inputs={"value": "ti", "other": fact("step")},
                returns=["a\"b's"],
            ).as_pipeline(),
            iterate_on='odd "items"',
            iterate_as="ti",
            reducer="lambda *x: [x[-1], len(x)]",
        ),
    ]  # fmt: skip


def _kept() -> list[Step]:
    changed = {True: Pipeline([_square("old", "old")]), False: Pipeline([Stub(name="nothing")])}
    return [
        Conditional(name="keep", parameter="flag", branches=changed),
        Conditional(
            name="maybe",
            parameter="old",
            branches={2: Pipeline([_square("set", "old")])},
            default=Pipeline([Stub(name="unset")]),
        ),
        PythonTask(function=f.several, inputs={"first": "set", "second": "old"}, returns=["seen"]),
    ]


def _policies() -> list[Step]:
    return [
        PythonTask(
            name="asks",
            function=f.nothing,
            resources=Resources(cpu=2, memory=512),
            dependencies=["humanize>=4"],
            image="python:3.11",
            overrides={
                "airflow": {"pool": "default_pool", "priority_weight": 3},
                "other": {"queue": "x"},
            },
        ),
        PythonTask(
            name="odd variable",
            function=f.variable,
            inputs={"name": constant("ODD")},
            returns=["odd_variable"],
            environment={"ODD": ODD},
            retry=Retry(times=1, delay=0.5, backoff=2),
        ),
    ]
