"""Datasets."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Dataset
from bridge.testing.cases.case import TEXT, Case, constants, task

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
]
