from __future__ import annotations

import json as jsonlib
from itertools import pairwise

import plain
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import (
    Catalog,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    at,
    constant,
    fact,
    pickled,
)
from bridge.errors import ModelError
from bridge.flow import Output, Parameter, analyse, walk
from bridge.order import find_cycle, sort


def task(function, name="", **more):
    return PythonTask(function=function, name=name, **more)


def branch(*steps):
    return Pipeline(list(steps), name="branch")


def reads(flow, path):
    return {read.argument.name: read.source for read in flow.nodes[path].reads}


def test_each_argument_is_traced_to_its_source():
    flow = analyse(
        Pipeline(
            [
                task(plain.one, returns=["a"]),
                task(plain.double, inputs={"x": "a"}, returns=["b"]),
                task(plain.add, returns=["sum"]),
            ],
            parameters={"unused": 0},
        )
    )
    assert reads(flow, "add") == {"a": Output("one", "a"), "b": Output("double", "b")}
    assert flow.sets == {
        "a": Output("one", "a"),
        "b": Output("double", "b"),
        "sum": Output("add", "sum"),
    }


def test_a_rebound_name_is_read_from_the_last_step_that_set_it():
    flow = analyse(
        Pipeline(
            [
                task(plain.double, "first", returns=["x"]),
                task(plain.double, "second", returns=["x"]),
                task(plain.double, "third", returns=["y"]),
            ],
            parameters={"x": 1},
        )
    )
    assert reads(flow, "first") == {"x": Parameter("x")}
    assert reads(flow, "second") == {"x": Output("first", "x")}
    assert reads(flow, "third") == {"x": Output("second", "x")}


def test_branches_start_from_the_same_scope_and_the_later_one_wins():
    flow = analyse(
        Pipeline(
            [
                task(plain.one, returns=["x"]),
                Parallel(
                    name="p",
                    branches={
                        "l": branch(task(plain.double, returns=["x"])),
                        "r": branch(task(plain.double, returns=["x"])),
                    },
                ),
                task(plain.double, "after", returns=["y"]),
            ]
        )
    )
    assert reads(flow, "p.l.double") == reads(flow, "p.r.double") == {"x": Output("one", "x")}
    assert reads(flow, "after") == {"x": Output("p.r.double", "x")}
    assert flow.exits["p"] == ("p.l.double", "p.r.double")
    assert flow.nodes["after"].after == ("p",)
    assert [w.message for w in flow.warnings] == [
        "'x' is set by branches 'l' and 'r' of 'p'; the value of 'r' wins"
    ]


def test_the_order_that_no_data_gives_is_told_apart():
    flow = analyse(
        Pipeline(
            [
                Stub(name="a"),
                task(plain.one, returns=["x"]),
                task(plain.double, returns=["y"]),
            ]
        )
    )
    assert [flow.order_only(node) for node in flow.nodes.values()] == [(), ("a",), ()]


def test_data_decides_the_order_where_asked():
    flow = analyse(
        Pipeline(
            [
                task(plain.add, returns=["sum"], after=["mark"]),
                task(plain.double, inputs={"x": "a"}, returns=["b"]),
                task(plain.one, returns=["a"]),
                Stub(name="mark"),
            ],
            order="data",
        )
    )
    assert list(flow.nodes) == ["one", "double", "mark", "add"]
    assert set(flow.nodes["add"].after) == {"one", "double", "mark"}
    assert flow.order_only(flow.nodes["add"]) == ("mark",)


def test_files_order_steps_too():
    flow = analyse(
        Pipeline(
            [
                task(plain.write, catalog=Catalog(put=["*.txt"])),
                task(plain.write_other, catalog=Catalog(put=["b.csv"])),
                task(plain.read, returns=["content"], catalog=Catalog(get=["a.txt"])),
            ],
            order="data",
        )
    )
    assert flow.nodes["read"].files_from == ("write",)
    assert flow.nodes["read"].after == ("write",)


def test_a_file_is_waited_for_wherever_the_step_that_puts_it_is_written():
    flow = analyse(
        Pipeline(
            [
                task(plain.read, returns=["content"], catalog=Catalog(get=["a.txt"])),
                task(plain.write, catalog=Catalog(put=["*.txt"])),
                task(plain.read, "again", returns=["more"], catalog=Catalog(get=["a.txt"])),
                task(plain.write, "rewrite", catalog=Catalog(put=["a.txt"]), after=["again"]),
            ],
            order="data",
        )
    )
    assert flow.nodes["read"].after == ("write", "rewrite")
    assert flow.nodes["again"].files_from == ("write",)


def test_kwargs_take_the_json_names_that_are_left():
    flow = analyse(
        Pipeline(
            [
                task(plain.one, returns=["a"]),
                task(plain.thing, returns=[pickled("thing")]),
                task(plain.rest, returns=["names"]),
            ],
            parameters={"p": 1, "q": 2},
        )
    )
    assert reads(flow, "rest").keys() == {"a", "p", "q"}


def test_kwargs_take_nothing_that_is_there_by_chance():
    steps = [
        task(plain.one, returns=["a"]),
        task(plain.one, "other", returns=["by_chance"]),
        task(plain.one, "named", returns=["n"]),
        task(plain.rest, returns=["names"], inputs={"extra": "n"}),
    ]
    flow = analyse(Pipeline(steps, order="data", parameters={"p": 1}))
    assert reads(flow, "rest").keys() == {"a", "extra", "p"}
    assert set(flow.nodes["rest"].after) == {"one", "named"}
    assert "by_chance" in reads(analyse(Pipeline(steps)), "rest")


def test_inputs_may_be_paths_constants_and_facts():
    flow = analyse(
        Pipeline(
            [
                task(plain.add, inputs={"a": at("opts", "k", 0), "b": constant(3)}),
                task(plain.whatever, inputs={"value": fact("run_id")}),
            ],
            parameters={"opts": {"k": [1]}},
        )
    )
    assert flow.nodes["add"].reads[0].path == ("k", 0)
    assert reads(flow, "whatever")["value"] == fact("run_id")


def test_a_command_reads_the_names_that_stand_in_it():
    flow = analyse(
        Pipeline(
            [ShellTask(name="s", command="echo \"$a ${b} $HOME ${c:-x}\" '$d'")],
            parameters={"a": 1, "b": 2, "d": 3, "e": 4},
        )
    )
    assert reads(flow, "s").keys() == {"a", "b", "d"}


def test_a_notebook_reads_the_names_of_its_parameters_cell(tmp_path):
    cells = [
        {"cell_type": "code", "metadata": {}, "source": ["other = 1"]},
        {
            "cell_type": "code",
            "metadata": {"tags": ["parameters"]},
            "source": ["a = 1\n", "b: int = 2"],
        },
    ]
    (tmp_path / "n.ipynb").write_text(jsonlib.dumps({"cells": cells}))
    flow = analyse(
        Pipeline(
            [NotebookTask(name="n", notebook=str(tmp_path / "n.ipynb"))],
            parameters={"a": 1, "other": 2},
        )
    )
    assert reads(flow, "n") == {"a": Parameter("a")}


@pytest.mark.parametrize(
    ("pipeline", "says"),
    [
        (
            lambda: Pipeline([task(plain.double)], parameters={"y": 1}),
            "argument 'x' of 'double' is produced by no earlier step and is no parameter; "
            "names there: 'y'",
        ),
        (
            lambda: Pipeline([task(plain.double, inputs={"x": "z"})]),
            "argument 'x' of 'double' reads 'z', which is produced by no earlier step",
        ),
        (
            lambda: Pipeline([task(plain.double, inputs={"q": "z"})], parameters={"x": 1}),
            "inputs of 'double' names 'q', which is not among its arguments (x)",
        ),
        (
            lambda: Pipeline([Stub(name="a"), Stub(name="a")]),
            "two steps are named 'a' in one place",
        ),
        (
            lambda: Pipeline(
                [
                    task(plain.double, "a", inputs={"x": "q"}, returns=["p"]),
                    task(plain.double, "b", inputs={"x": "p"}, returns=["q"]),
                ],
                order="data",
            ),
            "the steps of 'pipeline' wait for each other: b -> a -> b",
        ),
        (
            lambda: Pipeline(
                [task(plain.one, "a", returns=["x"]), task(plain.one, "b", returns=["x"])],
                order="data",
            ),
            "'x' is produced by 'a' and by 'b'",
        ),
        (
            lambda: Pipeline([Stub(name="a", after=["b"]), Stub(name="b")]),
            "'a' is to run after 'b', which comes no earlier",
        ),
        (lambda: Pipeline([Stub(name="a", after=["z"])]), "which is no step there"),
        (lambda: Pipeline([Stub(name="a", after=["z"])], order="data"), "which is no step there"),
        (
            lambda: Pipeline([task(plain.one, catalog=Catalog(put=["../x"]))]),
            "glob '../x' of 'one' leaves the working directory",
        ),
        (
            lambda: Pipeline([task(plain.one, catalog=Catalog(get=["/etc/passwd"]))]),
            "glob '/etc/passwd' of 'one' leaves",
        ),
        (lambda: Pipeline([task(plain.one, catalog=Catalog(put=["c:/x"]))]), "leaves"),
        (lambda: Pipeline([task(plain.one, catalog=Catalog(put=["a\\b"]))]), "a backslash"),
        (
            lambda: Pipeline([task(plain.read, catalog=Catalog(get=["a.txt"]))]),
            "'read' gets 'a.txt', which no earlier step puts",
        ),
        (
            lambda: Pipeline([task(plain.pair, returns=["a", "a"])]),
            "'pair' returns 'a' twice",
        ),
        (
            lambda: Pipeline([ShellTask(name="s", command="true", returns=[pickled("x")])]),
            "command 's' can only return JSON",
        ),
        (
            lambda: Pipeline(
                [
                    task(plain.thing, returns=[pickled("t")]),
                    ShellTask(name="s", command="true", inputs=["t"]),
                ]
            ),
            "reads 't', an object; a command or a notebook takes JSON only",
        ),
        (
            lambda: Pipeline(
                [
                    task(plain.thing, returns=[pickled("t")]),
                    task(plain.whatever, inputs={"value": at("t", "k")}),
                ]
            ),
            "an object into which no path leads",
        ),
        (
            lambda: Pipeline([NotebookTask(name="n", notebook="missing.ipynb")]),
            "notebook 'missing.ipynb' of 'n' is not there",
        ),
        (
            lambda: Pipeline(
                [Map(name="m", branch=branch(Stub(name="a")), iterate_on="xs", iterate_as="x")]
            ),
            "iterate_on of 'm' is 'xs', which is produced by no earlier step",
        ),
        (lambda: Pipeline([task("plain:gone", "g")]), "function 'plain:gone' cannot be imported"),
        (
            lambda: Pipeline([Stub(name="a")], parameters={"p": {1, 2}}),
            "parameter 'p' of 'pipeline' is not JSON",
        ),
    ],
)
def test_what_contradicts_itself_is_told_before_anything_runs(pipeline, says):
    with pytest.raises(ModelError) as caught:
        analyse(pipeline())
    assert says in str(caught.value)
    assert f"({__file__}:" in str(caught.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(ModelError) as caught:
        analyse(Pipeline([task(plain.double, "a"), task("plain:gone", "b"), task(plain.add, "c")]))
    assert len(caught.value.problems) == 4


def test_walk_gives_every_step_with_its_path():
    pipeline = Pipeline(
        [
            Parallel(
                name="p",
                branches={"l": branch(Stub(name="a"), Stub(name="b")), "r": branch(Stub(name="c"))},
            ),
            Stub(name="d"),
        ]
    )
    assert [path for path, _ in walk(pipeline)] == ["p", "p.l.a", "p.l.b", "p.r.c", "d"]


def test_a_chain_of_a_hundred_thousand_tasks_is_analysed():
    steps = [task(plain.one, "s0", returns=["x"])]
    steps += [task(plain.double, f"s{i}", returns=["x"]) for i in range(1, 100_000)]
    flow = analyse(Pipeline(steps))
    assert flow.nodes["s99999"].after == ("s99998",)


def test_ten_thousand_branches_and_files_are_not_quadratic():
    put = [
        task(plain.write, f"w{i}", catalog=Catalog(put=[f"{i}.txt"])).as_pipeline()
        for i in range(10_000)
    ]
    get = [
        task(plain.one, f"r{i}", catalog=Catalog(get=[f"{i}.txt"]), returns=[f"n{i}"])
        for i in range(10_000)
    ]
    flow = analyse(
        Pipeline([Parallel(name="p", branches={str(i): b for i, b in enumerate(put)}), *get])
    )
    assert flow.nodes["r77"].files_from == ("p.77.w77",)


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.sets(st.sampled_from("abcdefgh"))))
def test_sorting_keeps_every_edge_or_finds_a_cycle(graph):
    earlier = {n: {e for e in es if e in graph} for n, es in graph.items()}
    order = sort(earlier)
    place = {n: i for i, n in enumerate(order)}
    assert all(place[e] < place[n] for n in order for e in earlier[n])
    if len(order) < len(earlier):
        cycle = find_cycle({n: e for n, e in earlier.items() if n not in place})
        assert cycle[0] == cycle[-1]
        assert all(a in earlier[b] for a, b in pairwise(cycle))
