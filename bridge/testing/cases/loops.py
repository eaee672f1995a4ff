"""Loops: how often they run, and what one iteration hands to the next."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Catalog, Conditional, Loop, Map, Parallel, Pipeline
from bridge.testing.cases.case import ODD, Case, constants, skipped, succeeded, task, times
from bridge.values import fact, metric, pickled

__all__ = ["CASES"]

VALUES = ["", 0, [], None, {}, False, "no"]
"""The first that is true in Python is the last."""

CASES: list[Case] = [
    Case(
        "loop",
        "the branch runs again until the name to break on is true; what it sets is carried on",
        [
            Loop(
                name="again",
                branch=Pipeline(
                    [
                        task(f.increment, inputs={"x": "lo_x"}, returns=["lo_x"]),
                        task(
                            f.appended,
                            inputs={"values": "lo_log", "item": "lo_i"},
                            returns=["lo_log"],
                        ),
                        task(
                            f.at_least,
                            inputs={"x": "lo_x", "limit": "lo_limit"},
                            returns=["lo_done"],
                        ),
                    ]
                ),
                max_iterations=10,
                break_on="lo_done",
                index_as="lo_i",
            ),
            task(f.described, inputs={"value": "lo_log"}, returns=["lo_seen"]),
        ],
        parameters={"lo_x": 0, "lo_log": [], "lo_limit": 3},
        values={
            "lo_x": 3,
            "lo_log": [0, 1, 2],
            "lo_limit": 3,
            "lo_done": True,
            "lo_seen": "[0, 1, 2]",
        },
        ends=succeeded(*times("again", 3, "increment", "appended", "at_least"), "described"),
    ),
    Case(
        "loop_limit",
        "at its limit a loop ends well, whether it has something to break on or not",
        [
            Loop(
                name="never",
                branch=Pipeline(
                    [
                        task(f.increment, inputs={"x": "ll_x"}, returns=["ll_x"]),
                        task(f.at_least, inputs={"x": "ll_x", "limit": "ll_n"}, returns=["ll_no"]),
                    ]
                ),
                max_iterations=3,
                break_on="ll_no",
            ),
            Loop(
                name="counted",
                branch=Pipeline([task(f.increment, inputs={"x": "ll_x"}, returns=["ll_x"])]),
                max_iterations=2,
            ),
        ],
        parameters={"ll_x": 0, "ll_n": 100},
        values={"ll_x": 5, "ll_n": 100, "ll_no": False},
        ends=succeeded(*times("never", 3, "increment", "at_least"))
        | succeeded(*times("counted", 2, "increment")),
    ),
    Case(
        "loop_once",
        "a loop runs once at least, also when the name to break on is true before",
        [
            Loop(
                name="once",
                branch=Pipeline([task(f.increment, inputs={"x": "lc_x"}, returns=["lc_x"])]),
                max_iterations=5,
                break_on="lc_true",
            )
        ],
        parameters={"lc_x": 0, "lc_true": True},
        values={"lc_x": 1, "lc_true": True},
        ends=succeeded("once.0.increment"),
    ),
    Case(
        "loop_truth",
        "what is true in Python ends a loop",
        [
            Loop(
                name="until",
                branch=Pipeline(
                    [
                        task(
                            f.pick,
                            inputs={"values": "lt_values", "index": "lt_i"},
                            returns=["lt_value"],
                        )
                    ]
                ),
                max_iterations=20,
                break_on="lt_value",
                index_as="lt_i",
            )
        ],
        parameters={"lt_values": [*VALUES, "never"]},
        values={"lt_values": [*VALUES, "never"], "lt_value": "no"},
        ends=succeeded(*times("until", len(VALUES), "pick")),
    ),
    Case(
        "loop_scope",
        "the index is a name inside alone; a fact tells the iteration",
        [
            Loop(
                name="again",
                branch=Pipeline(
                    [
                        task(f.same, inputs={"value": "ls_i"}, returns=["ls_last"]),
                        task(f.same, "which", inputs={"value": fact("step")}, returns=["ls_step"]),
                    ]
                ),
                max_iterations=2,
                index_as="ls_i",
            ),
            task(f.described, inputs={"value": "ls_i"}, returns=["ls_seen"]),
        ],
        parameters={"ls_i": "outside"},
        values={
            "ls_i": "outside",
            "ls_last": 1,
            "ls_step": "cases.loop_scope.again.1.which",
            "ls_seen": "'outside'",
        },
        ends=succeeded(*times("again", 2, "same", "which"), "described"),
    ),
    Case(
        "loop_default",
        "a default serves the first iteration only, when the loop itself sets the name",
        [
            Loop(
                name="again",
                branch=Pipeline([task(f.counted, returns=["carried"])]),
                max_iterations=3,
            )
        ],
        values={"carried": 3},
        ends=succeeded(*times("again", 3, "counted")),
    ),
    Case(
        "loop_objects",
        "objects and metrics are carried from one iteration to the next",
        [
            task(f.labelled, inputs=constants(label=-1), returns=[pickled("lj_set")]),
            Loop(
                name="again",
                branch=Pipeline(
                    [
                        task(
                            f.grown,
                            inputs={"things": "lj_set", "item": "lj_i"},
                            returns=[pickled("lj_set")],
                        ),
                        task(f.increment, inputs={"x": "lj_metric"}, returns=[metric("lj_metric")]),
                    ]
                ),
                max_iterations=2,
                index_as="lj_i",
            ),
            task(f.labels, inputs={"things": "lj_set"}, returns=["lj_labels"]),
        ],
        parameters={"lj_metric": 40},
        values={"lj_metric": 42, "lj_labels": ["-1", "0", "1", "object"]},
        metrics={"lj_metric": 42},
        objects={"lj_set": {-1, 0, 1, "object"}},
        ends=succeeded("labelled", *times("again", 2, "grown", "increment"), "labels"),
    ),
    Case(
        "loop_nested",
        "a loop in a loop, in a map",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.same, inputs=constants(value=[]), returns=["ln_log"]),
                        Loop(
                            name="outer",
                            branch=Pipeline(
                                [
                                    Loop(
                                        name="inner",
                                        branch=Pipeline(
                                            [
                                                task(
                                                    f.appended,
                                                    inputs={"values": "ln_log", "item": "ln_j"},
                                                    returns=["ln_log"],
                                                )
                                            ]
                                        ),
                                        max_iterations=2,
                                        index_as="ln_j",
                                    ),
                                    task(
                                        f.at_least,
                                        inputs={"x": "ln_i", "limit": "ln_item"},
                                        returns=["ln_done"],
                                    ),
                                ]
                            ),
                            max_iterations=5,
                            break_on="ln_done",
                            index_as="ln_i",
                        ),
                    ]
                ),
                iterate_on="ln_items",
                iterate_as="ln_item",
            )
        ],
        parameters={"ln_items": [0, 1]},
        values={"ln_items": [0, 1], "ln_log": [[0, 1], [0, 1, 0, 1]], "ln_done": [True, True]},
        ends=succeeded(
            *("each.0.same", "each.1.same"),
            *times("each.0.outer", 1, "inner.0.appended", "inner.1.appended", "at_least"),
            *times("each.1.outer", 2, "inner.0.appended", "inner.1.appended", "at_least"),
        ),
    ),
    Case(
        "loop_around",
        "a map, branches and a conditional in a loop: the last iteration's values stay",
        [
            Loop(
                name="again",
                branch=Pipeline(
                    [
                        Map(
                            name="each",
                            branch=Pipeline(
                                [task(f.increment, inputs={"x": "la_item"}, returns=["la_items"])]
                            ),
                            iterate_on="la_items",
                            iterate_as="la_item",
                        ),
                        Parallel(
                            name="fork",
                            branches={
                                "sum": Pipeline(
                                    [
                                        task(
                                            f.summed,
                                            inputs={"numbers": "la_items"},
                                            returns=["la_sum"],
                                        )
                                    ]
                                ),
                                "even": Pipeline(
                                    [task(f.is_even, inputs={"x": "la_i"}, returns=["la_even"])]
                                ),
                            },
                        ),
                        Conditional(
                            name="which",
                            parameter="la_even",
                            branches={
                                True: Pipeline([task(f.one, returns=["la_was_even"])]),
                                False: Pipeline([task(f.two, returns=["la_was_odd"])]),
                            },
                        ),
                    ]
                ),
                max_iterations=2,
                index_as="la_i",
            )
        ],
        parameters={"la_items": [1, 5]},
        values={
            "la_items": [3, 7],
            "la_sum": 10,
            "la_even": False,
            "la_was_even": 1,
            "la_was_odd": 2,
        },
        ends=succeeded(
            *times("again", 2, "each.0.increment", "each.1.increment"),
            *times("again", 2, "fork.sum.summed", "fork.even.is_even"),
            *("again.0.which.True.one", "again.1.which.False.two"),
        )
        | skipped("again.0.which.False.two", "again.1.which.True.one"),
    ),
    Case(
        "loop_files",
        "an iteration gets the files of those before it; of one path the last is kept",
        [
            Loop(
                name="again",
                branch=Pipeline(
                    [
                        task(
                            f.write_item,
                            inputs={**constants(folder="loop_files"), "item": "lf_i"},
                            catalog=Catalog(put=["loop_files/*.txt"]),
                        ),
                        task(
                            f.count_away,
                            inputs=constants(pattern="loop_files/*"),
                            returns=["lf_count"],
                            catalog=Catalog(get=["loop_files/*"]),
                        ),
                        task(
                            f.write_described,
                            inputs={**constants(name="loop_last.txt"), "value": "lf_i"},
                            catalog=Catalog(put=["loop_last.txt"]),
                        ),
                    ]
                ),
                max_iterations=2,
                index_as="lf_i",
            ),
            task(
                f.read,
                inputs=constants(name="loop_last.txt"),
                returns=["lf_after"],
                catalog=Catalog(get=["loop_*", "loop_files/0.txt"]),
            ),
        ],
        values={"lf_count": 2, "lf_after": "1"},
        files={"loop_files/0.txt": "item 0", "loop_files/1.txt": "item 1", "loop_last.txt": "1"},
        ends=succeeded(*times("again", 2, "write_item", "count_away", "write_described"), "read"),
    ),
    Case(
        "loop_names",
        "any text names a loop, its index and its end",
        [
            Loop(
                name=ODD,
                branch=Pipeline(
                    [
                        task(
                            f.at_least,
                            ODD,
                            inputs={"x": f"lna {ODD}", **constants(limit=1)},
                            returns=["lna self"],
                        )
                    ]
                ),
                max_iterations=5,
                break_on="lna self",
                index_as=f"lna {ODD}",
            )
        ],
        values={"lna self": True},
        ends=succeeded(*times(ODD, 2, ODD)),
    ),
]
