"""What values may be, and how they come to a task."""

from __future__ import annotations

import conformance_functions as f

from bridge.testing.cases.case import TEXT, Case, constants, task
from bridge.values import at, constant, fact, metric, pickled

__all__ = ["CASES"]

CASES: list[Case] = [
    Case(
        "defaults",
        "defaults fill what is absent",
        [task(f.defaulted, returns=["default_used"])],
        values={"default_used": 7},
    ),
    Case(
        "given",
        "what is given wins over what is declared, and nothing is merged deeply",
        [task(f.same, inputs={"value": "given_a"}, returns=["given_seen"])],
        parameters={"given_a": {"x": 1, "y": 2}, "given_b": 5},
        given={"given_a": {"x": 3}},
        values={"given_a": {"x": 3}, "given_b": 5, "given_seen": {"x": 3}},
    ),
    Case(
        "given_kinds",
        "a value given reaches the function as it is, whatever its kind",
        [
            task(
                f.described,
                f"describe_{name}",
                inputs={"value": f"gk_{name}"},
                returns=[f"gk_saw_{name}"],
            )
            for name in ("text", "number", "none", "list", "flag", "float")
        ],
        parameters={
            "gk_text": "x",
            "gk_number": 1,
            "gk_none": None,
            "gk_list": [],
            "gk_flag": False,
            "gk_float": 0.5,
        },
        given={
            "gk_text": TEXT,
            "gk_number": -(2**40),
            "gk_list": [1, {"a": [None, TEXT]}],
            "gk_flag": True,
            "gk_float": 1e-7,
        },
        values={
            "gk_text": TEXT,
            "gk_number": -(2**40),
            "gk_none": None,
            "gk_list": [1, {"a": [None, TEXT]}],
            "gk_flag": True,
            "gk_float": 1e-7,
            "gk_saw_text": repr(TEXT),
            "gk_saw_number": repr(-(2**40)),
            "gk_saw_none": "None",
            "gk_saw_list": repr([1, {"a": [None, TEXT]}]),
            "gk_saw_flag": "True",
            "gk_saw_float": "1e-07",
        },
    ),
    Case(
        "declared_kinds",
        "a declared value reaches the function as it is",
        [task(f.described, inputs={"value": "dk_value"}, returns=["dk_saw"])],
        parameters={"dk_value": {"text": TEXT, "n": [1, 0.5, True, None]}},
        values={
            "dk_value": {"text": TEXT, "n": [1, 0.5, True, None]},
            "dk_saw": repr({"text": TEXT, "n": [1, 0.5, True, None]}),
        },
    ),
    Case(
        "rest",
        "**kwargs receives all JSON parameters not otherwise consumed",
        [task(f.rest, inputs={"taken": "rest_taken"}, returns=["others_seen"])],
        parameters={"rest_taken": 0, "rest_a": 1, "rest_b": "two"},
        values={
            "rest_taken": 0,
            "rest_a": 1,
            "rest_b": "two",
            "others_seen": {"rest_a": 1, "rest_b": "two"},
        },
    ),
    Case(
        "conversions",
        "annotations convert; false is not True, None stays None",
        [
            task(
                f.kinds,
                inputs=constants(
                    number=1,
                    flag="false",
                    colour="blue",
                    path="a/b",
                    day="2026-02-03",
                    options={"size": "3"},
                ),
                returns=["converted"],
            ),
            task(f.maybe, inputs=constants(value=None), returns=["maybe_none"]),
            task(f.maybe, "maybe_text", inputs=constants(value="5"), returns=["maybe_number"]),
        ],
        values={
            "converted": [
                "1.0",
                "False",
                "BLUE",
                "b",
                "2026-02-03",
                "Options(size=3, name='none')",
            ],
            "maybe_none": "None",
            "maybe_number": "5",
        },
    ),
    Case(
        "returns",
        "returns match by position, by key, or take the whole value",
        [
            task(f.pair, returns=["by_place_a", "by_place_b"]),
            task(f.keyed, returns=["first", "second"]),
            task(f.keyed, "whole", returns=["whole_value"]),
            task(f.nothing, returns=["none_value"]),
            task(f.described, inputs={"value": "none_value"}, returns=["none_seen"]),
        ],
        values={
            "by_place_a": 1,
            "by_place_b": "two",
            "first": 1,
            "second": "two",
            "whole_value": {"second": "two", "first": 1},
            "none_value": None,
            "none_seen": "None",
        },
    ),
    Case(
        "json",
        "JSON survives to the letter; numpy scalars are converted",
        [
            task(f.odd_json, returns=["odd_json"]),
            task(f.same, inputs={"value": "odd_json"}, returns=["odd_json_again"]),
            task(f.numpy_numbers, returns=[metric("numbers")]),
            task(f.described, inputs={"value": "numbers"}, returns=["numbers_seen"]),
            task(f.same, "empty", inputs=constants(value=[]), returns=["empty_list"]),
            task(
                f.described,
                "describe_empty",
                inputs={"value": "empty_list"},
                returns=["empty_seen"],
            ),
        ],
        values={
            "odd_json": f.odd_json(),
            "odd_json_again": f.odd_json(),
            "numbers": {"int": 3, "floats": [0.5, 0.1], "flag": True},
            "numbers_seen": "{'int': 3, 'floats': [0.5, 0.1], 'flag': True}",
            "empty_list": [],
            "empty_seen": "[]",
        },
        metrics={"numbers": {"int": 3, "floats": [0.5, 0.1], "flag": True}},
    ),
    Case(
        "objects",
        "pickled passes any object, and nobody sees what another does to it",
        [
            task(f.frame, returns=[pickled("frame")]),
            task(f.total, returns=["total_first"]),
            task(f.total, "total_again", returns=["total_second"]),
            task(f.any_object, returns=[pickled("thing")]),
            task(f.member, returns=["is_member"]),
            task(f.letters, returns=["letters"]),
            task(f.lengthened, returns=["length_first"]),
            task(f.lengthened, "lengthened_again", returns=["length_second"]),
        ],
        values={
            "total_first": 9,
            "total_second": 9,
            "is_member": True,
            "letters": ["a", "b"],
            "length_first": 3,
            "length_second": 3,
        },
        objects={"frame": f.frame(), "thing": f.any_object()},
    ),
    Case(
        "inputs",
        "an argument receives a name, a place inside a value, a constant or a fact",
        [
            task(
                f.add,
                inputs={"a": at("in_options", "sizes", 1), "b": constant(30)},
                returns=["in_sum"],
            ),
            task(f.same, "constant", inputs={"value": constant({"t": TEXT})}, returns=["in_text"]),
        ],
        parameters={"in_options": {"sizes": [1, 12]}},
        values={"in_options": {"sizes": [1, 12]}, "in_sum": 42, "in_text": {"t": TEXT}},
    ),
    Case(
        "facts",
        "a task can ask which step and attempt it is",
        [
            task(f.same, "which", inputs={"value": fact("step")}, returns=["fact_step"]),
            task(f.same, "attempt", inputs={"value": fact("attempt")}, returns=["fact_attempt"]),
        ],
        values={"fact_step": "cases.facts.which", "fact_attempt": 1},
    ),
]
