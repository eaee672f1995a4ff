"""Conditionals: which branch is taken, and what is known afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import conformance_functions as f

from bridge.model import Catalog, Conditional, Map, Parallel, Pipeline, ShellTask, Stub
from bridge.testing.cases.case import (
    ODD,
    TEXT,
    Case,
    constants,
    skipped,
    succeeded,
    task,
    times,
)
from bridge.values import at, metric, pickled

__all__ = ["CASES"]


def _sets(function: Callable[..., Any], name: Any, **more: Any) -> Pipeline:
    return Pipeline([task(function, "take", returns=[name], **more)])


def _chosen(
    name: str, says: str, prefix: str, keys: list[Any], taken: list[tuple[Any, Any]]
) -> Case:
    """A case in which a conditional of these keys meets one value after the other."""
    item, key_of = f"{prefix}_item", f"{prefix}_key"
    branches = {key: _sets(f.same, key_of, inputs=constants(value=key)) for key in keys}
    default = _sets(f.same, key_of, inputs=constants(value="default"))
    which = Conditional(name="which", parameter=item, branches=branches, default=default)
    steps = Map(
        name="each", branch=Pipeline([which]), iterate_on=f"{prefix}_items", iterate_as=item
    )
    values = [value for value, _ in taken]
    paths = [f"which.{key}.take" for key in [*keys, "default"]]
    return Case(
        name,
        says,
        [steps],
        parameters={f"{prefix}_items": values},
        values={f"{prefix}_items": values, key_of: [key for _, key in taken]},
        ends=skipped(*times("each", len(taken), *paths))
        | succeeded(*(f"each.{i}.which.{key}.take" for i, (_, key) in enumerate(taken))),
    )


CASES: list[Case] = [
    Case(
        "conditional",
        "the branch whose key is the value is taken, and what it sets is visible afterwards",
        [
            task(f.same, inputs=constants(value="left"), returns=["co_side"]),
            Conditional(
                name="which",
                parameter="co_side",
                branches={
                    "left": Pipeline(
                        [
                            task(f.one, returns=["co_x"]),
                            task(f.increment, inputs={"x": "co_x"}, returns=["co_left"]),
                        ]
                    ),
                    "right": Pipeline([task(f.two, returns=["co_x"])]),
                },
            ),
            task(f.described, inputs={"value": "co_x"}, returns=["co_seen"]),
        ],
        values={"co_side": "left", "co_x": 1, "co_left": 2, "co_seen": "1"},
        ends=succeeded("same", "which.left.one", "which.left.increment", "described")
        | skipped("which.right.two"),
    ),
    Case(
        "conditional_given",
        "the value may be a parameter of the run, or a place inside one",
        [
            Conditional(
                name="flag",
                parameter="cg_flag",
                branches={True: _sets(f.one, "cg_one"), False: _sets(f.two, "cg_two")},
            ),
            Conditional(
                name="place",
                parameter=at("cg_tree", "a", 1),
                branches={"x": _sets(f.one, "cg_x"), "y": _sets(f.two, "cg_y")},
            ),
        ],
        parameters={"cg_flag": False, "cg_tree": {"a": ["x", "y"]}},
        given={"cg_flag": True},
        values={"cg_flag": True, "cg_tree": {"a": ["x", "y"]}, "cg_one": 1, "cg_y": 2},
        ends=succeeded("flag.True.take", "place.y.take")
        | skipped("flag.False.take", "place.x.take"),
    ),
    _chosen(
        "conditional_kinds",
        "keys are compared as JSON values: true is not 1, but 1.0 is",
        "ck",
        [True, "true", 2, 0.5, None, TEXT, "a.b", "2.5"],
        [
            *((True, True), ("true", "true"), (2.0, 2), (0.5, 0.5), (None, None), (TEXT, TEXT)),
            *(
                ("a.b", "a.b"),
                (1, "default"),
                ("", "default"),
                ([2], "default"),
                (False, "default"),
            ),
        ],
    ),
    _chosen(
        "conditional_texts",
        "where no key equals the value, a key that is its text does",
        "ct",
        ["true", "False", "1", "0.5", "null"],
        [
            *((True, "true"), (False, "False"), (1, "1"), (0.5, "0.5"), (None, "null")),
            *(("1", "1"), ("True", "default"), (2, "default")),
        ],
    ),
    Case(
        "conditional_default",
        "the default is taken when no key is the value; the branches may set objects and metrics",
        [
            Conditional(
                name="which",
                parameter="cd_n",
                branches={
                    1: Pipeline(
                        [
                            task(f.one, returns=[metric("cd_metric")]),
                            task(f.labelled, inputs={"label": "cd_n"}, returns=[pickled("cd_set")]),
                        ]
                    )
                },
                default=Pipeline(
                    [
                        task(f.two, returns=[metric("cd_metric")]),
                        task(f.labelled, inputs=constants(label=0), returns=[pickled("cd_set")]),
                    ]
                ),
            ),
            task(f.labels, inputs={"things": "cd_set"}, returns=["cd_labels"]),
        ],
        parameters={"cd_n": 3},
        values={"cd_n": 3, "cd_metric": 2, "cd_labels": ["0", "object"]},
        metrics={"cd_metric": 2},
        objects={"cd_set": {0, "object"}},
        ends=succeeded("which.default.two", "which.default.labelled", "labels")
        | skipped("which.1.one", "which.1.labelled"),
    ),
    Case(
        "conditional_alone",
        "a name that only the branch not taken sets is absent: a default fills it",
        [
            Conditional(
                name="which",
                parameter="ca_flag",
                branches={True: _sets(f.one, "alone"), False: Pipeline([Stub(name="nothing")])},
            ),
            task(f.alone_by_default, returns=["ca_default"]),
            task(f.defaulted, inputs={"absent": "alone"}, returns=["ca_bound"]),
            Conditional(
                name="other",
                parameter="ca_flag",
                branches={True: Pipeline([Stub(name="nothing")]), False: _sets(f.two, "ca_two")},
            ),
            task(f.defaulted, "taken", inputs={"absent": "ca_two"}, returns=["ca_taken"]),
            task(f.named, inputs=constants(prefix="alo"), returns=["ca_rest"]),
            ShellTask(
                name="command",
                command='export ca_shell="${alone-none} ${ca_two-none}"',
                returns=["ca_shell"],
            ),
        ],
        parameters={"ca_flag": False},
        values={
            "ca_flag": False,
            "ca_default": 7,
            "ca_bound": 7,
            "ca_two": 2,
            "ca_taken": 2,
            "ca_rest": {},
            "ca_shell": "none 2",
        },
        ends=skipped("which.True.take", "other.True.nothing")
        | succeeded("which.False.nothing", "alone_by_default", "defaulted")
        | succeeded("other.False.take", "taken", "named", "command"),
    ),
    Case(
        "conditional_keeps",
        "a name that was there before keeps its value when the branch taken does not set it",
        [
            Conditional(
                name=name,
                parameter="cp_flag",
                branches={
                    key: Pipeline([task(f.increment, inputs={"x": "cp_x"}, returns=["cp_x"])]),
                    not key: Pipeline([Stub(name="nothing")]),
                },
            )
            for name, key in (("first", True), ("second", False))
        ]
        + [task(f.described, inputs={"value": "cp_x"}, returns=["cp_seen"])],
        parameters={"cp_flag": False, "cp_x": 1},
        values={"cp_flag": False, "cp_x": 2, "cp_seen": "2"},
        ends=skipped("first.True.increment", "second.True.nothing")
        | succeeded("first.False.nothing", "second.False.increment", "described"),
    ),
    Case(
        "conditional_nested",
        "a conditional in a branch of another, between branches that run side by side",
        [
            Parallel(
                name="fork",
                branches={
                    "choice": Pipeline(
                        [
                            Conditional(
                                name="outer",
                                parameter="cn_outer",
                                branches={
                                    1: Pipeline(
                                        [
                                            Conditional(
                                                name="inner",
                                                parameter="cn_inner",
                                                branches={
                                                    "a": _sets(f.one, "cn_x"),
                                                    "b": _sets(f.two, "cn_x"),
                                                },
                                            ),
                                            task(
                                                f.increment,
                                                inputs={"x": "cn_x"},
                                                returns=["cn_x"],
                                            ),
                                        ]
                                    )
                                },
                                default=Pipeline(
                                    [
                                        Parallel(
                                            name="unused",
                                            branches={"only": _sets(f.one, "cn_unused")},
                                        ),
                                        task(f.one, returns=["cn_x"]),
                                    ]
                                ),
                            )
                        ]
                    ),
                    "task": Pipeline([task(f.two, returns=["cn_y"])]),
                },
            ),
            task(f.add, inputs={"a": "cn_x", "b": "cn_y"}, returns=["cn_sum"]),
        ],
        parameters={"cn_outer": 1, "cn_inner": "b"},
        values={"cn_outer": 1, "cn_inner": "b", "cn_x": 3, "cn_y": 2, "cn_sum": 5},
        ends=succeeded("fork.choice.outer.1.inner.b.take", "fork.choice.outer.1.increment")
        | succeeded("fork.task.two", "add")
        | skipped("fork.choice.outer.1.inner.a.take", "fork.choice.outer.default.one")
        | skipped("fork.choice.outer.default.unused.only.take"),
    ),
    Case(
        "conditional_data",
        "with order by data a conditional waits for its value, and others for what it sets",
        [
            task(f.increment, inputs={"x": "cda_x"}, returns=["cda_y"]),
            Conditional(
                name="which",
                parameter="cda_flag",
                branches={True: _sets(f.one, "cda_x"), False: _sets(f.two, "cda_x")},
            ),
            task(f.is_even, inputs=constants(x=3), returns=["cda_flag"]),
        ],
        more={"order": "data"},
        values={"cda_flag": False, "cda_x": 2, "cda_y": 3},
        ends=succeeded("is_even", "which.False.take", "increment") | skipped("which.True.take"),
    ),
    Case(
        "conditional_files",
        "the files of the branch taken are there afterwards",
        [
            Conditional(
                name="which",
                parameter="cf_key",
                branches={
                    key: Pipeline(
                        [
                            task(
                                f.write,
                                inputs=constants(name=name, text=key),
                                catalog=Catalog(put=[name]),
                            )
                        ]
                    )
                    for key, name in (("a", "chosen.txt"), ("b", "chosen.txt"), ("c", "chosen.no"))
                },
            ),
            task(
                f.read,
                inputs=constants(name="chosen.txt"),
                returns=["cf_read"],
                catalog=Catalog(get=["chosen.*"]),
            ),
        ],
        parameters={"cf_key": "a"},
        values={"cf_key": "a", "cf_read": "a"},
        files={"chosen.txt": "a"},
        ends=succeeded("which.a.write", "read") | skipped("which.b.write", "which.c.write"),
    ),
    Case(
        "conditional_names",
        "any text names a conditional and what decides it",
        [
            Conditional(
                name=ODD,
                parameter=f"cna {ODD}",
                branches={
                    ODD: Pipeline([task(f.one, ODD, returns=["cna self"])]),
                    "class": Pipeline([task(f.two, ODD, returns=["cna self"])]),
                },
            )
        ],
        parameters={f"cna {ODD}": ODD},
        values={f"cna {ODD}": ODD, "cna self": 1},
        ends=succeeded(f"{ODD}.{ODD}.{ODD}") | skipped(f"{ODD}.class.{ODD}"),
    ),
]
