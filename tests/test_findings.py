"""What is told of every attribute, what is refused, and what is left out instead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import plain
import pytest

from bridge import (
    Catalog,
    Conditional,
    ForeignTask,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    ShellTask,
    Stub,
    translate,
)
from bridge.adapter import installed, load
from bridge.errors import TranslationError
from bridge.findings import Feature, Level, account, attributes, native, unsupported
from bridge.hints import HINTS
from bridge.lower.without import can_be_left_out
from bridge.testing.cases import FAILING, PASSING
from bridge.translate import check, render, write

pytestmark = pytest.mark.usefixtures("here")

POLICIES = [feature for feature in Feature if feature in HINTS and can_be_left_out(feature)]


def task(function=plain.one, returns=(), **more):
    return PythonTask(function=function, returns=returns, **more)


@dataclass
class Altered:
    """An adapter with another table of support."""

    adapter: Any
    support: dict[Feature, Any]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.adapter, name)


@pytest.fixture
def lacking(monkeypatch):
    """Lets an adapter lack features, and say why."""

    def lack(name, features):
        adapter = load(name)
        gone = dict.fromkeys(features, unsupported("there is no such thing"))
        altered = Altered(adapter, {**adapter.support, **gone})
        monkeypatch.setattr(translate, "load", lambda asked: altered)

    return lack


def keys(findings):
    return [(f.feature, f.step, f.attribute) for f in findings]


POLICED = {
    "retry": Retry(2),
    "timeout": 5,
    "resources": Resources(cpu=1),
    "environment": {"A": "b"},
    "secrets": ["S"],
    "dependencies": ["numpy"],
    "image": "python:3.11",
    "cache": True,
}


def everywhere():
    """Policies on tasks in every kind of place, on composites and on pipelines."""
    branch = Pipeline([task(name="deep", timeout=3)], description="each item")
    left = Pipeline([task(name="left", retry=Retry(1))], description="left")
    marked = {"overrides": {"fake": {"y": 1}}}
    return Pipeline(
        [
            task(name="first", returns=["a"], **POLICED, **marked),
            Parallel(
                name="p",
                branches={
                    "l": left,
                    "r": Pipeline([Stub("s", timeout=1, terminate_with_success=True)]),
                },
                **marked,
            ),
            Map(name="m", branch=branch, iterate_on="xs", iterate_as="x", **marked),
            Conditional(name="c", parameter="a", branches={1: Pipeline([task(image="i")])}),
            ForeignTask(name="foreign", framework="another", definition={}),
            task(name="last", on_failure=Pipeline([task(retry=Retry(1))], "handler")),
        ],
        parameters={"xs": [1]},
        description="all of it",
        schedule="@daily",
        on_failure=Pipeline([task(name="clean", retry=Retry(1))]),
    )


# Hints


def test_there_is_a_hint_for_all_that_can_be_said():
    assert {*HINTS, Feature.FAILURE_INDEPENDENT} == set(Feature)
    told = [text for hint in HINTS.values() for text in hint if text]
    assert all(text[0].islower() and not text.endswith(".") for text in told)


@pytest.mark.parametrize("level", [Level.UNSUPPORTED, Level.DROPPED, Level.APPROXIMATED])
def test_what_is_lost_comes_with_something_to_do(level):
    assert all(hint.at(level) for hint in HINTS.values())


def test_what_can_be_left_out_says_so(lacking):
    (found,) = check(Pipeline([Stub(name="s", image="i")]), "fake").refused()
    assert found.hint == "run all of it in that image, or leave it out with --unsupported warn"
    lacking("fake", [Feature.SHELL])
    (found,) = check(Pipeline([ShellTask(name="s", command="true")]), "fake").refused()
    assert found.hint == "run the command from a Python function with subprocess"
    (kept,) = account(Pipeline([task()]), dict.fromkeys(Feature, native())).findings
    assert (kept.hint, kept.advice) == ("", kept.message)


# Refusals


def test_all_refusals_are_in_one_message_each_with_its_place(here, lacking):
    lacking("fake", [Feature.SHELL])
    steps = [
        ShellTask(name="one", command="true"),
        Stub(name="two", image="i", resources=Resources(gpu=1)),
    ]
    with pytest.raises(TranslationError) as caught:
        write(Pipeline(steps, schedule="@daily"), "fake", here / "out")
    head, *lines = str(caught.value).splitlines()
    assert head == "'fake' cannot carry this pipeline:"
    codes = ["schedule", "shell", "resources", "image"]
    assert [line.split(":")[0].strip() for line in lines] == [f"{c}.unsupported" for c in codes]
    assert all(f.hint in line for f, line in zip(caught.value.report.refused(), lines, strict=True))
    source = Path(__file__).read_text(encoding="utf-8").splitlines()
    places = [re.search(r"\((.+):(\d+)\)$", line) for line in lines]
    assert [place[1] for place in places] == [__file__] * 4
    at = [source[int(place[2]) - 1].strip() for place in places]
    assert at[0].startswith("write(Pipeline(steps")
    assert at[1].startswith('ShellTask(name="one"')
    assert at[2] == at[3] == 'Stub(name="two", image="i", resources=Resources(gpu=1)),'
    assert list(here.iterdir()) == []


def test_what_a_writer_itself_refuses_is_refused(here, monkeypatch):
    fake = load("fake")
    said = {("one", "returns['x']"): (Level.UNSUPPORTED, "'x' is no name there")}

    def told(pipeline, options):
        export = type(fake).write(fake, pipeline, options)
        export.told = said
        return export

    monkeypatch.setattr(fake, "write", told)
    with pytest.raises(TranslationError, match=r"json\.unsupported: 'x' is no name there; write"):
        write(Pipeline([task(returns=["x"])]), "fake", here / "out")
    assert list(here.iterdir()) == []
    report = render(Pipeline([task(returns=["x"])]), "fake", "ignore").report
    assert [f.code for f in report.refused()] == ["json.unsupported"]


@pytest.mark.parametrize("unsupported", ["warn", "ignore"])
def test_a_construct_cannot_be_left_out(here, lacking, unsupported):
    lacking("fake", [Feature.SHELL, Feature.IMAGE])
    shell = ShellTask(name="s", command="true", image="i")
    with pytest.raises(TranslationError) as caught:
        write(Pipeline([shell]), "fake", here / "out", unsupported)
    assert [f.code for f in caught.value.report.refused()] == ["shell.unsupported"]
    assert list(here.iterdir()) == []


def test_only_what_leaves_the_work_whole_can_be_left_out():
    for feature in ("inputs.fact", "after", "map.reducer", "pickled", "catalog.put"):
        assert feature not in POLICIES
    assert {"retry", "schedule", "image", "on_failure", "secrets"} <= set(POLICIES)


# What is left out


@pytest.mark.parametrize("adapter", installed())
@pytest.mark.parametrize("unsupported", ["warn", "ignore"])
def test_every_policy_can_be_left_out_and_a_todo_says_where(lacking, adapter, unsupported):
    lacking(adapter, POLICIES)
    export = render(everywhere(), adapter, unsupported)
    text = _flat("\n".join(export.files.values()))
    for finding in export.report.refused():
        inside = "on_failure." in f"{finding.step}."
        assert inside or f"TODO: {_flat(finding.advice)}" in text, finding
    assert "is left out: there is no such thing; " in text


def _flat(text):
    return " ".join(text.replace("#", " ").split())


@pytest.mark.parametrize("feature", POLICIES)
def test_each_attribute_is_told_of_once_and_in_order(lacking, feature):
    lacking("fake", [feature])
    report = render(everywhere(), "fake", "ignore").report
    assert keys(report.findings) == [a[:3] for a in attributes(everywhere())]
    assert {f.level for f in report.findings if f.feature is feature} == {Level.DROPPED}
    totals = report.totals()
    assert totals["read"] == sum(n for name, n in totals.items() if name != "read")


def test_what_a_handler_holds_goes_with_it(lacking):
    lacking("fake", [Feature.ON_FAILURE])
    report = render(everywhere(), "fake", "warn").report
    dropped = {(f.step, f.attribute): f for f in report.refused()}
    inside = {step for step, _ in dropped if "on_failure" in step}
    assert inside == {"on_failure.clean", "last.on_failure.one"}
    assert dropped["last", "on_failure"].message.endswith("is left out: there is no such thing")
    found = dropped["on_failure.clean", "function"]
    assert found.message.endswith("is left out: with the handler that it belongs to")
    assert found.code == "python.dropped"


def test_a_pipeline_without_its_policies_is_the_one_that_never_had_them(lacking):
    lacking("fake", POLICIES)
    bare = Pipeline([task(name="first", returns=["a"])])
    policed = Pipeline([task(name="first", returns=["a"], **POLICED)])
    without = render(policed, "fake", "ignore").files["script.py"]
    lines = [line for line in without.splitlines() if "TODO" not in line]
    assert lines == render(bare, "fake").files["script.py"].splitlines()


def test_files_are_no_policy(lacking):
    lacking("fake", [Feature.CATALOG_PUT])
    with pytest.raises(TranslationError, match=r"catalog\.put\.unsupported"):
        render(Pipeline([task(catalog=Catalog(put=["a.txt"]))]), "fake", "warn")


# Every code has a page


@pytest.mark.parametrize("adapter", sorted({*installed()} - {"fake"}))
def test_every_finding_is_documented(adapter):
    """Of all that the conformance cases say."""
    pages = Path(__file__).parent.parent / "docs" / "findings"
    codes = {f.code for c in [*PASSING, *FAILING] for f in check(c.pipeline, adapter).findings}
    assert {code for code in codes if not (pages / f"{code}.md").is_file()} == set()
