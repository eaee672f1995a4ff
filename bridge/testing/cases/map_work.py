"""What tasks do in a map, and what a reducer makes of it."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Catalog, Map, NotebookTask, Parallel, Pipeline, ShellTask
from bridge.testing.cases.case import CODE, ODD, TEXT, Case, constants, succeeded, task, times
from bridge.testing.cases.policies import TOKEN
from bridge.values import fact, json, metric, pickled

__all__ = ["CASES"]

CASES: list[Case] = [
    Case(
        "map_files",
        "each item's files are its own inside the map, and all are there after it",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(
                            f.write_item,
                            inputs={**constants(folder="map_files"), "item": "mfi_item"},
                            catalog=Catalog(put=["map_files/*.txt"]),
                        ),
                        task(
                            f.read_item,
                            inputs={**constants(folder="map_files"), "item": "mfi_item"},
                            returns=["mfi_read"],
                            catalog=Catalog(get=["map_files/*"]),
                        ),
                    ]
                ),
                iterate_on="mfi_items",
                iterate_as="mfi_item",
            ),
            task(
                f.count,
                inputs=constants(pattern="map_files/*"),
                returns=["mfi_count"],
                catalog=Catalog(get=["map_files/?.txt"]),
            ),
        ],
        parameters={"mfi_items": ["a", "b"]},
        values={"mfi_items": ["a", "b"], "mfi_read": ["item a", "item b"], "mfi_count": 2},
        files={"map_files/a.txt": "item a", "map_files/b.txt": "item b"},
        ends=succeeded(*times("each", 2, "write_item", "read_item"), "count"),
    ),
    Case(
        "map_files_given",
        "a task inside a map gets what was put before it, whatever policy is written on it",
        [
            task(
                f.write,
                inputs=constants(name="map_given.txt", text="given"),
                catalog=Catalog(put=["map_given.txt"]),
            ),
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(
                            f.read,
                            inputs=constants(name="map_given.txt"),
                            returns=["mfg_read"],
                            catalog=Catalog(get=["map_given.txt"]),
                            secrets=["CONFORMANCE_TOKEN"],
                        ),
                    ]
                ),
                iterate_on="mfg_items",
                iterate_as="mfg_item",
            ),
        ],
        parameters={"mfg_items": [1, 2]},
        values={"mfg_items": [1, 2], "mfg_read": ["given", "given"]},
        files={"map_given.txt": "given"},
        ends=succeeded("write", *times("each", 2, "read")),
        environ=TOKEN,
    ),
    Case(
        "map_same_file",
        "of items that put the same path the last in order wins it",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(
                            f.write,
                            inputs={**constants(name="map_same.txt"), "text": "msf_item"},
                            catalog=Catalog(put=["map_same.txt"]),
                        )
                    ]
                ),
                iterate_on="msf_items",
                iterate_as="msf_item",
            ),
            task(
                f.read,
                inputs=constants(name="map_same.txt"),
                returns=["msf_read"],
                catalog=Catalog(get=["map_same.txt"]),
            ),
        ],
        parameters={"msf_items": ["first", "second", "third"]},
        values={"msf_items": ["first", "second", "third"], "msf_read": "third"},
        files={"map_same.txt": "third"},
        ends=succeeded(*times("each", 3, "write"), "read"),
    ),
    Case(
        "map_shell",
        "a command in a map",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        ShellTask(
                            name="command",
                            command='export msh_out="<$msh_item>"',
                            returns=["msh_out"],
                        )
                    ]
                ),
                iterate_on="msh_items",
                iterate_as="msh_item",
            )
        ],
        parameters={"msh_items": [TEXT, 7, {"a": [None]}]},
        values={
            "msh_items": [TEXT, 7, {"a": [None]}],
            "msh_out": [f"<{TEXT}>", "<7>", '<{"a":[null]}>'],
        },
        ends=succeeded(*times("each", 3, "command")),
    ),
    Case(
        "map_notebook",
        "a notebook in a map is run, and kept, for each item",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        NotebookTask(
                            name="note",
                            notebook="conformance_map.ipynb",
                            inputs={"page": "mnb_item"},
                            returns=["page_twice", pickled("page_object")],
                            where=CODE,
                        )
                    ]
                ),
                iterate_on="mnb_items",
                iterate_as="mnb_item",
            )
        ],
        parameters={"mnb_items": [4, 5], "page_text": TEXT},
        values={"mnb_items": [4, 5], "page_text": TEXT, "page_twice": [8, 10]},
        objects={"page_object": [{4, TEXT}, {5, TEXT}]},
        notebooks=["page = 4", "page = 5"],
        ends=succeeded(*times("each", 2, "note")),
    ),
    Case(
        "map_objects",
        "objects become a list that is an object; metrics become a list that is a metric",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.labelled, inputs={"label": "mo_item"}, returns=[pickled("mo_set")]),
                        task(f.labels, inputs={"things": "mo_set"}, returns=["mo_inside"]),
                        task(f.increment, inputs={"x": "mo_item"}, returns=[metric("mo_more")]),
                    ]
                ),
                iterate_on="mo_items",
                iterate_as="mo_item",
            ),
            task(f.all_labels, inputs={"things": "mo_set"}, returns=["mo_after"]),
        ],
        parameters={"mo_items": [1, 2]},
        values={
            "mo_items": [1, 2],
            "mo_inside": [["1", "object"], ["2", "object"]],
            "mo_more": [2, 3],
            "mo_after": [["1", "object"], ["2", "object"]],
        },
        metrics={"mo_more": [2, 3]},
        objects={"mo_set": [{1, "object"}, {2, "object"}]},
        ends=succeeded(*times("each", 2, "labelled", "labels", "increment"), "all_labels"),
    ),
    Case(
        "map_reducer",
        "a reducer makes one value of each list, also of an empty one",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.square, inputs={"x": "mr_item"}, returns=["mr_square"]),
                        task(f.increment, inputs={"x": "mr_item"}, returns=[metric("mr_more")]),
                        task(f.labelled, inputs={"label": "mr_item"}, returns=[pickled("mr_set")]),
                    ]
                ),
                iterate_on="mr_items",
                iterate_as="mr_item",
                reducer=f.last,
            ),
            task(f.labels, inputs={"things": "mr_set"}, returns=["mr_labels"]),
            Map(
                name="none",
                branch=Pipeline([task(f.one, returns=["mr_none"])]),
                iterate_on="mr_empty",
                iterate_as="mr_item",
                reducer=f.length,
            ),
        ],
        parameters={"mr_items": [2, 3], "mr_empty": []},
        values={
            "mr_items": [2, 3],
            "mr_empty": [],
            "mr_square": 9,
            "mr_more": 4,
            "mr_labels": ["3", "object"],
            "mr_none": 0,
        },
        metrics={"mr_more": 4},
        objects={"mr_set": {3, "object"}},
        ends=succeeded(*times("each", 2, "square", "increment", "labelled"), "labels"),
    ),
    Case(
        "map_facts",
        "the step that a task in a map is has the number of the item",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [task(f.same, "which", inputs={"value": fact("step")}, returns=["mfa_step"])]
                ),
                iterate_on="mfa_items",
                iterate_as="mfa_item",
            )
        ],
        parameters={"mfa_items": ["x", "y"]},
        values={
            "mfa_items": ["x", "y"],
            "mfa_step": ["cases.map_facts.each.0.which", "cases.map_facts.each.1.which"],
        },
        ends=succeeded(*times("each", 2, "which")),
    ),
    Case(
        "map_run",
        "all tasks of a run, in a map or not, have one run id and one logical date",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(
                            f.same,
                            name,
                            inputs={"value": fact(name)},
                            returns=[f"mru_{name}"],
                        )
                        for name in ("run_id", "logical_date")
                    ]
                ),
                iterate_on="mru_items",
                iterate_as="mru_item",
                reducer=f.distinct,
            )
        ],
        parameters={"mru_items": [1, 2, 3]},
        values={"mru_items": [1, 2, 3], "mru_run_id": 1, "mru_logical_date": 1},
        ends=succeeded(*times("each", 3, "run_id", "logical_date")),
    ),
    Case(
        "map_names",
        "any text names a map, its item, what is in it and what that sets",
        [
            Map(
                name=ODD,
                branch=Pipeline(
                    [
                        task(f.same, ODD, inputs={"value": f"mna {ODD}"}, returns=[json(ODD)]),
                        Parallel(
                            name="class",
                            branches={
                                ODD: Pipeline(
                                    [task(f.same, ODD, inputs={"value": ODD}, returns=["mna self"])]
                                )
                            },
                        ),
                    ]
                ),
                iterate_on="mna input",
                iterate_as=f"mna {ODD}",
            ),
            task(f.same, "def", inputs={"value": ODD}, returns=["mna name"]),
        ],
        parameters={"mna input": [1, TEXT]},
        values={
            "mna input": [1, TEXT],
            ODD: [1, TEXT],
            "mna self": [1, TEXT],
            "mna name": [1, TEXT],
        },
        ends=succeeded(*times(ODD, 2, ODD, f"class.{ODD}.{ODD}"), "def"),
    ),
]
