from __future__ import annotations

import ast
import doctest
import keyword

import plain
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bridge.emit.names
from bridge import (
    Catalog,
    NotebookTask,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    at,
    constant,
    json,
    pickled,
)
from bridge.emit.body import body
from bridge.emit.carried import carried
from bridge.emit.names import Names, identifier
from bridge.emit.python import comment, docstring, finish, finish_all, imports, literal
from bridge.errors import BridgeError
from bridge.flow import analyse

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(json_values)
def test_a_literal_is_data_equal_to_its_value(value):
    assert ast.literal_eval(literal(value)) == value


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), {1, 2}, object(), b"x", [{"a": {1}}]]
)
def test_what_is_no_plain_data_has_no_literal(value):
    with pytest.raises(TypeError, match="has no literal"):
        literal(value)


def test_text_of_several_lines_stays_readable():
    assert literal("a\nb's\n").splitlines() == ["('a\\n'", '"b\'s\\n")']


@given(st.text() | st.text('"\\ab\n'))
def test_a_docstring_is_a_docstring_whatever_the_text(text):
    (only,) = ast.parse(docstring(text)).body
    assert isinstance(only, ast.Expr)
    assert isinstance(only.value, ast.Constant)
    assert only.value.value.strip() == text.strip()


@given(st.text())
def test_a_comment_stays_a_comment(text):
    assert ast.parse(comment(text)).body == []


@given(st.text(), st.booleans(), st.booleans())
def test_an_identifier_is_one(text, ascii_only, lower):
    name = identifier(text, ascii_only=ascii_only, lower=lower)
    assert name.isidentifier()
    assert not keyword.iskeyword(name)
    assert name.isascii() or not ascii_only


@given(st.lists(st.text(max_size=4), unique=True))
def test_names_never_collide(keys):
    names = Names(reserved={"next", "self"})
    given_ = [names(key) for key in keys]
    assert len(set(given_)) == len(keys)
    assert not {"next", "self"} & set(given_)
    assert given_ == [names(key) for key in keys]


def test_names_by_example():
    assert doctest.testmod(bridge.emit.names).failed == 0


def test_many_equal_names_cost_no_more_each():
    names = Names()
    assert names("key 9999 of many", "x") == "x"
    assert [names(str(i), "x") for i in range(20_000)][-1] == "x_20001"


def test_import_lines_are_merged():
    lines = ["from a import c", "import z", "from a import b", "from a import b"]
    assert imports(lines) == ["import z", "from a import b, c"]


def test_what_is_no_python_never_reaches_a_file():
    with pytest.raises(BridgeError, match=r"'flow\.py' into no valid Python"):
        finish("def f(:\n", "flow.py")


def test_several_sources_are_formatted_each_by_itself():
    assert finish_all({}) == {}
    given = {"a/x.py": "x=1\n", "b/x.py": "x = 'é'\r\n", "dist/.git/y.py": ""}
    found = finish_all(given)
    assert found == {"a/x.py": "x = 1\n", "b/x.py": 'x = "é"\r\n', "dist/.git/y.py": ""}
    assert found == {name: finish(source, name) for name, source in given.items()}
    with pytest.raises(BridgeError, match=r"'b/x\.py' into no valid Python"):
        finish_all({**given, "b/x.py": "def f(:\n"})


def test_an_export_carries_only_what_it_needs():
    assert carried([]) == {}
    assert list(carried(["values"])) == ["tasklib/__init__.py", "tasklib/values.py"]
    assert "tasklib/files.py" in carried(["objects"])
    assert not any("bridge" in text for text in carried(["objects", "notebook", "shell"]).values())


def made(*steps, taken=(), **parameters):
    """The statements of the last step, values reached by their arguments in capitals."""
    flow = analyse(Pipeline(list(steps), parameters=parameters))
    node = list(flow.nodes.values())[-1]
    values = {read.argument.name: read.argument.name.upper() for read in node.reads}
    files = [f"FILES_{path}" for path in node.files_from]
    found = body(flow, node, values, files, taken)
    returns = [f"{name} := {expression}" for name, expression in found.outputs.items()]
    return "\n".join([*found.imports, *found.lines, *returns])


def task(function, **more):
    return PythonTask(function=function, **more)


@pytest.mark.parametrize(
    ("steps", "parameters", "expected"),
    [
        (
            [task(plain.one)],
            {},
            "from plain import one\none()",
        ),
        (  # types agree: a plain call
            [task(plain.double, returns=["y"])],
            {"x": 1},
            "from plain import double\nfrom tasklib.values import to_json\n"
            "y := to_json(double(x=X), 'y')",
        ),
        (  # the declared value does not fit as it is: converted at the call
            [task(plain.double, returns=[pickled("y")])],
            {"x": "1"},
            "from plain import double\nfrom tasklib.arguments import call\ny := call(double, x=X)",
        ),
        (  # produced with the annotation that is asked for
            [task(plain.one, returns=["x"]), task(plain.double)],
            {},
            "from plain import double\ndouble(x=X)",
        ),
        (  # produced without one
            [task(plain.untyped, returns=["x"]), task(plain.double)],
            {"value": 1},
            "from plain import double\nfrom tasklib.arguments import call\ncall(double, x=X)",
        ),
        (
            [task(plain.pair, returns=["a", pickled("b")])],
            {},
            "from plain import pair\nfrom tasklib.values import to_json\n"
            "a, b = pair()\na := to_json(a, 'a')\nb := b",
        ),
        (  # a dict or a tuple: known only when it is there
            [task(plain.by_key, returns=[pickled("a"), pickled("b")])],
            {},
            "from plain import by_key\nfrom tasklib.values import unpack\n"
            "a, b = unpack(by_key(), ['a', 'b'])\na := a\nb := b",
        ),
        (
            [task(plain.positional, inputs={"a": at("o", "k", 0), "b": constant(3)})],
            {"o": {"k": [1]}},
            "from plain import positional\npositional(A['k'][0], b=3)",
        ),
        (
            [task(plain.Tools.triple, inputs={"x": constant(2)})],
            {},
            "from plain import Tools\nTools.triple(x=2)",
        ),
        (
            [task(plain.rest, inputs={"a": constant(1)})],
            {"class": 1, 'b"c': 2, "ok": 3},
            "from plain import rest\nrest(a=1, ok=OK, **{'class': CLASS, 'b\"c': B\"C})",
        ),
        (  # the function and its result have one name
            [task(plain.one, returns=[pickled("one")], catalog=Catalog(put=["x"]))],
            {},
            "from plain import one\nfrom tasklib.files import catalog\n"
            "with catalog(put=['x']) as files:\n    one_2 = one()\none := one_2",
        ),
        (
            [
                task(plain.write, catalog=Catalog(put=["a.txt"], store_copy=False)),
                task(plain.read, catalog=Catalog(get=["a.txt"])),
            ],
            {},
            "from plain import read\nfrom tasklib.files import catalog\n"
            "with catalog(get=['a.txt'], upstream=[FILES_write]):\n    read()",
        ),
        (
            [ShellTask(name="s", command="echo $a", returns=[json("b")])],
            {"a": 1},
            "from tasklib.shell import run_shell\n"
            "b := run_shell('echo $a', {'a': A}, returns=['b'])['b']",
        ),
        ([Stub(name="s")], {}, ""),
        ([Stub(name="s", catalog=Catalog(put=["x"]))], {}, ""),
    ],
)
def test_the_body_of_a_task(steps, parameters, expected):
    assert made(*steps, **parameters) == expected


def test_names_already_used_are_not_taken():
    assert "from plain import one as one_\n" in made(task(plain.one, returns=["x"]), taken=["one"])


def test_the_body_of_a_notebook(tmp_path):
    (tmp_path / "n.ipynb").write_text('{"cells": []}')
    step = NotebookTask(name="n", notebook=str(tmp_path / "n.ipynb"), returns=["a", pickled("b")])
    assert "returns={'a': 'json', 'b': 'pickled'})\na := results['a']\nb := results['b']" in made(
        step
    )
