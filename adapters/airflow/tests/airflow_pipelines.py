"""The pipelines of the tests."""

import airflow_functions as f

from bridge import (
    Catalog,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    at,
    constant,
    fact,
    json,
    metric,
    pickled,
)
from bridge.model import Step

PARAMETERS = {"rows": 5, "scale": 0.5, "degrees": {"a": 1, "b": 2}, "note": "plain", "extra": None}


def _training(key: str) -> Pipeline:
    task = PythonTask(
        name="train",
        function=f.train,
        inputs={"degree": at("degrees", key)},
        returns=[json(f"model_{key}"), metric(f"score_{key}")],
        catalog=Catalog(put=[f"weights-{key_degree(key)}.txt"]),
    )
    return Pipeline([task], description=f"Train at degree {key}.")


def key_degree(key: str) -> int:
    return PARAMETERS["degrees"][key]


def tour() -> Pipeline:
    """Every kind of task, values of every kind, files, and a Parallel."""
    return Pipeline(
        name="tour",
        description="Fit a line to a table.\n\nThe better of two wins; see notes.md",
        parameters=PARAMETERS,
        steps=[
            PythonTask(
                function=f.prepare,
                returns=[json("counts"), pickled("table")],
                catalog=Catalog(put=["*.csv"]),
            ),
            Parallel(name="trainings", branches={"small": _training("a"), "large": _training("b")}),
            PythonTask(function=f.select, returns=[json("best")]),
            PythonTask(
                function=f.evaluate,
                returns=[metric("slope"), json("nothing")],
                catalog=Catalog(get=["table.csv"]),
            ),
            NotebookTask(
                name="examine",
                notebook="airflow_examine.ipynb",
                returns=[json("summary"), pickled("frame")],
                catalog=Catalog(get=["table.csv"]),
            ),
            ShellTask(
                name="report",
                command='echo "$note $slope" > report.txt\nexport size=$(wc -c < report.txt)\n'
                "export kinds='{\"__id__\": [1.0]}'",
                returns=[json("size"), json("kinds")],
                catalog=Catalog(get=["weights-*.txt"], put=["report.txt"], store_copy=False),
            ),
            PythonTask(name="kinds", function=f.pair, inputs={"value": "note", "other": "extra"},
                       returns=["kinds_seen"]),
            Stub(name="deploy"),
        ],
    )  # fmt: skip


_ODD = [
    "class", "self", 'a"b', "next", "Ünï", "日本", "with space", "with.space", "params", "context",
    "print", "ti", "to_json", "same", "downstream_join_id", "{{ x }}", "run.sh", "__classname__",
]  # fmt: skip


_KINDS = ("none", "one", "class", "type", "list", "text")


def oddities() -> Pipeline:
    """Odd names, odd values, and an order that only the data gives."""
    return Pipeline(
        name='odd "names": {{ x }}/é',
        order="data",
        parameters={
            **{name: f"value of {name}" for name in _ODD},
            "nested": {"__type": "dict", "__var": [None, {"deep": 1.0}]},
            "kept": {"__classname__": "x", "big": 1},
            "number": 3,
            "half": 0.5,
            "text": '{{ 1 + 1 }} it\'s "so"\n$(touch pwned) /tmp/run.sh',
            "none": None,
        },
        steps=[*_named_oddly(), *_with_odd_values(), *_of_other_kinds()],
    )


def _named_oddly() -> list[PythonTask]:
    steps = [
        PythonTask(name=name, function=f.same, inputs={"value": name}, returns=[f"{name} ended"])
        for name in _ODD
    ]
    ends = {"value": "class ended", "other": "__classname__ ended"}
    return [*steps, PythonTask(name="join", function=f.pair, inputs=ends, returns=["join"])]


def _with_odd_values() -> list[PythonTask]:
    kept = {"nested": "kept"}
    return [
        PythonTask(name="odd values", function=f.odd_values, returns=[f"v {k}" for k in _KINDS]),
        PythonTask(
            name="back",
            function=f.everything,
            inputs={f"arg {kind}": f"v {kind}" for kind in _KINDS},
            returns=["back"],
            after=["join", *_ODD],
        ),
        PythonTask(function=f.sort_of, inputs={"value": "v one"}, returns=["sort"]),
        PythonTask(function=f.change, inputs=kept, returns=["changed"]),
        PythonTask(
            name="unchanged",
            function=f.pair,
            inputs={"value": "nested", "other": "kept"},
            returns=["unchanged"],
            after=["change"],
        ),
        PythonTask(
            name="given",
            function=f.pair,
            inputs={"value": constant("{{ 1 }}.sh"), "other": constant([None, 1.0])},
            returns=["given"],
        ),
        PythonTask(
            name="text",
            function=f.pair,
            inputs={"value": "text", "other": "none"},
            returns=["texts"],
        ),
    ]


def _of_other_kinds() -> list[Step]:
    facts = {"run_id": "run_id", "attempt": "attempt", "when": "logical_date", "step": "step"}
    return [
        PythonTask(
            function=f.facts,
            inputs={argument: fact(name) for argument, name in facts.items()},
            returns=["facts"],
        ),
        PythonTask(
            function=f.positional,
            inputs={"value": "number", "other": "half"},
            returns=[metric("sum")],
        ),
        PythonTask(
            name="make",
            function="airflow_functions:Model.make",
            inputs={"weight": "number"},
            returns=[pickled("model")],
        ),
        PythonTask(function=f.weigh, returns=["weight"]),
        PythonTask(
            name="default", function=f.pair, inputs={"value": "weight"}, returns=["default"]
        ),
        ShellTask(name="shell", command='export shown="$text"', returns=["shown"]),
        PythonTask(function=f.nothing, after=["shell", "sort_of"]),
        Stub(name="end", after=["nothing", "back", "text"]),
    ]


ODD_PARAMETERS = {
    "half": 2,
    "text": 'other {{ params }} "quoted"\n$(touch pwned) `touch pwned` x.md',
    "none": {"nested": [1, None, "x"]},
    "nested": {"a": [1.0, {"__classname__": 1}]},
}


def _twice(branch: int) -> Pipeline:
    steps = [PythonTask(name=f"add_{i}", function=f.add_one, returns=["total"]) for i in range(2)]
    return Pipeline([*steps, PythonTask(name="keep", function=f.same, inputs={"value": "total"},
                                        returns=[f"kept_{branch}"])])  # fmt: skip


def rebinding() -> Pipeline:
    """One name set again and again, also by both branches."""
    return Pipeline(
        name="rebinding",
        parameters={"total": 0},
        steps=[
            PythonTask(name="first", function=f.add_one, returns=["total"]),
            Parallel(name="both", branches={"x": _twice(1), "y": _twice(2)}),
            PythonTask(name="last", function=f.add_one, returns=["total"]),
        ],
    )


def wide(width: int = 6) -> Pipeline:
    """Two wide Parallels in a row, between which only the order counts."""

    def branches(letter: str) -> dict[str, Pipeline]:
        names = [f"{letter}{i}" for i in range(width)]
        return {n: Stub(name=n).as_pipeline() for n in names}

    return Pipeline(
        name="wide",
        steps=[
            Stub(name="start"),
            Parallel(name="first", branches=branches("a")),
            Parallel(name="second", branches=branches("b")),
            Stub(name="end"),
        ],
    )


def failures() -> Pipeline:
    """Every way to fail, beside what goes on."""
    return Pipeline(
        name="failures",
        order="data",
        steps=[
            PythonTask(
                name="raises",
                function=f.fail_after_writing,
                inputs={"message": constant('no {{ "such" }} key\nin ü')},
                catalog=Catalog(put=["left.txt", "never.txt"]),
                returns=["gone"],
            ),
            PythonTask(name="after it", function=f.same, inputs={"value": "gone"}, returns=["no"]),
            PythonTask(function=f.not_json, returns=["nan"]),
            PythonTask(function=f.not_picklable, returns=[pickled("function")]),
            PythonTask(name="puts nothing", function=f.nothing, catalog=Catalog(put=["missing"])),
            ShellTask(name="command", command="echo bad >&2; exit 3"),
            PythonTask(name="fine", function=f.same, inputs={"value": constant(7)}, returns=["x"]),
        ],
    )  # fmt: skip


def deep(levels: int) -> Pipeline:
    """Parallels inside one another."""
    inner = Stub(name="inmost").as_pipeline()
    for level in range(levels):
        inner = Pipeline([Parallel(name=f"level {level}", branches={"only": inner})], name="deep")
    return inner


def chain(length: int) -> Pipeline:
    return Pipeline(
        name="chain",
        parameters={"total": 0},
        steps=[PythonTask(name=f"add_{i}", function=f.add_one, returns=["total"])
               for i in range(length)],
    )  # fmt: skip
