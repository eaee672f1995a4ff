"""Datasets."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Conditional, Dataset, Map, Pipeline
from bridge.testing.cases.case import TEXT, Case, constants, succeeded, task, times

__all__ = ["CASES"]

TEXTS = "conformance_functions.TextDataset"

CASES: list[Case] = [
    Case(
        "dataset",
        "a task reads and writes a dataset by its name; only the dataset knows where it is",
        [
            task(f.same, "written", inputs=constants(value=TEXT), returns=["ds_text"]),
            task(f.described, "read", inputs={"value": "ds_text"}, returns=["ds_read"]),
            task(f.pair, "both", returns=["ds_one", "ds_two"]),
            task(f.same, "again", inputs={"value": "ds_two"}, returns=["ds_again"]),
        ],
        more={
            "datasets": {
                "ds_text": Dataset(TEXTS, "ds_text.txt", {"prefix": "a 'prefix' {{ }}"}),
                "ds_two": Dataset(TEXTS, "ds_two.txt"),
            }
        },
        values={"ds_read": repr(TEXT), "ds_one": 1, "ds_again": "two"},
        objects={"ds_text": TEXT, "ds_two": "two"},
    ),
    Case(
        "dataset_inside",
        "what runs inside a composite reads and writes datasets too",
        [
            task(f.same, "written", inputs=constants(value="inside"), returns=["di_text"]),
            Map(
                name="each",
                branch=Pipeline(
                    [task(f.described, inputs={"value": "di_text"}, returns=["di_read"])]
                ),
                iterate_on="di_items",
                iterate_as="di_item",
            ),
            Conditional(
                name="choose",
                parameter="di_yes",
                branches={
                    True: Pipeline([task(f.same, inputs={"value": "di_text"}, returns=["di_copy"])])
                },
            ),
        ],
        parameters={"di_items": [1, 2], "di_yes": True},
        more={
            "datasets": {
                "di_text": Dataset(TEXTS, "di_text.txt"),
                "di_copy": Dataset(TEXTS, "di_copy.txt"),
            }
        },
        values={"di_items": [1, 2], "di_yes": True, "di_read": [repr("inside")] * 2},
        objects={"di_text": "inside", "di_copy": "inside"},
        ends=succeeded("written", *times("each", 2, "described"), "choose.True.same"),
    ),
]
