"""Pipelines of the ``runnable`` SDK in YAML, the ``dag:`` form."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from runnable_scripts import notebook

from bridge import (
    Catalog,
    Conditional,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Retry,
    ShellTask,
    Stub,
    json,
    metric,
    pickled,
)
from bridge.dag import load_dag
from bridge.errors import ModelError
from bridge.runner import run_local
from bridge.source import load_source

PAGE = Path(__file__).parent.parent / "docs" / "coming-from" / "runnable.md"


def steps(text: str) -> str:
    """A whole file with these steps, the first of which is the start."""
    indented = "".join(f"    {line}\n" for line in dedent(text).strip().splitlines())
    start = indented.partition(":")[0].strip()
    return f"dag:\n  start_at: {start}\n  steps:\n{indented}"


A = Pipeline([Stub(name="a")])
GRAPH = "{start_at: a, steps: {a: {type: stub, next: success}}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("step 1: {type: stub, next: success}", [Stub(name="step 1")]),
        (
            "a: {type: stub, next: b}\nc: {type: stub, next: success}\nb: {type: stub, next: c}",
            [Stub(name="a"), Stub(name="b"), Stub(name="c")],
        ),
        (
            "a: {type: stub, what: is this, It: does not matter, catalog: {put: [x]}, next: end}\n"
            "end: {type: success}",
            [
                Stub(
                    name="a",
                    extra={"what": "is this", "It": "does not matter", "catalog": {"put": ["x"]}},
                )
            ],
        ),
        ("a: {type: stub, next: fail}", [Stub(name="a", terminate_with_failure=True)]),
        (
            "a: {type: stub, next: bad}\nbad: {type: fail}",
            [Stub(name="a", terminate_with_failure=True)],
        ),
        (
            "a: {type: task, command: pack.mod.func, next: success}",
            [PythonTask(name="a", function="pack.mod:func")],
        ),
        (
            """
            a:
              type: task
              command_type: python
              command: mod:Class.func
              returns: [{name: x}, {name: y, kind: object}, {name: z, kind: metric}, w]
              secrets: [TOKEN]
              catalog: {get: ["*.csv"], put: [b], store_copy: false}
              overrides: {argo: big, local-container: {image: x}}
              max_attempts: 3
              next: success
            """,
            [
                PythonTask(
                    name="a",
                    function="mod:Class.func",
                    returns=[json("x"), pickled("y"), metric("z"), "w"],
                    secrets=["TOKEN"],
                    catalog=Catalog(get=["*.csv"], put=["b"], store_copy=False),
                    overrides={"argo": "big", "local-container": {"image": "x"}},
                    retry=Retry(2),
                )
            ],
        ),
        (
            "a: {type: task, command_type: async-python, command: m.f, stream_end_type: done, "
            "next: success}",
            [PythonTask(name="a", function="m:f")],
        ),
        (
            "a: {type: task, command_type: notebook, command: a/b.ipynb, "
            "optional_ploomber_args: {}, next: success}",
            [NotebookTask(name="a", notebook="a/b.ipynb")],
        ),
        (
            "a: {type: task, command_type: shell, command: exit 1, next: success}",
            [ShellTask(name="a", command="exit 1")],
        ),
        (
            f"p: {{type: parallel, branches: {{x: {GRAPH}, y: {GRAPH}}}, next: success}}",
            [Parallel(name="p", branches={"x": A, "y": A})],
        ),
        (
            f"m: {{type: map, branch: {GRAPH}, iterate_on: xs, iterate_as: x, next: success, "
            'reducer: "lambda *x: max(x)"}',
            [Map(name="m", branch=A, iterate_on="xs", iterate_as="x", reducer="lambda *x: max(x)")],
        ),
        (
            f"m: {{type: map, branch: {GRAPH}, iterate_on: xs, iterate_as: x, reducer: pack.mod.f, "
            "next: success}",
            [Map(name="m", branch=A, iterate_on="xs", iterate_as="x", reducer="pack.mod:f")],
        ),
        (
            f"c: {{type: conditional, parameter: p, branches: {{heads: {GRAPH}}}, "
            f"default: {GRAPH}, next: success}}",
            [Conditional(name="c", parameter="p", branches={"heads": A}, default=A)],
        ),
        (
            f"o: {{type: loop, branch: {GRAPH}, max_iterations: 3, break_on: b, index_as: i, "
            "next: success}",
            [Loop(name="o", branch=A, max_iterations=3, break_on="b", index_as="i")],
        ),
        (
            """
            a: {type: stub, next: b, on_failure: tell}
            b: {type: stub, next: success, on_failure: tell}
            tell: {type: stub, next: tidy}
            tidy: {type: stub, next: fail}
            """,
            [
                Stub(
                    name=name,
                    on_failure=Pipeline(
                        [Stub(name="tell"), Stub(name="tidy", terminate_with_failure=True)]
                    ),
                )
                for name in "ab"
            ],
        ),
        (
            """
            a: {type: stub, next: b, on_failure: c}
            b: {type: stub, next: c}
            c: {type: stub, next: success}
            """,
            [
                Stub(name="a", on_failure=Pipeline([Stub(name="c")])),
                Stub(name="b"),
                Stub(name="c"),
            ],
        ),
        ("a: {type: stub, next: success, on_failure: fail}", [Stub(name="a")]),
        (
            "a: {type: stub, next: success, on_failure: success}",
            [Stub(name="a", on_failure=Pipeline([Stub(name="success")]))],
        ),
    ],
)  # fmt: skip
def test_steps_are_read(text, expected):
    assert load_dag(steps(text), "p.yaml") == Pipeline(expected)


def test_a_step_knows_its_line_and_the_pipeline_its_name():
    pipeline = load_dag(
        "dag:\n  name: n\n  description: |\n    what\n    it does\n"
        "  start_at: a\n  steps:\n    a: {type: stub, next: success}\n",
        "p.yaml",
    )
    assert (pipeline.name, pipeline.description) == ("n", "what\nit does\n")
    assert tuple(pipeline.steps[0].where) == ("p.yaml", 8)


def test_what_has_an_anchor_may_stand_in_several_places():
    text = (
        "branch: &branch\n  start_at: a\n  steps: {a: {type: stub, next: success}}\n"
        "command: &command [a.b, c]\n"
        "nested: &nested\n  start_at: p\n  steps:\n"
        "    p: {type: parallel, branches: {x: *branch, y: *branch}, next: success}\n"
        + steps("p: {type: parallel, branches: {x: *nested, y: *nested}, next: success}")
    )
    inner = Pipeline([Parallel(name="p", branches={"x": A, "y": A})])
    assert load_dag(text, "p.yaml") == Pipeline(
        [Parallel(name="p", branches={"x": inner, "y": inner})]
    )


def test_anchors_cannot_blow_up_the_memory():
    graph = "{start_at: a, steps: {a: {type: stub, next: success}}}"
    lines = [f"g0: &g0 {graph}"]
    lines += [
        f"g{i + 1}: &g{i + 1} {{start_at: p, steps: {{p: {{type: parallel, next: success, "
        f"branches: {{x: *g{i}, y: *g{i}}}}}}}}}"
        for i in range(60)
    ]
    pipeline = load_dag("\n".join([*lines, "dag: *g60"]), "p.yaml")
    assert isinstance(pipeline.steps[0], Parallel)


def test_a_long_pipeline_is_read_without_recursion():
    text = "".join(f"s{i}: {{type: stub, next: s{i + 1}, on_failure: end}}\n" for i in range(3_000))
    text += "s3000: {type: stub, next: success}\nend: {type: stub, next: fail}\n"
    pipeline = load_dag(steps(text), "p.yaml")
    assert len(pipeline.steps) == 3_001
    assert pipeline.steps[0].on_failure is pipeline.steps[2_999].on_failure


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("dag: 3", ["dag of the pipeline must be a mapping, not 3 (p.yaml:1)"]),
        ("[1]", ["the pipeline must be a mapping, not a list (p.yaml)"]),
        (
            "dag: {start: a, steps: {a: {type: stub, next: success}}}",
            [
                "has an unknown key 'start'; did you mean 'start_at'? (p.yaml:1)",
                "has no 'start_at', which it needs",
            ],
        ),
        ("dag: {start_at: a, steps: []}", ["dag.steps of the pipeline must be a mapping"]),
        (
            "dag: {start_at: b, steps: {a: {type: stub, next: success}}}",
            ["dag.start_at of the pipeline names no step, 'b'; there are a, success, fail"],
        ),
        ("dag: {start_at: success, steps: {}}", ["has no steps"]),
        (
            steps("a: {type: tsk, next: success}"),
            ["type of step 'a' cannot be 'tsk'; did you mean 'task'? (p.yaml:4)"],
        ),
        (steps("a: {next: success}"), ["step 'a' has no 'type'; give one of task, stub"]),
        (steps("a: {type: dag, next: b}"), ["type of step 'a' cannot be 'dag'"]),
        (steps("a: 3"), ["step 'a' must be a mapping, not 3 (p.yaml:4)"]),
        (steps("a: {type: stub}"), ["step 'a' has no 'next', which it needs (p.yaml:4)"]),
        (
            steps("a: {type: stub, next: sucess}"),
            ["next of step 'a' names no step, 'sucess'; did you mean 'success'? (p.yaml:4)"],
        ),
        (
            steps("a: {type: stub, next: success, on_failure: b}"),
            ["on_failure of step 'a' names no step, 'b'; there are a, success, fail (p.yaml:4)"],
        ),
        (
            steps(
                """
                a:
                  type: task
                  comand: m.f
                  next: success
                b: {type: task, command: f, next: success}
                """
            ),
            [
                "step 'a' has an unknown key 'comand'; did you mean 'command'? (p.yaml:6)",
                "step 'a' has no 'command', which it needs (p.yaml:4)",
                "command of step 'b' names no function: 'f' is not a function's name",
            ],
        ),
        (
            steps("a: {type: task, command: m.f, command_type: pyton, next: success}"),
            ["command_type of step 'a' cannot be 'pyton'; did you mean 'python'?"],
        ),
        (
            steps("a: {type: task, command: m.f, returns: [{name: x, kind: pickle}], next: fail}"),
            ["returns[0].kind of step 'a' cannot be 'pickle'; there are json, metric, object"],
        ),
        (
            steps("a: {type: task, command: m.f, returns: {name: x}, next: fail}"),
            ["returns of step 'a' must be a list, not a mapping"],
        ),
        (
            steps("a: {type: task, command: m.f, catalog: {gets: [x]}, next: success}"),
            ["step 'a' has an unknown key 'gets'; did you mean 'get'?"],
        ),
        (
            steps(
                "a: {type: task, command_type: notebook, command: a.ipynb, next: success, "
                "optional_ploomber_args: {cwd: .}}"
            ),
            ["optional_ploomber_args of 'a' sets 'cwd'"],
        ),
        (steps("a: {type: map, next: success}"), ["has no 'branch'", "'iterate_on'", "_as'"]),
        (
            steps(
                f"a: {{type: map, branch: {GRAPH}, iterate_on: x, iterate_as: y, next: success, "
                'reducer: "lambda x: x.y"}'
            ),
            ["reducer of step 'a' is no reducer: reducer 'lambda x: x.y' reads an attribute"],
        ),
        (
            steps("a: {type: parallel, branches: {b: {start_at: c, steps: {}}}, next: success}"),
            ["branches.b.start_at of step 'a' names no step, 'c'; there are success, fail"],
        ),
        (
            steps("a: {type: stub, next: b}\nb: {type: stub, next: a}"),
            ["step 'a' leads back to itself (p.yaml:4)"],
        ),
        (
            steps("a: {type: stub, next: success, on_failure: b}\nb: {type: stub, next: a}"),
            ["step 'a' leads back to itself (p.yaml:4)"],
        ),
        (
            steps("a: {type: stub, next: success}\nb: {type: stub, next: a}"),
            ["step 'b' is reached from no step; delete it (p.yaml:5)"],
        ),
        ("dag: *nothing", ["'*nothing' has no anchor before it (p.yaml:1)"]),
        ("dag: &a\n  steps: *a", ["'*a' stands inside what it stands for (p.yaml:2)"]),
        (steps("a: {type: !!str stub, next: success}"), ["are not read; leave it out"]),
    ],
)
def test_mistakes_are_told_with_their_place(text, sentences):
    with pytest.raises(ModelError) as caught:
        load_dag(text, "p.yaml")
    for sentence in sentences:
        assert sentence in str(caught.value)
    assert len(caught.value.problems) == len(sentences)


@pytest.fixture
def project(here, monkeypatch):
    """A project whose functions the files find."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    return here


def test_a_file_is_recognised_and_runs(project):
    (project / "parts").mkdir()
    (project / "books").mkdir()
    (project / "books/book.ipynb").write_text(notebook("y = 3 * x", parameters="x = 0"))
    (project / "parts/pipe.yaml").write_text(
        steps(
            """
            make:
              type: task
              command: runnable_functions.chunks
              returns: [{name: chunks}]
              next: each
            each:
              type: map
              iterate_on: chunks
              iterate_as: chunk
              branch:
                start_at: ten
                steps:
                  ten:
                    type: task
                    command: runnable_functions.tenfold
                    returns: [{name: processed}]
                    next: success
              reducer: runnable_functions.total
              next: broken
            broken: {type: task, command_type: shell, command: exit 1, on_failure: rest, next: rest}
            rest:
              type: task
              command_type: shell
              command: export x=$processed
              returns: [{name: x, kind: metric}]
              next: book
            book:
              type: task
              command_type: notebook
              command: books/book.ipynb
              returns: [{name: y}]
              next: success
            """
        )
    )
    run = run_local(load_source("parts/pipe.yaml"))
    assert run.parameters == {"chunks": [1, 2], "processed": 30, "x": 30, "y": 90}
    assert run.metrics == {"x": 30}
    assert {s.name for s in run.steps if s.status == "failed"} == {"broken"}


def test_the_example_of_the_page_runs(project):
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.M)
    (project / "functions.py").write_text(
        "def measure(city):\n    return {'Lund': 7, 'Bath': 11}[city]\n"
    )
    (project / "pipe.yaml").write_text(example)
    pipeline = load_source("pipe.yaml")
    try:
        run = run_local(pipeline, {"cities": ["Lund", "Bath"]})
    finally:
        sys.modules.pop("functions", None)
    assert (run["degrees"], run.metrics) == (11, {"text": "11 degrees"})
