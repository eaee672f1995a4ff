"""What is told to tasks by the way, and composites that end what is around them."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Loop, Map, Pipeline
from bridge.testing.cases.case import Case, constants, skipped, succeeded, task, times

__all__ = ["CASES"]

CASES: list[Case] = [
    Case(
        "loop_environment",
        "the number of the iteration is a variable of the environment too",
        [
            Loop(
                name="again",
                branch=Pipeline(
                    [task(f.told_number, inputs=constants(name="le_i"), returns=["le_told"])]
                ),
                max_iterations=2,
                index_as="le_i",
            ),
        ],
        values={"le_told": "1"},
        ends=succeeded(*times("again", 2, "told_number")),
    ),
    Case(
        "terminate_composite",
        "a composite may end its pipeline too",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        Loop(
                            name="again",
                            branch=Pipeline([task(f.one, returns=["tc_one"])]),
                            max_iterations=1,
                            terminate_with_success=True,
                        ),
                        task(f.two, returns=["tc_never"]),
                    ]
                ),
                iterate_on="tc_items",
                iterate_as="tc_item",
            ),
        ],
        parameters={"tc_items": [1]},
        values={"tc_items": [1], "tc_one": [1]},
        ends=succeeded("each.0.again.0.one") | skipped("each.0.two"),
    ),
    Case(
        "async",
        "what an async function gives is waited for",
        [
            task(f.awaited, inputs={"number": "as_given"}, returns=["as_one"]),
            Map(
                name="each",
                branch=Pipeline(
                    [task(f.awaited, inputs={"number": "as_item"}, returns=["as_more"])]
                ),
                iterate_on="as_items",
                iterate_as="as_item",
            ),
        ],
        parameters={"as_given": 1, "as_items": [1, 2]},
        values={"as_given": 1, "as_items": [1, 2], "as_one": 2, "as_more": [2, 3]},
        ends=succeeded("awaited", *times("each", 2, "awaited")),
    ),
]
