"""What a pipeline means, as small pipelines with the record that every engine must give.

Each case sets names of its own, so that many cases can run side by side as the branches of one
pipeline: an engine that takes seconds to start is started once for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import conformance_functions as f

from bridge.errors import Where
from bridge.findings import Feature, attributes
from bridge.model import (
    Catalog,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Step,
    Stub,
)
from bridge.values import at, constant, fact, json, metric, pickled

__all__ = ["FAILING", "PASSING", "Case", "together"]

TEXT = '"it\'s" {{ params.x }} {% x %} $(touch pwned) ${HOME} \\n %s {0}\nnext line\t\u2028 Ü'
"""Text that is code in some language or other, and must stay text in all of them."""

ODD_NAMES = (
    "class",
    "self",
    'a"b',
    "name",
    "next",
    "input",
    "index",
    "start",
    "end",
    "Ünï",
    "a b",
    "a-b",
    "params",
)
"""Names that mean something to Python, to a framework, or to neither."""

_CODE = Where(str(Path(f.__file__)))


@dataclass(frozen=True)
class Case:
    """A pipeline, what it starts with, and what its record must hold.

    ``values`` and ``metrics`` are by name, ``objects`` the very objects, ``files`` their text;
    ``failed`` is the step, the exception's type and a part of its text.
    """

    name: str
    says: str
    steps: Sequence[Step]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    objects: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[str, str, str] | None = None
    order: Any = "list"

    @property
    def pipeline(self) -> Pipeline:
        """The case by itself."""
        return Pipeline(self.steps, self.name, parameters=self.parameters, order=self.order)

    @property
    def features(self) -> set[Feature]:
        """All that the case says, as features."""
        return {attribute.feature for attribute in attributes(self.pipeline)}


def together(cases: Sequence[Case]) -> Pipeline:
    """One pipeline that runs the cases side by side."""
    parameters: dict[str, Any] = {}
    for case in cases:
        shared = parameters.keys() & case.parameters.keys()
        assert not shared, f"case {case.name} sets {shared}, which another case has"
        parameters |= case.parameters
    branches = {case.name: Pipeline(case.steps, case.name, order=case.order) for case in cases}
    step = Parallel(name="cases", branches=branches)
    return Pipeline([step], "conformance", parameters=parameters)


def _task(function: Any, name: str = "", **more: Any) -> PythonTask:
    return PythonTask(function=function, name=name, **more)


def _inputs(**values: Any) -> dict[str, Any]:
    return {
        name: value if hasattr(value, "path") else constant(value) for name, value in values.items()
    }


PASSING: list[Case] = [
    Case(
        "defaults",
        "defaults fill what is absent",
        [_task(f.defaulted, returns=["default_used"])],
        values={"default_used": 7},
    ),
    Case(
        "given",
        "what is given wins over what is declared, and nothing is merged deeply",
        [_task(f.same, inputs={"value": "given_a"}, returns=["given_seen"])],
        parameters={"given_a": {"x": 1, "y": 2}, "given_b": 5},
        given={"given_a": {"x": 3}},
        values={"given_a": {"x": 3}, "given_b": 5, "given_seen": {"x": 3}},
    ),
    Case(
        "given_kinds",
        "a value given reaches the function as it is, whatever its kind",
        [
            _task(
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
        [_task(f.described, inputs={"value": "dk_value"}, returns=["dk_saw"])],
        parameters={"dk_value": {"text": TEXT, "n": [1, 0.5, True, None]}},
        values={
            "dk_value": {"text": TEXT, "n": [1, 0.5, True, None]},
            "dk_saw": repr({"text": TEXT, "n": [1, 0.5, True, None]}),
        },
    ),
    Case(
        "rest",
        "**kwargs receives all JSON parameters not otherwise consumed",
        [_task(f.rest, inputs={"taken": "rest_taken"}, returns=["others_seen"])],
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
            _task(
                f.kinds,
                inputs=_inputs(
                    number=1,
                    flag="false",
                    colour="blue",
                    path="a/b",
                    day="2026-02-03",
                    options={"size": "3"},
                ),
                returns=["converted"],
            ),
            _task(f.maybe, inputs=_inputs(value=None), returns=["maybe_none"]),
            _task(f.maybe, "maybe_text", inputs=_inputs(value="5"), returns=["maybe_number"]),
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
            _task(f.pair, returns=["by_place_a", "by_place_b"]),
            _task(f.keyed, returns=["first", "second"]),
            _task(f.keyed, "whole", returns=["whole_value"]),
            _task(f.nothing, returns=["none_value"]),
            _task(f.described, inputs={"value": "none_value"}, returns=["none_seen"]),
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
            _task(f.odd_json, returns=["odd_json"]),
            _task(f.same, inputs={"value": "odd_json"}, returns=["odd_json_again"]),
            _task(f.numpy_numbers, returns=[metric("numbers")]),
            _task(f.described, inputs={"value": "numbers"}, returns=["numbers_seen"]),
            _task(f.same, "empty", inputs=_inputs(value=[]), returns=["empty_list"]),
            _task(
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
            _task(f.frame, returns=[pickled("frame")]),
            _task(f.total, returns=["total_first"]),
            _task(f.total, "total_again", returns=["total_second"]),
            _task(f.any_object, returns=[pickled("thing")]),
            _task(f.member, returns=["is_member"]),
            _task(f.letters, returns=["letters"]),
            _task(f.lengthened, returns=["length_first"]),
            _task(f.lengthened, "lengthened_again", returns=["length_second"]),
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
            _task(
                f.add,
                inputs={"a": at("in_options", "sizes", 1), "b": constant(30)},
                returns=["in_sum"],
            ),
            _task(f.same, "constant", inputs={"value": constant({"t": TEXT})}, returns=["in_text"]),
        ],
        parameters={"in_options": {"sizes": [1, 12]}},
        values={"in_options": {"sizes": [1, 12]}, "in_sum": 42, "in_text": {"t": TEXT}},
    ),
    Case(
        "facts",
        "a task can ask which step and attempt it is",
        [
            _task(f.same, "which", inputs={"value": fact("step")}, returns=["fact_step"]),
            _task(f.same, "attempt", inputs={"value": fact("attempt")}, returns=["fact_attempt"]),
        ],
        values={"fact_step": "cases.facts.which", "fact_attempt": 1},
    ),
    Case(
        "rebinding",
        "the last step that set a name is the one that is read",
        [
            _task(f.increment, "once", inputs={"x": "re_x"}, returns=["re_x"]),
            _task(f.increment, "twice", inputs={"x": "re_x"}, returns=["re_x"]),
            _task(f.described, inputs={"value": "re_x"}, returns=["re_seen"]),
        ],
        parameters={"re_x": 1},
        values={"re_x": 3, "re_seen": "3"},
    ),
    Case(
        "parallel",
        "branches start from the same scope; all that they set is visible; the later one wins",
        [
            _task(f.one, returns=["par_x"]),
            Parallel(
                name="fork",
                branches={
                    "left": Pipeline(
                        [
                            _task(f.increment, inputs={"x": "par_x"}, returns=["par_x"]),
                            _task(f.increment, "more", inputs={"x": "par_x"}, returns=["par_left"]),
                        ]
                    ),
                    "right": Pipeline(
                        [
                            Parallel(
                                name="inner",
                                branches={
                                    "a": Pipeline([_task(f.two, returns=["par_a"])]),
                                    "b": Pipeline(
                                        [
                                            _task(
                                                f.same, inputs={"value": "par_x"}, returns=["par_b"]
                                            )
                                        ]
                                    ),
                                },
                            ),
                            _task(f.add, inputs={"a": "par_a", "b": "par_b"}, returns=["par_x"]),
                        ]
                    ),
                },
            ),
            _task(f.add, inputs={"a": "par_x", "b": "par_left"}, returns=["par_sum"]),
        ],
        values={"par_x": 3, "par_left": 3, "par_a": 2, "par_b": 1, "par_sum": 6},
    ),
    Case(
        "dag",
        "with order by data a step waits for what it reads, in any shape",
        [
            _task(f.add, "d", inputs={"a": "dag_b", "b": "dag_c"}, returns=["dag_d"]),
            _task(f.increment, "c", inputs={"x": "dag_a"}, returns=["dag_c"]),
            _task(
                f.add, "e", inputs={"a": "dag_b", "b": "dag_z"}, returns=["dag_e"], after=["mark"]
            ),
            _task(f.increment, "b", inputs={"x": "dag_a"}, returns=["dag_b"]),
            _task(f.one, "a", returns=["dag_a"]),
            _task(f.two, "z", returns=["dag_z"]),
            Stub(name="mark"),
        ],
        order="data",
        values={"dag_a": 1, "dag_b": 2, "dag_c": 2, "dag_d": 4, "dag_e": 4, "dag_z": 2},
    ),
    Case(
        "files",
        "files go from task to task through the catalog; the later one wins a path",
        [
            _task(
                f.write,
                inputs=_inputs(name="file.txt", text="first"),
                catalog=Catalog(put=["file.txt"]),
            ),
            _task(
                f.write,
                "again",
                inputs=_inputs(name="file.txt", text="second"),
                catalog=Catalog(put=["file.*"]),
            ),
            _task(f.remove, inputs=_inputs(name="file.txt")),
            _task(
                f.read,
                inputs=_inputs(name="file.txt"),
                returns=["file_read"],
                catalog=Catalog(get=["file.txt"]),
            ),
            _task(f.write_many, catalog=Catalog(put=["many/*.txt", "with space*", "empty"])),
            _task(
                f.count,
                inputs=_inputs(pattern="many/*.txt"),
                returns=["files_counted"],
                catalog=Catalog(get=["**/*.txt"]),
            ),
        ],
        values={"file_read": "second", "files_counted": 3},
        files={
            "file.txt": "second",
            "many/0.txt": "0",
            "many/1.txt": "1",
            "many/2.txt": "2",
            "with space ü.txt": "odd",
            "empty": "",
        },
    ),
    Case(
        "hashed",
        "store_copy=False records the hash alone",
        [
            _task(
                f.write,
                inputs=_inputs(name="hashed.txt", text="kept where it is"),
                catalog=Catalog(put=["hashed.txt"], store_copy=False),
            )
        ],
        files={"hashed.txt": "kept where it is"},
    ),
    Case(
        "shell",
        "a command sees JSON names as variables, and gives back what it exports",
        [
            ShellTask(
                name="command",
                command='export shell_out="$shell_in / $shell_list"\nexport shell_n=$((40 + 2))\n'
                "export shell_json='{\"a\": [1]}'; exit 0",
                returns=["shell_out", "shell_n", metric("shell_json")],
            ),
            ShellTask(
                name="write it",
                command='printf %s "$word" > shell.txt',
                inputs={"word": "shell_in"},
                catalog=Catalog(put=["shell.txt"]),
            ),
        ],
        parameters={"shell_in": TEXT, "shell_list": [1, "two"]},
        values={
            "shell_in": TEXT,
            "shell_list": [1, "two"],
            "shell_out": TEXT + ' / [1,"two"]',
            "shell_n": 42,
            "shell_json": {"a": [1]},
        },
        metrics={"shell_json": {"a": [1]}},
        files={"shell.txt": TEXT},
    ),
    Case(
        "notebook",
        "a notebook takes the names of its parameters cell and gives its names back",
        [
            NotebookTask(
                name="note",
                notebook="conformance.ipynb",
                returns=["note_out", pickled("note_object")],
                catalog=Catalog(put=["note.txt"]),
                where=_CODE,
            )
        ],
        parameters={"note_in": 21, "note_text": TEXT},
        values={
            "note_in": 21,
            "note_text": TEXT,
            "note_out": {"twice": 42, "text": TEXT, "unset": "its own"},
        },
        objects={"note_object": {21, "object"}},
        files={"note.txt": TEXT},
    ),
    Case(
        "names",
        "any name is a name",
        [_task(f.one, name, returns=[json(f"{name} value")]) for name in ODD_NAMES]
        + [
            _task(f.increment, f"{name} again", inputs={"x": f"{name} value"}, returns=[f"{name}"])
            for name in ODD_NAMES
        ]
        + [
            _task(
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
        "stub",
        "a stub does nothing",
        [Stub(name="later", colour="red", returns=["never"]), _task(f.one, returns=["after_stub"])],
        values={"after_stub": 1},
    ),
]
"""Cases that succeed."""

FAILING: list[Case] = [
    Case(
        "exception",
        "a failed run says which step failed and how; what depends on it does not run",
        [
            _task(f.one, returns=["before"]),
            Parallel(
                name="fork",
                branches={
                    "bad": Pipeline([_task(f.fail), _task(f.two, returns=["never"])]),
                    "good": Pipeline([_task(f.two, returns=["independent"])]),
                },
            ),
            _task(f.two, "after", returns=["after"]),
        ],
        values={"before": 1},
        failed=("fork.bad.fail", "KeyError", "gone"),
    ),
    Case(
        "misfit",
        "a value that does not fit is an error at the step that would receive it",
        [_task(f.increment, inputs=_inputs(x="many"), returns=["y"])],
        failed=("increment", "ValueError", "'x'"),
    ),
    Case(
        "nan",
        "NaN is refused where it is made",
        [_task(f.nan, returns=["not_json"])],
        failed=("nan", "ValueError", 'pickled("not_json")'),
    ),
    Case(
        "unpicklable",
        "what cannot be pickled is refused where it is made",
        [_task(f.lock, returns=[pickled("the_lock")])],
        failed=("lock", "", "lock"),
    ),
    Case(
        "no_match",
        "a put without match is an error",
        [_task(f.one, catalog=Catalog(put=["none.*"]))],
        failed=("one", "FileNotFoundError", "none.*"),
    ),
    Case(
        "put_after_failure",
        "files are stored after a failure too, and the failure is the task's own",
        [_task(f.write_and_fail, catalog=Catalog(put=["late.txt", "none.*"]))],
        failed=("write_and_fail", "RuntimeError", "after the file was written"),
    ),
    Case(
        "not_exported",
        "a declared return that a command did not export is an error",
        [ShellTask(name="command", command="not_exported=1", returns=["not_exported"])],
        failed=("command", "ValueError", "not_exported"),
    ),
    Case(
        "exit_code",
        "a command that ends with an error fails",
        [ShellTask(name="command", command="echo 'what went wrong' >&2; exit 3")],
        failed=("command", "RuntimeError", "what went wrong"),
    ),
]
"""Cases that fail, each in a run of its own."""
