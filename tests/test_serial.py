"""Pipelines as data, YAML and JSON: what is written is read back, and mistakes are told."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings

from bridge import model
from bridge.errors import ModelError, Where
from bridge.model import (
    Catalog,
    Conditional,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Retry,
    ShellTask,
    Stub,
)
from bridge.serial import (
    dump_json,
    dump_yaml,
    from_data,
    json_schema,
    load_json,
    load_yaml,
    read_yaml,
    to_data,
)
from bridge.testing.strategies import json_values, pipelines
from bridge.values import at, constant, fact, metric, pickled

quick = settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=60)
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def exact(pipeline: Pipeline) -> str:
    """The pipeline as text in which true, 1 and 1.0 differ, and so does the order of branches."""
    return json.dumps(to_data(pipeline))


@quick
@given(pipelines())
def test_data_comes_back(pipeline: Pipeline) -> None:
    data = to_data(pipeline)
    VALIDATOR.validate(data)
    assert from_data(data) == pipeline
    assert json.dumps(data) == exact(from_data(data))
    assert from_data(json.loads(json.dumps(data))) == pipeline


@quick
@given(pipelines())
def test_text_comes_back(pipeline: Pipeline) -> None:
    for found in (load_yaml(dump_yaml(pipeline)), load_json(dump_json(pipeline))):
        assert found == pipeline
        assert exact(found) == exact(pipeline)


@settings(deadline=None, max_examples=300)
@given(json_values())
@example({"a" * 2000: ["b" * 200, {"c" * 1100: None}]})
@example(1e16)
@example(1e-7)
@example(-0.0)
@example(10**400)
@example({"type": {"steps": {}}})
def test_every_value_comes_back_from_yaml_by_either_parser(value: object) -> None:
    pipeline = Pipeline([Stub(name="s")], parameters={"p": value})
    text = dump_yaml(pipeline)
    assert json.dumps(load_yaml(text).parameters["p"]) == json.dumps(value)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read_yaml, "_Loader", yaml.SafeLoader)
        assert json.dumps(load_yaml(text).parameters["p"]) == json.dumps(value)


@settings(deadline=None, max_examples=300)
@given(json_values())
def test_other_readers_of_yaml_understand_what_is_written(value: object) -> None:
    text = dump_yaml(Pipeline([Stub(name="s")], parameters={"p": value}))
    assert json.dumps(yaml.safe_load(text)["parameters"]["p"]) == json.dumps(value)


EXAMPLE = """\
name: digits
parameters: {sizes: {small: 32, large: 128}, answer: "no"}
include: [data/digits.npz]
steps:
  - type: python
    name: prepare
    function: functions:prepare
    returns: [counts, {pickled: model}, {metric: accuracy}]
    catalog: {put: ["*.npz"]}
    retry: {times: 3, delay: 0.5}
  - type: parallel
    name: training
    branches:
      small:
        steps:
          - type: notebook
            name: look
            notebook: look.ipynb
            inputs:
              units: {name: sizes, path: [small]}
              rate: {constant: 0.1}
              run: {fact: run_id}
              data: counts
  - type: conditional
    name: check
    parameter: answer
    branches:
      - when: "true"
        branch:
          steps:
            - type: stub
              name: a
      - when: true
        branch:
          steps:
            - type: stub
              name: b
  - type: shell
    name: report
    command: |
      echo "$counts" > report.txt
      export lines=1
    returns: [lines]
"""


def test_the_text_is_made_to_be_read() -> None:
    look = NotebookTask(
        name="look",
        notebook="look.ipynb",
        inputs={
            "units": at("sizes", "small"),
            "rate": constant(0.1),
            "run": fact("run_id"),
            "data": "counts",
        },
    )
    pipeline = Pipeline(
        name="digits",
        parameters={"sizes": {"small": 32, "large": 128}, "answer": "no"},
        include=["data/digits.npz"],
        steps=[
            PythonTask(
                function="functions:prepare",
                returns=["counts", pickled("model"), metric("accuracy")],
                catalog=Catalog(put="*.npz"),
                retry=Retry(3, delay=0.5),
            ),
            Parallel(name="training", branches={"small": Pipeline([look])}),
            Conditional(
                name="check",
                parameter="answer",
                branches={"true": Pipeline([Stub("a")]), True: Pipeline([Stub("b")])},
            ),
            ShellTask(
                name="report",
                command='echo "$counts" > report.txt\nexport lines=1\n',
                returns="lines",
            ),
        ],
    )
    assert dump_yaml(pipeline) == EXAMPLE
    assert load_yaml(EXAMPLE) == pipeline


def test_each_step_knows_its_line() -> None:
    found = load_yaml(EXAMPLE, "digits.yaml")
    assert [step.where for step in found.steps] == [
        Where("digits.yaml", line) for line in (5, 11, 24, 38)
    ]
    training = found.steps[1]
    assert isinstance(training, Parallel)
    assert training.branches["small"].steps[0].where == Where("digits.yaml", 16)


def test_numbers_and_words_mean_what_they_mean_in_json() -> None:
    text = "parameters: {a: no, b: 1e-3, c: 2024-01-01, d: 010, e: 0x1F, f: ~, g: on, h: 1:30}\n"
    found = load_yaml(text + "steps: [{type: stub, name: s}]")
    assert found.parameters == {
        "a": "no",
        "b": 0.001,
        "c": "2024-01-01",
        "d": 10,
        "e": 31,
        "f": None,
        "g": "on",
        "h": "1:30",
    }


STEP = "steps:\n- type: shell\n  name: s\n  command: ls\n"


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ["there is no pipeline in it; write its 'steps' (p.yaml)"]),
        ("3", ["the pipeline must be a mapping, not 3 (p.yaml)"]),
        ("name: x", ["pipeline 'x' has no 'steps', which it needs (p.yaml)"]),
        ("a: [", ["not YAML: did not find expected node content (p.yaml:"]),
        ("name: a\nname: b", ["key 'name' stands there twice, first in line 1 (p.yaml:2)"]),
        ("1: b", ["a key must be text, not 1; write it in quotes (p.yaml:1)"]),
        ("a: &b 1", ["anchors and aliases are not read; write the value out (p.yaml:1)"]),
        ("a: *b", ["anchors and aliases are not read; write the value out (p.yaml:1)"]),
        ("a: !!python/name:os.system x", ["python/name:os.system are not read; leave it out"]),
        ("a: 1\n---\nb: 1", ["a second document starts here; one file holds one pipeline"]),
        ("a: " + "9" * 5000, ["99... is too long for a number (p.yaml:1)"]),
        ("[" * 100_000, ["lists and mappings are nested more than 500 deep (p.yaml:1)"]),
        (
            STEP + "  tiemout: 3",
            ["step 's' has an unknown key 'tiemout'; did you mean 'timeout'? (p.yaml:5)"],
        ),
        (
            STEP + "- type: pyton",
            ["steps[1].type of the pipeline cannot be 'pyton'; did you mean 'python'? (p.yaml:5)"],
        ),
        (STEP + "- name: b", ["steps[1] of the pipeline has no 'type'; give one of python,"]),
        (STEP + "- type: stub", ["steps[1] of the pipeline has no 'name', which it needs"]),
        (STEP + "- x", ["steps[1] of the pipeline must be a mapping, not 'x' (p.yaml:5)"]),
        (
            STEP + "  retry: {times: 1.5, delay: x}\n  secrets: KEY",
            [
                "retry.times of step 's' must be a whole number, not 1.5 (p.yaml:5)",
                "retry.delay of step 's' must be a number, not 'x' (p.yaml:5)",
                "secrets of step 's' must be a list, not 'KEY' (p.yaml:6)",
            ],
        ),
        (STEP + "  retry: {}", ["retry of step 's' has no 'times', which it needs (p.yaml:5)"]),
        (STEP + "  timeout: true", ["timeout of step 's' must be a number, not true (p.yaml:5)"]),
        (STEP + "  timeout: .inf", ["timeout is inf; step 's' holds only JSON there (p.yaml:5)"]),
        (STEP + "  environment: {A: 1}", ["environment.A of step 's' must be text, not 1"]),
        (
            STEP + "  returns:\n  - {pickle: m}",
            ["returns[0] of step 's' cannot be 'pickle'; did you mean 'pickled'? (p.yaml:6)"],
        ),
        (STEP + "  returns: [{}]", ["must be a name or {json|metric|pickled: name}"]),
        (STEP + "  returns: ['']", ["returns[0] of step 's' must be a name or {"]),
        (
            STEP + "  inputs: {a: {fact: run}}",
            ["inputs.a.fact of step 's' cannot be 'run'; did you mean 'run_id'? (p.yaml:5)"],
        ),
        (STEP + "  inputs: {a: 3}", ["inputs.a of step 's' must be a name, {name: ..."]),
        (
            "steps:\n- type: python\n  function: train",
            ["steps[0].function of the pipeline names no function: 'train' is not"],
        ),
        (
            STEP.replace("name: s", 'name: "a\\nb"'),
            [r"a step's name must be printable text, not 'a\nb' (p.yaml:2)"],
        ),
        ("steps: []", ["pipeline 'pipeline' has no steps (p.yaml)"]),
        ("order: datum\n" + STEP, ["order of the pipeline cannot be 'datum'; did you mean 'data'"]),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, sentences: list[str]) -> None:
    with pytest.raises(ModelError) as caught:
        load_yaml(text, "p.yaml")
    for sentence in sentences:
        assert sentence in str(caught.value)
    assert len(caught.value.problems) == len(sentences)


class Special(PythonTask):
    """A kind of step that the model does not know."""


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (Stub(name="s", extra={"a": (1, 2)}), "extra.a is of type tuple; step 's' holds only JSON"),
        (Stub(name="s", extra={"f": len}), "extra.f is of type builtin_function_or_method"),
        (Stub(name="s", overrides={"x": {"a": float("nan")}}), "overrides.x.a is nan"),
        (Stub(name="s", inputs={"a": constant({1: 2})}), "inputs.a has a key of type int"),
        (Stub(name="s", timeout="3"), "timeout of step 's' must be a number, not '3'"),
        (Stub(name="s", retry=3), "retry of step 's' must be a Retry, not 3"),
        (Stub(name="s", environment={1: "a"}), "a key in environment must be text, not 1"),
        (Special(function="m:f"), "is a Special, which has no form as data"),
    ],
)
def test_what_cannot_be_written_is_refused_with_its_place(step: Stub, sentence: str) -> None:
    with pytest.raises(ModelError) as caught:
        to_data(Pipeline([step]))
    assert sentence in str(caught.value)
    assert f"({Path(__file__)}:" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", r"not JSON: .* \(p.json:1\)"),
        ('{"name": "a", "name": "b"}', "key 'name' stands there twice"),
        ('{"steps": [], "name": NaN}', "name of the pipeline must be text, not nan"),
        ("[" * 100_000, "not to be read: maximum recursion depth"),
    ],
)
def test_mistakes_in_json_are_told(text: str, sentence: str) -> None:
    with pytest.raises(ModelError, match=sentence):
        load_json(text, "p.json")


@pytest.mark.parametrize(
    "change",
    [
        {"stepz": []},
        {"order": "datum"},
        {"steps": {}},
        {"steps": [{"type": "pyton", "name": "a"}]},
        {"steps": [{"type": "stub"}]},
        {"steps": [{"type": "shell", "name": "a"}]},
        {"steps": [{"type": "python", "function": "f"}]},
        {"steps": [{"type": "stub", "name": "a", "retry": {}}]},
        {"steps": [{"type": "stub", "name": "a", "returns": [{"json": "a", "metric": "b"}]}]},
        {"steps": [{"type": "stub", "name": "a", "inputs": {"a": {"path": []}}}]},
        {"steps": [{"type": "stub", "name": "a", "secrets": "KEY"}]},
        {"parameters": []},
    ],
)
def test_the_schema_refuses_what_cannot_be_read(change: dict[str, object]) -> None:
    data = to_data(Pipeline([Stub(name="a")])) | change
    assert not VALIDATOR.is_valid(data)
    with pytest.raises(ModelError):
        from_data(data)


def test_the_schema_describes_every_field_of_the_model() -> None:
    definitions = json_schema()["$defs"]
    jsonschema.Draft202012Validator.check_schema(json_schema())
    for name in model.__all__:
        cls = getattr(model, name)
        if name not in ("Step", "Task", "Composite", "AsyncPipeline"):
            compared = {field.name for field in fields(cls) if field.compare}
            assert set(definitions[name]["properties"]) - {"type"} == compared - {"type"}
            assert definitions[name]["description"]
