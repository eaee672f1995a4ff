"""Pipelines of which the flows are kept as they are expected, and run."""

from __future__ import annotations

from dataclasses import replace

import metaflow_functions as f

from bridge import (
    Catalog,
    Conditional,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    ShellTask,
    Stub,
    at,
    constant,
    json,
    metric,
    pickled,
)
from bridge.values import fact


def _training(which: str) -> Pipeline:
    task = PythonTask(
        name="train",
        function=f.train,
        inputs={"size": at("sizes", which)},
        returns=[pickled(which), metric(f"{which}_score")],
        catalog=Catalog(get=["data/*.csv"]),
    )
    return task.as_pipeline()


training = Pipeline(
    name="training",
    description="Two models are trained; the better one is looked into.",
    parameters={"rows": 10, "ratio": 0.2, "sizes": {"first": 3, "second": 5}, "unit": "rows"},
    steps=[
        PythonTask(function=f.prepare, returns=["counts"], catalog=Catalog(put=["data/*.csv"])),
        Parallel(name="fit", branches={"first": _training("first"), "second": _training("second")}),
        PythonTask(function=f.select, returns=[pickled("best")]),
        PythonTask(function=f.evaluate, inputs={"model": "best"}, returns=[json("evaluation")]),
        NotebookTask(
            name="examine",
            notebook="metaflow_examine.ipynb",
            returns=[json("words")],
            catalog=Catalog(put=["words.txt"]),
        ),
        ShellTask(
            name="report",
            command="""
                export lines=$(wc -l < words.txt)
                export report="$lines $unit"
                echo ok > report-1.txt
            """,
            returns=[json("lines"), json("report")],
            catalog=Catalog(get=["words.txt"], put=["report-*.txt"], store_copy=False),
        ),
        Stub(name="deploy", to="production"),
    ],
)

graph = Pipeline(
    name="graph",
    order="data",
    parameters={"start": 1},
    steps=[
        PythonTask(name="a", function=f.same, inputs={"value": "start"}, returns=["a"]),
        PythonTask(name="b", function=f.same, inputs={"value": constant(10)}, returns=["x"]),
        PythonTask(name="d", function=f.same, inputs={"value": "x"}, returns=["next"]),
        PythonTask(name="c", function=f.add, inputs={"a": "a", "b": "x"}, returns=["c"]),
        PythonTask(name="last", function=f.add, inputs={"a": "c", "b": "next"}, returns=["end"]),
        PythonTask(name="apart", function=f.nothing, returns=["none"]),
        Stub(name="after", after=["last"]),
    ],
)


def _set(name: str, value: int) -> PythonTask:
    inputs = {"value": constant(value)}
    return PythonTask(name=f"{name}_{value}", function=f.same, inputs=inputs, returns=[name])


def _append(task: str, items: str, item: str, returns: str) -> PythonTask:
    inputs = {"items": items, "item": item}
    return PythonTask(name=task, function=f.append, inputs=inputs, returns=[returns])


_inner = Parallel(
    name="inner", branches={"a": _set("w", 1).as_pipeline(), "b": _set("w", 2).as_pipeline()}
)
_rebind = PythonTask(
    name="rebind", function=f.add, inputs={"a": "x", "b": constant(1)}, returns=["x"]
)
_old = PythonTask(name="old", function=f.same, inputs={"value": "x"}, returns=["z"])
_end = PythonTask(name="end", function=f.same, inputs={"value": "grown"}, returns=["last"])

scopes = Pipeline(
    name="scopes",
    parameters={"x": 0, "items": [0]},
    steps=[
        Parallel(
            name="first",
            branches={
                "left": Pipeline(
                    [_rebind, _set("y", 1), _set("y", 2)],
                    description="Binds x anew, while the other branch still sees the old one.",
                ),
                "right": Pipeline([_old, _set("y", 3), _inner]),
            },
        ),
        Parallel(
            name="second",
            branches={"only": _append("grow", "items", "y", "grown").as_pipeline()},
        ),
        Parallel(
            name="third",
            branches={
                "keep": _append("read", "grown", "w", "more").as_pipeline(),
                "change": _append("longer", "grown", "x", "grown").as_pipeline(),
            },
        ),
        Parallel(
            name="fourth",
            branches={"one": _end.as_pipeline(), "two": _set("y", 4).as_pipeline()},
        ),
    ],
)

NAMES = [
    "class", "self", 'a"b', "name", "next", "input", "index", "start", "end", "Ünï", "with space",
    "with-space", "params", "context", "print", "odd", "Odd", "step", "Parameter", "max_workers",
    "__", "datetime", "cmd", "int", "inputs", "1st", "merge_artifacts", "results", "to_json",
]  # fmt: skip

STEPS = ["class", "start", "next", "with space", "with-space", "Ünï", "self", "end"]

names = Pipeline(
    name='the "odd" names: class, next',
    parameters={name: i for i, name in enumerate(NAMES)},
    steps=[
        PythonTask(name="before", function=f.odd, inputs={n: n for n in NAMES}, returns=["first"]),
        *[
            PythonTask(name=n, function=f.add, inputs={"a": n, "b": constant(100)}, returns=[n])
            for n in STEPS
        ],
        PythonTask(
            name="after",
            function=f.odd,
            inputs={"again": "first", "first": "first", **{n: n for n in STEPS}},
            returns=["second"],
        ),
        PythonTask(name="swap", function=f.pair, inputs={"a": "self", "b": 'a"b'},
                   returns=['a"b', "self", "merge_artifacts!", "merge_artifacts?"]),
    ],
)  # fmt: skip

facts = Pipeline(
    [
        PythonTask(
            function=f.facts,
            inputs={
                "run": fact("run_id"),
                "step": fact("step"),
                "attempt": fact("attempt"),
                "when": fact("logical_date"),
            },
            returns=["known"],
        )
    ],
    name="facts",
)

pages = Pipeline(
    name="pages",
    description="Get pages, count their words, and publish them if there are enough.",
    parameters={"urls": ["example.org/a", "example.org/b"], "limit": 5},
    schedule="30 6 * * 1-5",
    steps=[
        Map(
            name="each_page",
            iterate_on="urls",
            iterate_as="url",
            branch=Pipeline(
                [
                    PythonTask(
                        function=f.fetch,
                        returns=["page"],
                        retry=Retry(times=2, delay=60),
                        timeout=30,
                    ),
                    PythonTask(function=f.count, returns=["words"]),
                ]
            ),
        ),
        PythonTask(function=f.judge, returns=["verdict", "total"]),
        Conditional(
            name="is_it_enough",
            parameter="verdict",
            branches={
                "long": PythonTask(
                    function=f.publish,
                    returns=["address"],
                    resources=Resources(cpu=2, memory=4096),
                    environment={"SITE": "example.org"},
                ).as_pipeline(),
                "short": PythonTask(function=f.complain).as_pipeline(),
            },
        ),
        PythonTask(function=f.summarise, returns=["summary"]),
    ],
)

HARD = 'it\'s "{x}" {{ x }} %s $(touch pwned) ${x}\nnext'


nested = Pipeline(
    name="nested",
    parameters={"rows": [[1], []], "x": 10, "seen": ["start"], "input": HARD},
    steps=[
        Map(
            name="each 'row'",
            iterate_on="rows",
            iterate_as="index",
            branch=Pipeline(
                [
                    Map(
                        name="class",
                        iterate_on="index",
                        iterate_as="input",
                        reducer=f.largest,
                        branch=Pipeline(
                            [
                                PythonTask(
                                    name="add",
                                    function=f.add,
                                    inputs={"a": "input", "b": at("index", 0)},
                                    returns=["x"],
                                    overrides={"metaflow": {"decorators": ["card(type='blank')"]}},
                                )
                            ]
                        ),
                    ),
                    PythonTask(
                        name="grow",
                        function=f.grow,
                        inputs={"items": "index", "by": "x"},
                        returns=["grown"],
                        retry=Retry(times=1, delay=0.5),
                    ),
                    Parallel(
                        name="fork",
                        branches={
                            "left": Pipeline(
                                [PythonTask(function=f.grow, inputs={"items": "seen", "by": "x"},
                                            returns=["seen"])]
                            ),
                            "right": Pipeline(
                                [
                                    Conditional(
                                        name=HARD.partition("\n")[0],
                                        parameter="input",
                                        branches={
                                            HARD: Pipeline([replace(_set("odd", 7), timeout=60)]),
                                            0.5: Pipeline([_set("even", 8)]),
                                        },
                                    )
                                ]
                            ),
                        },
                    ),
                ]
            ),
        ),
        PythonTask(name="after", function=f.odd, inputs=["x", "seen", "odd", "even", "grown"],
                   returns=["all"]),
    ],
)  # fmt: skip

handled = Pipeline(
    name="handled",
    parameters={"text": "why", "items": [1], "k": 1},
    steps=[
        PythonTask(name="first", function=f.grow, inputs={"items": "items", "by": "k"},
                   returns=["grown"]),
        PythonTask(name="safe", function=f.add, inputs={"a": "k", "b": "k"}, returns=["two"],
                   on_failure=Pipeline([Stub(name="never")])),
        PythonTask(
            name="risky",
            function=f.grow_and_fail,
            inputs={"items": "grown", "text": "text"},
            returns=["grown", "k"],
            retry=Retry(times=1),
            catalog=Catalog(put=["kept.txt"]),
            on_failure=Pipeline(
                [
                    PythonTask(function=f.read, returns=["found"],
                               catalog=Catalog(get=["kept.*"])),
                    Map(
                        name="each",
                        iterate_on="grown",
                        iterate_as="one",
                        branch=PythonTask(name="mend", function=f.add,
                                          inputs={"a": "one", "b": "two"},
                                          returns=["k"]).as_pipeline(),
                    ),
                ]
            ),
        ),
        PythonTask(name="end", function=f.same, inputs={"value": "k"}, returns=["last"]),
    ],
)  # fmt: skip

loops = Pipeline(
    name="loops",
    parameters={"x": 1, "limit": 20, "words": ["start"]},
    steps=[
        Loop(
            name="double",
            branch=PythonTask(name="again", function=f.doubled, inputs=["x", "limit"],
                              returns=["x", "done"], retry=Retry(times=1)).as_pipeline(),
            max_iterations=10,
            break_on="done",
        ),
        Parallel(
            name="fork",
            branches={
                "left": Pipeline(
                    [
                        Loop(
                            name="collect",
                            branch=PythonTask(
                                function=f.grow,
                                inputs={"items": "words", "by": fact("step")},
                                returns=["words"],
                            ).as_pipeline(),
                            max_iterations=2,
                            index_as="index",
                        )
                    ]
                ),
                "right": Pipeline(
                    [
                        Loop(
                            name="two",
                            branch=Pipeline([_set("y", 1), _set("z", 2)]),
                            max_iterations=2,
                        )
                    ]
                ),
            },
        ),
        Loop(
            name="count",
            branch=PythonTask(name="one", function=f.same, inputs={"value": "class"},
                              returns=["last"]).as_pipeline(),
            max_iterations=3,
            index_as="class",
        ),
    ],
)  # fmt: skip
