from __future__ import annotations

import pickle
import sys

import plain
import pytest

import bridge
from bridge import (
    Catalog,
    Conditional,
    Loop,
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
    json,
    metric,
    pickled,
)
from bridge.errors import ModelError
from bridge.references import Reference
from bridge.values import Kind


def a_function(x):
    return x


def test_public_names_are_sorted_and_there():
    assert bridge.__all__ == sorted(bridge.__all__)
    assert all(hasattr(bridge, name) for name in bridge.__all__)


def test_a_task_is_named_like_its_function_and_knows_where_it_was_written():
    task = PythonTask(function=plain.double)
    assert task.name == "double"
    assert str(task.reference) == "plain:double"
    assert task.where is not None
    assert task.where.file == __file__
    assert task.where.line == sys._getframe().f_lineno - 5


def test_returns_and_inputs_take_text_for_the_usual():
    task = PythonTask(
        function=plain.pair,
        returns=["a", metric("b"), pickled("c"), json("d")],
        inputs={"x": "y", "z": at("opts", "k", 0), "c": constant(5), "r": fact("run_id")},
    )
    assert [(r.name, r.kind) for r in task.returns] == [
        ("a", Kind.JSON),
        ("b", Kind.METRIC),
        ("c", Kind.PICKLED),
        ("d", Kind.JSON),
    ]
    assert task.inputs["x"] == at("y")


def test_a_command_lists_its_inputs():
    assert ShellTask(name="s", command="true", inputs=["a", "b"]).inputs == {
        "a": at("a"),
        "b": at("b"),
    }


def test_a_stub_keeps_whatever_is_written_on_it():
    stub = Stub(name="deploy", function="whatever", colour="red", returns=["x"])
    assert stub.extra == {"function": "whatever", "colour": "red"}
    assert stub.returns == (json("x"),)


def test_a_task_alone_is_a_pipeline():
    assert Stub(name="a").as_pipeline() == Pipeline([Stub(name="a")], name="a")


def test_models_compare_by_what_they_say_not_where():
    one = Pipeline([PythonTask(function=plain.one, catalog=Catalog(put=["x"]))])
    other = Pipeline([PythonTask(function="plain:one", catalog=Catalog(put=["x"]))])
    assert one == other
    assert one != Pipeline([PythonTask(function=plain.one)])


def test_a_pipeline_survives_pickle():
    pipeline = Pipeline(
        [
            Map(name="m", branch=Pipeline([Stub(name="a")]), iterate_on="xs", iterate_as="x"),
            Conditional(name="c", parameter="p", branches={True: Pipeline([Stub(name="b")])}),
            Loop(name="l", branch=Pipeline([Stub(name="d")]), max_iterations=3, break_on="done"),
            PythonTask(function=plain.Tools.triple),
        ]
    )
    assert pickle.loads(pickle.dumps(pipeline)) == pipeline


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PythonTask(function=lambda x: x, name="f"), "a lambda cannot be imported"),
        (lambda: PythonTask(function=_closure()), "made inside a function"),
        (lambda: PythonTask(function=5, name="x"), "5 cannot be a task's function"),
        (lambda: PythonTask(function="nonsense", name="x"), "write 'module:function'"),
        (lambda: PythonTask(function="os:system; rm", name="x"), "write 'module:function'"),
        (lambda: Pipeline([]), "has no steps"),
        (lambda: Pipeline([plain.one]), "is not a step; wrap a function with PythonTask"),
        (lambda: Pipeline([Stub(name="a")], order="random"), "order must be 'list' or 'data'"),
        (lambda: Pipeline([Stub(name="a")], name=""), "a pipeline's name must be printable"),
        (lambda: Stub(name=""), "a step's name must be printable text"),
        (lambda: Stub(name="a\nb"), "a step's name must be printable text"),
        (lambda: Parallel(name="p", branches={}), "parallel 'p' has no branches"),
        (lambda: Stub(name="a", returns=[5]), "a return is a name"),
        (lambda: Stub(name="a", inputs={"x": 5}), "an input is a name"),
        (lambda: Catalog(get=[5]), "must be text, not 5"),
        (lambda: fact("weather"), "'weather' is not a fact of a run; there are run_id"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(make, says):
    with pytest.raises(ModelError, match=says):
        make()


def _closure():
    def inner():
        return 1

    return inner


def test_a_refusal_names_the_line_of_the_user():
    with pytest.raises(ModelError) as caught:
        PythonTask(function=lambda: 1, name="f")
    assert caught.value.problems[0].message
    assert f"({__file__}:" in str(caught.value)


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("plain:nothing_there", "cannot be imported: AttributeError"),
        ("no_such_module_at_all:f", "cannot be imported: ModuleNotFoundError"),
        ("math:pi", "is not a function but float"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told(reference, says):
    module, _, name = reference.partition(":")
    with pytest.raises(ModelError, match=says):
        Reference(module, name).load()


def test_a_long_pipeline_builds_without_recursion():
    pipeline = Pipeline([Stub(name=f"s{i}") for i in range(100_000)])
    assert len(pipeline.steps) == 100_000


def test_notebook_tasks_need_a_name():
    with pytest.raises(ModelError, match="a step's name"):
        NotebookTask(notebook="a.ipynb")
