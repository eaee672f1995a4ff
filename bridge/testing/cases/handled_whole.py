"""Composites that fail, and the handlers of the whole."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Conditional, Loop, Map, Parallel, Pipeline
from bridge.testing.cases.case import Case, failed, skipped, succeeded, task, times
from bridge.testing.cases.handled import after, item, mend, risky

__all__ = ["CASES"]

CASES: list[Case] = [
    Case(
        "handled_parallel",
        "when a branch fails the others finish, and the handler of the whole runs",
        [
            Parallel(
                name="fork",
                branches={
                    "bad": Pipeline([risky(), task(f.one, "never", returns=["hb_never"])]),
                    "good": Pipeline([task(f.two, returns=["hb_good"])]),
                },
                on_failure=mend("hb_x", "hb_mended"),
            ),
            after("hb_after"),
        ],
        parameters={"hb_x": 1},
        values={"hb_x": 1, "hb_mended": 2},
        ends=failed("fork.bad.risky")
        | skipped("fork.bad.never", "after")
        | succeeded("fork.good.two", "fork.on_failure.mend"),
    ),
    Case(
        "handled_behind",
        "behind a handled failure nothing runs, be there handlers or not",
        [
            risky(on_failure=mend("hh_x", "hh_mended")),
            task(f.two, "middle", returns=["hh_two"], on_failure=mend("hh_x", "hh_two")),
            after("hh_after"),
        ],
        parameters={"hh_x": 1},
        values={"hh_x": 1, "hh_mended": 2},
        ends=failed("risky")
        | skipped("middle", "middle.on_failure.mend", "after")
        | succeeded("risky.on_failure.mend"),
    ),
    Case(
        "handled_map",
        "when an item fails the map sets nothing, and its handler runs",
        [
            Map(
                name="each",
                branch=Pipeline([item("hm_item", "hm_x", bad=2)]),
                iterate_on="hm_items",
                iterate_as="hm_item",
                on_failure=mend("hm_x", "hm_mended"),
            ),
            after("hm_after"),
        ],
        parameters={"hm_items": [1, 2, 3], "hm_x": 7},
        values={"hm_items": [1, 2, 3], "hm_x": 7, "hm_mended": 8},
        ends=succeeded("each.0.risky", "each.2.risky", "each.on_failure.mend")
        | failed("each.1.risky")
        | skipped("after"),
    ),
    Case(
        "handled_loop",
        "when an iteration fails the loop sets nothing, and its handler runs",
        [
            Loop(
                name="again",
                branch=Pipeline(
                    [
                        task(f.increment, inputs={"x": "hl_x"}, returns=["hl_x"]),
                        item("hl_x", "hl_x", bad=2),
                    ]
                ),
                max_iterations=5,
                on_failure=mend("hl_x", "hl_mended"),
            ),
            after("hl_after"),
        ],
        parameters={"hl_x": 0},
        values={"hl_x": 0, "hl_mended": 1},
        ends=succeeded("again.0.increment", "again.0.risky", "again.1.increment")
        | failed("again.1.risky")
        | skipped("after")
        | succeeded("again.on_failure.mend"),
    ),
    Case(
        "handled_conditional",
        "the handler of a conditional runs when the branch taken fails",
        [
            Conditional(
                name="which",
                parameter="hc_flag",
                branches={True: Pipeline([risky()])},
                default=Pipeline([task(f.one, returns=["hc_one"])]),
                on_failure=mend("hc_x", "hc_mended"),
            )
        ],
        parameters={"hc_flag": True, "hc_x": 1},
        values={"hc_flag": True, "hc_x": 1, "hc_mended": 2},
        ends=failed("which.True.risky")
        | skipped("which.default.one")
        | succeeded("which.on_failure.mend"),
    ),
    Case(
        "handled_no_list",
        "a map over what is no list fails, and so does a conditional without a branch to take",
        [
            Map(
                name="fork",
                branch=Pipeline(
                    [
                        Map(
                            name="each",
                            branch=Pipeline([task(f.one, returns=["hw_never"])]),
                            iterate_on="hw_value",
                            iterate_as="hw_item",
                            on_failure=Pipeline([task(f.one, returns=["hw_map"])]),
                        )
                    ]
                ),
                iterate_on="hw_values",
                iterate_as="hw_value",
            ),
            Conditional(
                name="which",
                parameter="hw_values",
                branches={None: Pipeline([task(f.one, returns=["hw_never"])])},
                on_failure=Pipeline([task(f.two, returns=["hw_conditional"])]),
            ),
        ],
        parameters={"hw_values": ["text", {"a": 1}, None]},
        values={
            "hw_values": ["text", {"a": 1}, None],
            "hw_never": [],
            "hw_map": [1, 1, 1],
            "hw_conditional": 2,
        },
        ends=failed("fork.0.each", "fork.1.each", "fork.2.each", "which")
        | succeeded(*times("fork", 3, "each.on_failure.one"), "which.on_failure.two")
        | skipped("which.None.one"),
    ),
]
