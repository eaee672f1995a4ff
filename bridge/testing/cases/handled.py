"""Failures that are handled, and runs that end before their last step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import conformance_functions as f

from bridge.model import Catalog, Conditional, Loop, Map, Parallel, Pipeline, PythonTask
from bridge.testing.cases.case import Case, constants, failed, skipped, succeeded, task, times

__all__ = ["CASES", "after", "item", "mend", "risky"]


def mend(x: str, name: str) -> Pipeline:
    """A handler that sets ``name`` to one more than ``x``."""
    return Pipeline([task(f.increment, "mend", inputs={"x": x}, returns=[name])])


def risky(**more: Any) -> PythonTask:
    """A task that fails."""
    return task(f.fail, "risky", inputs=constants(value=None), **more)


def item(x: str, sets: str, bad: int, name: str = "risky", **more: Any) -> PythonTask:
    """A task that gives back ``x``, unless that is ``bad``."""
    inputs = {"x": x, **constants(bad=bad)}
    return task(f.fail_on, name, inputs=inputs, returns=[sets], **more)


def after(name: str) -> PythonTask:
    """A task that would set ``name``."""
    return task(f.two, "after", returns=[name])


_TASKS: Sequence[Case] = [
    Case(
        "handled_task",
        "when a task fails its handler runs instead of what follows, from the scope before it",
        [
            task(f.one, "before", returns=["ht_x"]),
            risky(returns=["ht_x"], on_failure=mend("ht_x", "ht_mended")),
            after("ht_after"),
        ],
        values={"ht_x": 1, "ht_mended": 2},
        ends=succeeded("before", "risky.on_failure.mend") | failed("risky") | skipped("after"),
    ),
    Case(
        "handled_none",
        "a handler that is not needed does not run",
        [
            task(f.one, "safe", returns=["hn_x"], on_failure=mend("hn_y", "hn_mended")),
            task(f.increment, "after", inputs={"x": "hn_x"}, returns=["hn_after"]),
        ],
        parameters={"hn_y": 0},
        more={"on_failure": mend("hn_y", "hn_all")},
        values={"hn_x": 1, "hn_y": 0, "hn_after": 2},
        ends=succeeded("safe", "after") | skipped("safe.on_failure.mend", "on_failure.mend"),
    ),
    Case(
        "handled_pipeline",
        "when a step of a pipeline fails its handler runs",
        [
            task(f.one, "before", returns=["hp_x"]),
            risky(),
            task(f.one, "other", on_failure=mend("hp_y", "hp_never")),
        ],
        parameters={"hp_y": 5},
        more={"on_failure": mend("hp_y", "hp_mended")},
        values={"hp_x": 1, "hp_y": 5, "hp_mended": 6},
        ends=succeeded("before", "on_failure.mend")
        | failed("risky")
        | skipped("other", "other.on_failure.mend"),
    ),
    Case(
        "handled_once",
        "what the handler of a step has handled is none of its pipeline's business",
        [risky(on_failure=mend("ho_x", "ho_mended")), after("ho_after")],
        parameters={"ho_x": 1},
        more={"on_failure": mend("ho_x", "ho_never")},
        values={"ho_x": 1, "ho_mended": 2},
        ends=succeeded("risky.on_failure.mend")
        | failed("risky")
        | skipped("after", "on_failure.mend"),
    ),
    Case(
        "handled_again",
        "a handler is a pipeline like any other; its steps may have handlers",
        [
            risky(
                on_failure=Pipeline(
                    [
                        Parallel(
                            name="fork",
                            branches={
                                "a": Pipeline([task(f.one, returns=["ha_a"])]),
                                "b": Pipeline([task(f.two, returns=["ha_b"])]),
                            },
                        ),
                        task(f.add, inputs={"a": "ha_a", "b": "ha_b"}, returns=["ha_sum"]),
                        task(
                            f.fail,
                            "worse",
                            inputs={"value": "ha_sum"},
                            on_failure=mend("ha_sum", "ha_mended"),
                        ),
                    ]
                )
            )
        ],
        values={"ha_a": 1, "ha_b": 2, "ha_sum": 3, "ha_mended": 4},
        ends=failed("risky", "risky.on_failure.worse")
        | succeeded("risky.on_failure.fork.a.one", "risky.on_failure.fork.b.two")
        | succeeded("risky.on_failure.add", "risky.on_failure.worse.on_failure.mend"),
    ),
    Case(
        "handled_files",
        "the handler gets the files put before the failure, and those that the failed task put",
        [
            task(
                f.write,
                inputs=constants(name="handled.txt", text="before"),
                catalog=Catalog(put=["handled.txt"]),
            ),
            task(
                f.read_and_fail,
                "risky",
                inputs=constants(name="handled.txt", late="handled-late.txt"),
                catalog=Catalog(get=["handled.txt"], put=["handled-*", "handled.none"]),
                on_failure=Pipeline(
                    [
                        task(
                            f.read,
                            inputs=constants(name="handled-late.txt"),
                            returns=["hf_read"],
                            catalog=Catalog(get=["handled*.txt"]),
                        )
                    ]
                ),
            ),
        ],
        values={"hf_read": "before, read too late"},
        files={"handled.txt": "before", "handled-late.txt": "before, read too late"},
        ends=succeeded("write", "risky.on_failure.read") | failed("risky"),
    ),
    Case(
        "handled_no_match",
        "a get that matches none of the files there fails the task before its work",
        [
            task(
                f.write,
                inputs=constants(name="there.txt", text="there"),
                catalog=Catalog(put=["there.*"]),
            ),
            task(
                f.write,
                "risky",
                inputs=constants(name="there.txt", text="never"),
                catalog=Catalog(get=["there.csv"], put=["there.*"]),
                on_failure=Pipeline([task(f.one, returns=["hno_one"])]),
            ),
        ],
        values={"hno_one": 1},
        files={"there.txt": "there"},
        ends=succeeded("write", "risky.on_failure.one") | failed("risky"),
    ),
]

_INSIDE: Sequence[Case] = [
    Case(
        "handled_branch",
        "where a failure in a branch is handled, what follows the branches runs",
        [
            Parallel(
                name="fork",
                branches={
                    "task": Pipeline(
                        [risky(on_failure=mend("hi_x", "hi_task")), after("hi_never")]
                    ),
                    "whole": Pipeline(
                        [risky(), after("hi_never_either")], on_failure=mend("hi_x", "hi_whole")
                    ),
                    "good": Pipeline([task(f.two, returns=["hi_good"])]),
                },
            ),
            task(f.increment, "after", inputs={"x": "hi_good"}, returns=["hi_after"]),
        ],
        parameters={"hi_x": 1},
        values={"hi_x": 1, "hi_task": 2, "hi_whole": 2, "hi_good": 2, "hi_after": 3},
        ends=failed("fork.task.risky", "fork.whole.risky")
        | skipped("fork.task.after", "fork.whole.after")
        | succeeded("fork.task.risky.on_failure.mend", "fork.whole.on_failure.mend")
        | succeeded("fork.good.two", "after"),
    ),
    Case(
        "handled_item",
        "where the failure of an item is handled, the map goes on",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        item("hit_item", "hit_x", bad=2, on_failure=mend("hit_item", "hit_x")),
                        task(f.same, "next", inputs={"value": "hit_x"}, returns=["hit_next"]),
                        item("hit_item", "hit_y", bad=3, name="late"),
                    ],
                    on_failure=mend("hit_item", "hit_mended"),
                ),
                iterate_on="hit_items",
                iterate_as="hit_item",
            ),
            task(f.summed, "after", inputs={"numbers": "hit_x"}, returns=["hit_after"]),
        ],
        parameters={"hit_items": [1, 2, 3]},
        values={
            "hit_items": [1, 2, 3],
            "hit_x": [1, 3, 3],
            "hit_next": [1, 3],
            "hit_y": [1],
            "hit_mended": [4],
            "hit_after": 7,
        },
        ends=succeeded(*times("each", 3, "risky", "next", "late"), "after")
        | skipped(*times("each", 3, "risky.on_failure.mend", "on_failure.mend"))
        | failed("each.1.risky", "each.2.late")
        | skipped("each.1.next", "each.1.late")
        | succeeded("each.1.risky.on_failure.mend", "each.2.on_failure.mend"),
    ),
    Case(
        "handled_iteration",
        "where the failure of an iteration is handled, the loop goes on",
        [
            Loop(
                name="again",
                branch=Pipeline(
                    [
                        task(f.increment, inputs={"x": "hin_x"}, returns=["hin_x"]),
                        item("hin_x", "hin_y", bad=2, on_failure=mend("hin_x", "hin_mended")),
                        task(f.same, "next", inputs={"value": "hin_x"}, returns=["hin_next"]),
                    ]
                ),
                max_iterations=3,
            ),
            task(f.increment, "after", inputs={"x": "hin_x"}, returns=["hin_after"]),
        ],
        parameters={"hin_x": 0},
        values={
            "hin_x": 3,
            "hin_y": 3,
            "hin_mended": 3,
            "hin_next": 3,
            "hin_after": 4,
        },
        ends=succeeded(*times("again", 3, "increment", "risky", "next"), "after")
        | failed("again.1.risky")
        | skipped("again.1.next")
        | skipped("again.0.risky.on_failure.mend", "again.2.risky.on_failure.mend")
        | succeeded("again.1.risky.on_failure.mend"),
    ),
]

_ENDS: Sequence[Case] = [
    Case(
        "terminate",
        "what waits for a step that ends the run well does not run",
        [
            task(f.one, "stop", returns=["te_x"], terminate_with_success=True),
            after("te_after"),
            Parallel(name="fork", branches={"only": Pipeline([after("te_branch")])}),
        ],
        values={"te_x": 1},
        ends=succeeded("stop") | skipped("after", "fork.only.after"),
    ),
    Case(
        "terminate_inside",
        "a step that ends well ends its own branch, item or iteration; what holds that goes on",
        [
            Parallel(
                name="fork",
                branches={
                    "short": Pipeline(
                        [
                            task(f.one, "stop", returns=["ti_one"], terminate_with_success=True),
                            after("ti_never"),
                        ]
                    ),
                    "long": Pipeline([task(f.two, returns=["ti_two"])]),
                },
            ),
            Map(
                name="each",
                branch=Pipeline(
                    [
                        Conditional(
                            name="which",
                            parameter="ti_item",
                            branches={
                                1: Pipeline(
                                    [
                                        task(f.one, "stop", terminate_with_success=True),
                                        task(f.two, "after"),
                                    ]
                                )
                            },
                            default=Pipeline([task(f.two, "go", returns=["ti_went"])]),
                        ),
                        task(f.same, "next", inputs={"value": "ti_item"}, returns=["ti_next"]),
                    ]
                ),
                iterate_on="ti_items",
                iterate_as="ti_item",
            ),
            task(f.add, "after", inputs={"a": "ti_one", "b": "ti_two"}, returns=["ti_after"]),
        ],
        parameters={"ti_items": [1, 2]},
        values={
            "ti_items": [1, 2],
            "ti_one": 1,
            "ti_two": 2,
            "ti_went": [2],
            "ti_next": [1, 2],
            "ti_after": 3,
        },
        ends=succeeded("fork.short.stop", "fork.long.two", "after")
        | succeeded("each.0.which.1.stop", "each.0.next")
        | succeeded("each.1.which.default.go", "each.1.next")
        | skipped("fork.short.after", "each.0.which.1.after", "each.0.which.default.go")
        | skipped("each.1.which.1.stop", "each.1.which.1.after"),
    ),
]

CASES: list[Case] = [*_TASKS, *_INSIDE, *_ENDS]
