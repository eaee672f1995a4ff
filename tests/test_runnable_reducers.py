"""Reducers: functions by name, and texts that may be no more than an expression."""

from __future__ import annotations

import pickle

import pytest
import runnable_functions as functions

from bridge import Map, Pipeline, Stub
from bridge.errors import ModelError
from bridge.expressions import Expression, parse, reducing, to_reducer
from bridge.references import Reference
from bridge.serial import dump_yaml, json_schema, load_yaml

BRANCH = Pipeline([Stub(name="a")])


def mapped(reducer: object) -> Map:
    return Map(name="m", branch=BRANCH, iterate_on="xs", iterate_as="x", reducer=reducer)


@pytest.mark.parametrize(
    ("reducer", "values", "expected"),
    [
        ("lambda *x: max(x)", [1, 3, 2], 3),
        ("lambda *x: sum(x)", [1, 3, 2], 6),
        ("lambda *x: len(x)", [1, 3, 2], 3),
        ("lambda *x: x[0]", [1, 3, 2], 1),
        ("lambda *x: max(x, key=lambda x: x[1])", [["a", 1], ["b", 2]], ["b", 2]),
        ("lambda x, y: x - y", [3, 1], 2),
        ("lambda xs: xs[::-1]", [1, 2], [2, 1]),
        ("lambda xs: [x['a'] for x in xs if x]", [{"a": 1}, {}], [1]),
        ("lambda *x: {i: v for i, v in enumerate(x)}", [5], {0: 5}),
        ("lambda*x:sorted(x)[-1] if x else None", [], None),
        ("  lambda *x: round(sum(x) / len(x), 1)\n", [1, 2], 1.5),
        ("lambda: 1", [], 1),
        ("runnable_functions.total", [1, 2], 3),
        ("runnable_functions:total", [1, 2], 3),
        (functions.total, [], 0),
        (functions.count, [1, 2], 2),
        (max, [1, 2], 2),
        ("builtins.max", [1, 2], 2),
    ],
)
def test_a_reducer_reduces(reducer, values, expected):
    found = mapped(reducer).reducer
    assert reducing(found)(values) == expected
    assert reducing(pickle.loads(pickle.dumps(found)))(values) == expected


@pytest.mark.parametrize("text", ["lambda *x: max(x)", "runnable_functions:total"])
def test_a_reducer_is_written_as_its_text(text):
    pipeline = Pipeline([mapped(text)])
    assert str(pipeline.steps[0].reducer) == text
    assert text in dump_yaml(pipeline)
    assert load_yaml(dump_yaml(pipeline)) == pipeline


def test_the_schema_takes_both():
    import re

    pattern = json_schema()["$defs"]["Map"]["properties"]["reducer"]["pattern"]
    assert all(re.search(pattern, text) for text in ("lambda *x: max(x)", "m:f"))
    assert not re.search(pattern, "max")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lambda *x: x.__class__", "reads an attribute, '.__class__'"),
        ("lambda *x: x[0].format()", "attribute|calls what is not a function"),
        ("lambda *x: __import__('os')", "calls what is not a function it knows"),
        ("lambda x=open('f'): x", "calls what is not a function it knows"),
        ("lambda *x: [open, x]", "names 'open'"),
        ("lambda *x: x[0]()", "calls what is not a function it knows"),
        ("lambda *x: (lambda: 1)()", "calls what is not a function it knows"),
        ("lambda *x: (yield)", "holds a Yield"),
        ("lambda *x: (y := 1)", "holds a NamedExpr"),
        ("lambda *x: {1, 2}", "holds a Set"),
        ("lambda *x: f'{x}'", "holds a JoinedStr"),
        ("lambda *x: set(x)", "calls what is not a function it knows"),
        ("lambda *x: getattr(x, 'a')", "calls what is not a function it knows"),
        ("lambda *x: (", "is not Python"),
        ("lambda *x: 'a\0b'", "is not Python"),
        ("lambda x: " + "(" * 5000 + "x" + ")" * 5000, "is not Python"),
        ("lambda *x: 1\nimport os", "is not Python"),
    ],
)
def test_more_than_an_expression_is_refused(text, says):
    with pytest.raises(ModelError, match=says):
        mapped(text)
    with pytest.raises(ModelError, match=says):
        Expression(text)


@pytest.mark.parametrize(
    ("reducer", "says"),
    [
        (lambda *x: max(x), r"write it as text, reducer='lambda \*values: max\(values\)'"),
        ("nonsense", "write 'module:function'"),
        ("a.b; rm -rf", "write 'module:function'"),
        (5, "5 cannot be a task's function"),
    ],
)
def test_what_is_no_reducer_is_refused_with_the_way_out(reducer, says):
    with pytest.raises(ModelError, match=says) as caught:
        mapped(reducer)
    assert f"({__file__}:" in str(caught.value)


def test_what_is_a_reducer_already_is_kept():
    for reducer in (Reference("m", "f"), parse("lambda: 1")):
        assert to_reducer(reducer) is reducer


def test_a_wrong_reducer_in_a_file_is_told_with_its_line():
    text = dump_yaml(Pipeline([mapped("lambda *x: max(x)")])).replace("max(x)", "x.pop()")
    with pytest.raises(ModelError, match=r"reducer of step 'm' is no reducer.*\(p.yaml:6\)"):
        load_yaml(text, "p.yaml")
