"""The pipelines whose exports are kept in ``golden``."""

from __future__ import annotations

from typing import Any

from bridge import (
    Catalog,
    Conditional,
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
    metric,
    pickled,
)
from bridge.values import fact


def task(function: str, name: str = "", **given: Any) -> PythonTask:
    return PythonTask(function=f"kedro_functions:{function}", name=name, **given)


def fit(size: str) -> Pipeline:
    step = task(
        "fit",
        f"fit_{size}",
        inputs={"units": at("sizes", size)},
        returns=[pickled(f"model_{size}"), metric(f"score_{size}")],
        catalog=Catalog(get="numbers.txt"),
    )
    return Pipeline([step], name=size, description=f"The {size} one.")


training = Pipeline(
    name="training",
    description="Fits two models and reports on the better one.",
    parameters={"rows": 4, "sizes": {"small": 2, "large": 3}, "rate": 0.5, "title": "it's ${rate}"},
    steps=[
        task("prepare", returns="counts", catalog=Catalog(put="numbers.txt")),
        Parallel(name="fits", branches={size: fit(size) for size in ("small", "large")}),
        task("choose", returns=[pickled("model")]),
        task("score", returns=metric("score"), catalog=Catalog(get="numbers.txt")),
        NotebookTask(name="examine", notebook="kedro_examine.ipynb", returns="percent"),
        ShellTask(
            name="report",
            command='echo "$title: $percent" > report.txt; export lines=1',
            returns="lines",
            catalog=Catalog(put="report.txt"),
        ),
        Stub(name="deploy", owner="ops"),
    ],
)

odd = Pipeline(
    name="json",  # as a module it would hide Python's own
    parameters={'a"b': 1, "a.b": 2, "a": {"b": 3, "c": [4]}, "class": None, "x y": "1e3", "x": 0},
    steps=[
        task("echo", "with space", inputs={"value": 'a"b'}, returns="x"),
        task("echo", "with-space", inputs={"value": "a.b"}, returns="x"),
        task("echo", "print", inputs={"value": at("a", "b")}, returns="_"),
        task("echo", "class", inputs={"value": at("a", "c", 0)}, returns="class"),
        task("take", inputs={"self": "x y", "x y": "class", "it's": constant("'")}, returns="all"),
        task("increment", inputs={"x": fact("attempt")}, returns="run_id"),
        task("echo", "echo_node", inputs={"value": fact("run_id")}, returns="id"),
        task("echo_node", "echo", returns="node"),
        task("to_json", inputs={"catalog": "x", "call": "x", "REPORTING": "x"}, returns="to_json"),
    ],
)

graph = Pipeline(
    name="graph",
    order="data",
    parameters={"n": 1},
    steps=[
        task("frame", inputs={"rows": "n"}, returns=pickled("table")),
        task("split", returns=[pickled("first"), pickled("second")]),
        task("total", "sum_second", inputs={"table": "second"}, returns="total"),
        task("total", "sum_table", inputs={"table": "table"}, returns=metric("all")),
        task("maybe", inputs={"x": "n"}, returns="maybe", after=["sum_table"]),
        Parallel(
            name="wide",
            after=["sum_second"],
            branches={k: task("quiet", inputs={"x": "n"}).as_pipeline() for k in ("a", "b")},
        ),
        Parallel(
            name="wider",
            after=["wide"],
            branches={k: task("nothing", f"idle {k}").as_pipeline() for k in ("a", "b")},
        ),
        task("nothing", "alone"),
    ],
)

trial = Pipeline(
    [task("train", returns=pickled("model")), task("evaluate", returns=metric("score"))],
    description="One trial for each depth.",
)
rejected = Pipeline([task("explain", returns="reason")])

tuning = Pipeline(
    name="tuning",
    description="Tries several depths, and publishes the best model if it is good enough.",
    schedule="30 2 * * 1-5",
    parameters={"rows": 4, "depths": [1, 2, 4], "goal": 0.9},
    steps=[
        task(
            "download",
            returns=pickled("table"),
            retry=Retry(times=3, delay=0.5, backoff=2),
            timeout=60,
            resources=Resources(cpu=2, memory=4096),
            dependencies=["pandas>=2.2"],
        ),
        Map(name="trials", branch=trial, iterate_on="depths", iterate_as="depth"),
        task(
            "best",
            inputs={"models": "model", "scores": "score"},
            returns=[pickled("best_model"), metric("best_score")],
        ),
        task("judge", returns="verdict"),
        Conditional(
            name="release",
            parameter="verdict",
            branches={
                "publish": task("publish", returns="address").as_pipeline(),
                "reject": rejected,
            },
        ),
        task("announce", returns="message", overrides={"kedro": {"tags": ["mail"]}}),
    ],
)

PIPELINES = {"training": training, "odd": odd, "graph": graph, "tuning": tuning}
