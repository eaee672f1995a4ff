"""Which steps there are, what they are called, and in which order they run."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Parallel, Pipeline, Stub
from bridge.testing.cases.case import ODD, ODD_NAMES, Case, task
from bridge.values import json

__all__ = ["CASES"]

CASES: list[Case] = [
    Case(
        "rebinding",
        "the last step that set a name is the one that is read",
        [
            task(f.increment, "once", inputs={"x": "re_x"}, returns=["re_x"]),
            task(f.increment, "twice", inputs={"x": "re_x"}, returns=["re_x"]),
            task(f.described, inputs={"value": "re_x"}, returns=["re_seen"]),
        ],
        parameters={"re_x": 1},
        values={"re_x": 3, "re_seen": "3"},
    ),
    Case(
        "parallel",
        "branches start from the same scope; all that they set is visible; the later one wins",
        [
            task(f.one, returns=["par_x"]),
            Parallel(
                name="fork",
                branches={
                    "left": Pipeline(
                        [
                            task(f.increment, inputs={"x": "par_x"}, returns=["par_x"]),
                            task(f.increment, "more", inputs={"x": "par_x"}, returns=["par_left"]),
                        ]
                    ),
                    "right": Pipeline(
                        [
                            Parallel(
                                name="inner",
                                branches={
                                    "a": Pipeline([task(f.two, returns=["par_a"])]),
                                    "b": Pipeline(
                                        [task(f.same, inputs={"value": "par_x"}, returns=["par_b"])]
                                    ),
                                },
                            ),
                            task(f.add, inputs={"a": "par_a", "b": "par_b"}, returns=["par_x"]),
                        ]
                    ),
                },
            ),
            task(f.add, inputs={"a": "par_x", "b": "par_left"}, returns=["par_sum"]),
        ],
        values={"par_x": 3, "par_left": 3, "par_a": 2, "par_b": 1, "par_sum": 6},
    ),
    Case(
        "dag",
        "with order by data a step waits for what it reads, in any shape",
        [
            task(f.add, "d", inputs={"a": "dag_b", "b": "dag_c"}, returns=["dag_d"]),
            task(f.increment, "c", inputs={"x": "dag_a"}, returns=["dag_c"]),
            task(
                f.add, "e", inputs={"a": "dag_b", "b": "dag_z"}, returns=["dag_e"], after=["mark"]
            ),
            task(f.increment, "b", inputs={"x": "dag_a"}, returns=["dag_b"]),
            task(f.one, "a", returns=["dag_a"]),
            task(f.two, "z", returns=["dag_z"]),
            Stub(name="mark"),
        ],
        more={"order": "data"},
        values={"dag_a": 1, "dag_b": 2, "dag_c": 2, "dag_d": 4, "dag_e": 4, "dag_z": 2},
    ),
    Case(
        "names",
        "any name is a name",
        [task(f.one, name, returns=[json(f"{name} value")]) for name in ODD_NAMES]
        + [
            task(f.increment, f"{name} again", inputs={"x": f"{name} value"}, returns=[f"{name}"])
            for name in ODD_NAMES
        ]
        + [
            task(
                f.same,
                f"{name} given",
                inputs={"value": f"{name} parameter"},
                returns=[f"{name} seen"],
            )
            for name in ODD_NAMES
        ],
        parameters={f"{name} parameter": i for i, name in enumerate(ODD_NAMES)},
        values={f"{name} value": 1 for name in ODD_NAMES}
        | dict.fromkeys(ODD_NAMES, 2)
        | {f"{name} parameter": i for i, name in enumerate(ODD_NAMES)}
        | {f"{name} seen": i for i, name in enumerate(ODD_NAMES)},
    ),
    Case(
        "branch_names",
        "any text names branches too",
        [
            Parallel(
                name=ODD,
                branches={
                    ODD: Pipeline([task(f.one, ODD, returns=["bn one"])]),
                    "a.b": Pipeline([task(f.two, "c", returns=["bn two"])]),
                    "a": Pipeline([task(f.two, "b c", returns=["bn three"])]),
                    "class": Pipeline([Stub(name=name) for name in ("a.b", "a_b", "a b")]),
                },
            ),
            task(f.add, "def", inputs={"a": "bn one", "b": "bn two"}, returns=["bn sum"]),
        ],
        values={"bn one": 1, "bn two": 2, "bn three": 2, "bn sum": 3},
    ),
    Case(
        "stub",
        "a stub does nothing",
        [Stub(name="later", colour="red", returns=["never"]), task(f.one, returns=["after_stub"])],
        values={"after_stub": 1},
    ),
]
