"""Maps: over which lists, what they leave, and what may be in them."""

from __future__ import annotations

from typing import Any

import conformance_functions as f

from bridge.model import Conditional, Map, Parallel, Pipeline
from bridge.testing.cases.case import TEXT, Case, constants, skipped, succeeded, task, times
from bridge.values import at, metric, pickled

__all__ = ["CASES"]

ITEMS: tuple[Any, ...] = (
    *("a.b/0.5", "a.b/0.5", "", TEXT, 0.5, -0.0, 2**70, None, True),
    *({"a": {"b": [1]}}, {}, [], [[1], "x"]),
)
"""One of each kind, and one of them twice."""


def _squares(item: str, name: str) -> Pipeline:
    return Pipeline([task(f.square, inputs={"x": item}, returns=[name])])


CASES: list[Case] = [
    Case(
        "map",
        "the branch runs once for each item; what it sets becomes lists in the order of the items",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.square, inputs={"x": "map_item"}, returns=["map_square"]),
                        task(
                            f.add,
                            inputs={"a": "map_square", "b": "map_offset"},
                            returns=["map_sum"],
                        ),
                    ]
                ),
                iterate_on="map_items",
                iterate_as="map_item",
            ),
            task(f.summed, inputs={"numbers": "map_sum"}, returns=["map_total"]),
        ],
        parameters={"map_items": [3, 1, 2], "map_offset": 10},
        values={
            "map_items": [3, 1, 2],
            "map_offset": 10,
            "map_square": [9, 1, 4],
            "map_sum": [19, 11, 14],
            "map_total": 44,
        },
        ends=succeeded(*times("each", 3, "square", "add"), "summed"),
    ),
    Case(
        "map_given",
        "the items are those that the run is given",
        [
            Map(
                name="each",
                branch=_squares("mg_item", "mg_square"),
                iterate_on="mg_items",
                iterate_as="mg_item",
            )
        ],
        parameters={"mg_items": []},
        given={"mg_items": [7, 8]},
        values={"mg_items": [7, 8], "mg_square": [49, 64]},
        ends=succeeded(*times("each", 2, "square")),
    ),
    Case(
        "map_scope",
        "each item starts from the scope around the map, and is a name inside it alone",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.add, inputs={"a": "ms_x", "b": "ms_sum"}, returns=["ms_sum"]),
                        task(f.increment, inputs={"x": "ms_sum"}, returns=["ms_sum"]),
                    ]
                ),
                iterate_on="ms_items",
                iterate_as="ms_x",
            ),
            task(f.described, inputs={"value": "ms_x"}, returns=["ms_seen"]),
        ],
        parameters={"ms_items": [1, 2], "ms_x": 10, "ms_sum": 100},
        values={"ms_items": [1, 2], "ms_x": 10, "ms_sum": [102, 103], "ms_seen": "10"},
        ends=succeeded(*times("each", 2, "add", "increment"), "described"),
    ),
    Case(
        "map_kinds",
        "an item may be any JSON value, and reaches the task as it is",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.described, inputs={"value": "mk_item"}, returns=["mk_seen"]),
                        task(f.same, inputs={"value": "mk_item"}, returns=["mk_same"]),
                    ]
                ),
                iterate_on="mk_items",
                iterate_as="mk_item",
            )
        ],
        parameters={"mk_items": [*ITEMS]},
        values={
            "mk_items": [*ITEMS],
            "mk_seen": [repr(item) for item in ITEMS],
            "mk_same": [*ITEMS],
        },
        ends=succeeded(*times("each", len(ITEMS), "described", "same")),
    ),
    Case(
        "map_paths",
        "an argument may read a place inside the item; **kwargs receives the item too",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.same, inputs={"value": at("mp_item", "n", 0)}, returns=["mp_n"]),
                        task(f.named, inputs=constants(prefix="mp_"), returns=["mp_rest"]),
                    ]
                ),
                iterate_on="mp_items",
                iterate_as="mp_item",
            )
        ],
        parameters={"mp_items": [{"n": [1]}, {"n": ["two"]}]},
        values={
            "mp_items": [{"n": [1]}, {"n": ["two"]}],
            "mp_n": [1, "two"],
            "mp_rest": [
                {"mp_item": {"n": [n]}, "mp_items": [{"n": [1]}, {"n": ["two"]}], "mp_n": n}
                for n in (1, "two")
            ],
        },
        ends=succeeded(*times("each", 2, "same", "named")),
    ),
    Case(
        "map_empty",
        "an empty list gives empty lists, of whatever kind",
        [
            task(f.upto, inputs=constants(n=0), returns=["me_none"]),
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.same, inputs={"value": "me_item"}, returns=[metric("me_metric")]),
                        task(f.labelled, inputs={"label": "me_item"}, returns=[pickled("me_set")]),
                    ]
                ),
                iterate_on="me_none",
                iterate_as="me_item",
            ),
            task(f.described, inputs={"value": "me_metric"}, returns=["me_seen"]),
            task(f.all_labels, inputs={"things": "me_set"}, returns=["me_labels"]),
        ],
        values={"me_none": [], "me_metric": [], "me_seen": "[]", "me_labels": []},
        metrics={"me_metric": []},
        objects={"me_set": []},
        ends=succeeded("upto", "described", "all_labels"),
    ),
    Case(
        "map_made",
        "the list may be made by an earlier step, by another map, or be a place inside a value",
        [
            task(f.upto, inputs={"n": "mm_n"}, returns=["mm_items"]),
            Map(
                name="each",
                branch=_squares("mm_item", "mm_square"),
                iterate_on="mm_items",
                iterate_as="mm_item",
            ),
            Map(
                name="again",
                branch=_squares("mm_item", "mm_fourth"),
                iterate_on="mm_square",
                iterate_as="mm_item",
            ),
            task(f.same, inputs=constants(value={"d.e": [0, [5]]}), returns=["mm_tree"]),
            Map(
                name="deep",
                branch=_squares("mm_item", "mm_deep"),
                iterate_on=at("mm_tree", "d.e", 1),
                iterate_as="mm_item",
            ),
        ],
        parameters={"mm_n": 4},
        values={
            "mm_n": 4,
            "mm_items": [0, 1, 2, 3],
            "mm_square": [0, 1, 4, 9],
            "mm_fourth": [0, 1, 16, 81],
            "mm_tree": {"d.e": [0, [5]]},
            "mm_deep": [25],
        },
        ends=succeeded(
            *("upto", *times("each", 4, "square"), *times("again", 4, "square")),
            *("same", *times("deep", 1, "square")),
        ),
    ),
    Case(
        "map_data",
        "with order by data a map waits for its list, and what reads its lists for the map",
        [
            task(f.summed, inputs={"numbers": "md_more"}, returns=["md_total"]),
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.increment, inputs={"x": "md_square"}, returns=["md_more"]),
                        task(f.square, inputs={"x": "md_item"}, returns=["md_square"]),
                    ],
                    order="data",
                ),
                iterate_on="md_items",
                iterate_as="md_item",
            ),
            task(f.upto, inputs=constants(n=3), returns=["md_items"]),
        ],
        more={"order": "data"},
        values={
            "md_items": [0, 1, 2],
            "md_square": [0, 1, 4],
            "md_more": [1, 2, 5],
            "md_total": 8,
        },
        ends=succeeded("upto", *times("each", 3, "square", "increment"), "summed"),
    ),
    Case(
        "map_nested",
        "nested maps nest",
        [
            Map(
                name="rows",
                branch=Pipeline(
                    [
                        task(f.length, inputs={"values": "mn_row"}, returns=["mn_length"]),
                        Map(
                            name="cells",
                            branch=Pipeline(
                                [
                                    task(
                                        f.add,
                                        inputs={"a": "mn_cell", "b": "mn_length"},
                                        returns=["mn_sum"],
                                    )
                                ]
                            ),
                            iterate_on="mn_row",
                            iterate_as="mn_cell",
                        ),
                        task(f.summed, inputs={"numbers": "mn_sum"}, returns=["mn_total"]),
                    ]
                ),
                iterate_on="mn_rows",
                iterate_as="mn_row",
            )
        ],
        parameters={"mn_rows": [[10, 20], [], [30]]},
        values={
            "mn_rows": [[10, 20], [], [30]],
            "mn_length": [2, 0, 1],
            "mn_sum": [[12, 22], [], [31]],
            "mn_total": [34, 0, 31],
        },
        ends=succeeded(
            *times("rows", 3, "length", "summed"),
            *("rows.0.cells.0.add", "rows.0.cells.1.add", "rows.2.cells.0.add"),
        ),
    ),
    Case(
        "map_parallel",
        "branches in a map, and a map in one of them",
        [
            Map(
                name="rows",
                branch=Pipeline(
                    [
                        Parallel(
                            name="fork",
                            branches={
                                "map": Pipeline(
                                    [
                                        Map(
                                            name="cells",
                                            branch=_squares("mf_cell", "mf_square"),
                                            iterate_on="mf_row",
                                            iterate_as="mf_cell",
                                        )
                                    ]
                                ),
                                "task": Pipeline(
                                    [
                                        task(
                                            f.length,
                                            inputs={"values": "mf_row"},
                                            returns=["mf_length"],
                                        )
                                    ]
                                ),
                            },
                        ),
                        task(
                            f.appended,
                            inputs={"values": "mf_square", "item": "mf_length"},
                            returns=["mf_both"],
                        ),
                    ]
                ),
                iterate_on="mf_rows",
                iterate_as="mf_row",
            )
        ],
        parameters={"mf_rows": [[1, 2], [3]]},
        values={
            "mf_rows": [[1, 2], [3]],
            "mf_square": [[1, 4], [9]],
            "mf_length": [2, 1],
            "mf_both": [[1, 4, 2], [9, 1]],
        },
        ends=succeeded(
            *times("rows", 2, "fork.map.cells.0.square", "fork.task.length", "appended"),
            "rows.0.fork.map.cells.1.square",
        ),
    ),
    Case(
        "map_conditional",
        "a list has the values of those items only that set the name",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.is_even, inputs={"x": "mc_item"}, returns=["mc_even"]),
                        Conditional(
                            name="which",
                            parameter="mc_even",
                            branches={
                                True: _squares("mc_item", "mc_square"),
                                None: _squares("mc_item", "mc_never"),
                            },
                            default=Pipeline([task(f.one, returns=["mc_one"])]),
                        ),
                    ]
                ),
                iterate_on="mc_items",
                iterate_as="mc_item",
            ),
            task(f.length, inputs={"values": "mc_never"}, returns=["mc_length"]),
        ],
        parameters={"mc_items": [1, 2, 4]},
        values={
            "mc_items": [1, 2, 4],
            "mc_even": [False, True, True],
            "mc_square": [4, 16],
            "mc_never": [],
            "mc_one": [1],
            "mc_length": 0,
        },
        ends=succeeded(*times("each", 3, "is_even"), "length")
        | skipped(*times("each", 3, "which.True.square", "which.None.square", "which.default.one"))
        | succeeded("each.0.which.default.one")
        | succeeded("each.1.which.True.square", "each.2.which.True.square"),
    ),
]
