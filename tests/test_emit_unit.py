"""Composites written as plain Python: read a step, expect its statements."""

from __future__ import annotations

import ast

import plain
import pytest

from bridge import (
    Catalog,
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Retry,
    pickled,
)
from bridge.emit.body import body
from bridge.flow import analyse
from bridge.unit import Unit


def task(function, name="", **more):
    return PythonTask(function=function, name=name, **more)


def branch(*steps, **more):
    return Pipeline(list(steps), **more)


def unit(*steps, **more):
    return Unit(name="unit", pipeline=branch(*steps, **more))


def written(step, **parameters):
    """The statements of a step, values reached by their names in capitals, without imports."""
    flow = analyse(Pipeline([step], parameters=parameters))
    (node,) = flow.nodes.values()
    values = {read.argument.name: read.argument.name.upper() for read in node.reads}
    found = body(flow, node, values)
    returns = [f"{name} := {expression}" for name, expression in found.outputs.items()]
    ast.parse("\n".join([*found.imports, *found.lines]))
    return "\n".join([*found.lines, *returns])


DOUBLE = task(plain.double, returns=["y"])
ONE = task(plain.one, returns=["y"])

CASES = {
    "a map": (
        Map(name="each", branch=branch(DOUBLE), iterate_on="xs", iterate_as="x"),
        {"xs": [1]},
        """
        y = []
        for i, x in enumerate(each('each', XS)):
            with step(f"each.{i}.double"):
                y_item = to_json(double(x=x), 'y')
            y.append(y_item)
        y := y
        """,
    ),
    "a map with a reducer": (
        Map(name="m", branch=branch(DOUBLE), iterate_on="xs", iterate_as="x", reducer="plain:one"),
        {"xs": [1]},
        """
        y = []
        for i, x in enumerate(each('m', XS)):
            with step(f"m.{i}.double"):
                y_item = to_json(double(x=x), 'y')
            y.append(y_item)
        y = to_json(reduced('m', one, y), 'y')
        y := y
        """,
    ),
    "a conditional": (
        Conditional(name="c", parameter="k", branches={"a": branch(ONE), True: branch(ONE)}),
        {"k": "a"},
        """
        c_branch = choose('c', K, ['a', True])
        if c_branch == 'a':
            with step('c.a.one'):
                y = to_json(one(), 'y')
        else:
            with step('c.True.one'):
                y = to_json(one(), 'y')
        y := y
        """,
    ),
    "a conditional that may set a name": (
        Conditional(
            name="c", parameter="k", branches={1: branch(ONE)}, default=branch(task(plain.one))
        ),
        {"k": 1},
        """
        y = ABSENT
        c_branch = choose('c', K, [1], default=True)
        if c_branch == 1:
            with step('c.1.one'):
                y = to_json(one(), 'y')
        else:
            with step('c.default.one'):
                one()
        y := y
        """,
    ),
    "a conditional that may change a name": (
        Conditional(
            name="c",
            parameter="k",
            branches={1: branch(task(plain.one, returns=["k"])), 2: branch(task(plain.one))},
        ),
        {"k": 1},
        """
        k = K
        c_branch = choose('c', K, [1, 2])
        if c_branch == 1:
            with step('c.1.one'):
                k = to_json(one(), 'k')
        else:
            with step('c.2.one'):
                one()
        k := k
        """,
    ),
    "a loop": (
        Loop(
            name="l",
            branch=branch(task(plain.double, returns=["x"])),
            max_iterations=3,
            break_on="x",
        ),
        {"x": 1},
        """
        x = X
        for i in range(3):
            with step(f"l.{i}.double"):
                x = to_json(call(double, x=x), 'x')
            if x:
                break
        x := x
        """,
    ),
    "branches in a unit": (
        unit(
            Parallel(
                name="p",
                branches={"a": branch(task(plain.one, returns=["x"])), "b": branch(DOUBLE)},
                on_failure=branch(task(plain.one, "h")),
            )
        ),
        {"x": 1},
        """
        x = X
        y = ABSENT
        try:
            # branch 'a' of 'p'
            with step('p.a.one'):
                x_2 = to_json(one(), 'x')
            # branch 'b' of 'p'
            with step('p.b.double'):
                y_2 = to_json(double(x=X), 'y')
            x = x_2
            y = y_2
        except (Exception, SystemExit):
            with step('p.on_failure.h'):
                one()
        x := x
        y := y
        """,
    ),
    "a policy": (
        unit(
            task(
                plain.one,
                returns=["y"],
                retry=Retry(2, delay=1.5, backoff=2),
                timeout=5,
                environment={"A": "b"},
                secrets=["TOKEN"],
            )
        ),
        {},
        """
        for attempt in attempts('one', retries=2, delay=1.5, backoff=2):
            with attempt, secrets('TOKEN'), environment({'A': 'b'}), time_limit(5):
                y = to_json(one(), 'y')
        y := y
        """,
    ),
    "a handler, and what follows": (
        unit(
            task(plain.one, "risky", returns=["x"], on_failure=branch(task(plain.one, "h"))),
            task(plain.double, "next", returns=["y"]),
        ),
        {},
        """
        x = ABSENT
        y = ABSENT
        risky_succeeded = False
        try:
            with step('risky'):
                x = to_json(one(), 'x')
            risky_succeeded = True
        except (Exception, SystemExit):
            with step('risky.on_failure.h'):
                one()
        if risky_succeeded:
            with step('next'):
                y = to_json(double(x=x), 'y')
        x := x
        y := y
        """,
    ),
    "a handler of all": (
        unit(DOUBLE, on_failure=branch(task(plain.one, "h", returns=["y"]))),
        {"x": 1},
        """
        y = ABSENT
        try:
            with step('double'):
                y = to_json(double(x=X), 'y')
        except (Exception, SystemExit):
            with step('on_failure.h'):
                y = to_json(one(), 'y')
        y := y
        """,
    ),
    "files in a map": (
        Map(
            name="each",
            branch=branch(task(plain.write, catalog=Catalog(put=["*.txt"]))),
            iterate_on="xs",
            iterate_as="x",
        ),
        {"xs": [1]},
        """
        stored = []
        each_files = []
        for i, x in enumerate(each('each', XS)):
            write_files = {}
            stored.append(write_files)
            each_files.append(write_files)
            with step(f"each.{i}.write", files=write_files):
                with catalog(put=['*.txt'], manifest=write_files):
                    write()
        """,
    ),
    "an object": (
        unit(task(plain.thing, returns=[pickled("t")])),
        {},
        """
        with step('thing'):
            t = to_object(thing(), 't')
        t := t
        """,
    ),
    "an end with a failure": (
        unit(task(plain.one, terminate_with_failure=True)),
        {},
        """
        with step('one'):
            one()
            raise Terminated("'one' ends the run with a failure")
        """,
    ),
    "odd names": (
        Map(
            name='a"b\\{c}',
            branch=branch(task(plain.one, "n'{x}")),
            iterate_on="xs",
            iterate_as="class",
        ),
        {"xs": []},
        """
        # item: class
        for i, class_ in enumerate(each('a"b\\\\{c}', XS)):
            with step(f"a\\"b\\\\{{c}}.{i}.n'{{x}}"):
                one()
        """,
    ),
}


@pytest.mark.parametrize(("step", "parameters", "expected"), CASES.values(), ids=CASES)
def test_a_composite_is_written(step, parameters, expected):
    lines = expected.strip("\n").splitlines()
    assert written(step, **parameters) == "\n".join(line[8:] for line in lines).rstrip()
