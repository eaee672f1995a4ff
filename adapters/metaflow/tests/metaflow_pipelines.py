"""Pipelines of which the flows are kept as they are expected, and run."""

from __future__ import annotations

import metaflow_functions as f

from bridge import (
    Catalog,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
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
