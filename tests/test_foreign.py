"""Tasks in the terms of one framework: kept, carried by that one alone, refused by all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import plain
import pytest

from bridge import Conditional, ForeignTask, Pipeline, PythonTask, Retry, Stub
from bridge.adapter import installed, load
from bridge.errors import ModelError, TranslationError
from bridge.findings import Feature, Level, account, attributes, native
from bridge.flow import analyse
from bridge.runner import SUPPORT, run_local
from bridge.serial import dump_json, dump_yaml, load_json, load_yaml
from bridge.show import render as shown
from bridge.translate import check, render

pytestmark = pytest.mark.usefixtures("here")


def wait(**more: Any) -> ForeignTask:
    return ForeignTask(
        name="wait", framework="fancy", definition={"class": "FileSensor", "path": "/in"}, **more
    )


def waiting(**more: Any) -> Pipeline:
    return Pipeline([wait(**more), PythonTask(function=plain.one, returns=["x"])])


@dataclass
class Fancy:
    """The fake adapter, as one that has tasks of its own."""

    adapter: Any
    name: str = "fake"

    @property
    def support(self) -> dict[Feature, Any]:
        return {**self.adapter.support, Feature.FOREIGN: native("as it was")}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.adapter, name)


@pytest.mark.parametrize(("dump", "load_"), [(dump_yaml, load_yaml), (dump_json, load_json)])
def test_it_is_data_like_any_other_step(dump, load_):
    pipeline = waiting(retry=Retry(1), inputs={"file": "name"}, returns=["found"])
    assert load_(dump(pipeline)) == pipeline
    assert "type: foreign" in dump_yaml(pipeline)


def test_its_definition_must_be_there():
    with pytest.raises(ModelError, match="has no 'definition'"):
        load_yaml("steps: [{type: foreign, name: a, framework: fancy}]")


def test_it_reads_and_returns_what_it_says():
    reader = PythonTask(function=plain.add, inputs={"a": "found", "b": "found"}, returns=["c"])
    pipeline = Pipeline([wait(inputs={"file": "name"}, returns=["found"]), reader],
                        parameters={"name": "a.csv"})  # fmt: skip
    flow = analyse(pipeline)
    assert [read.source.name for read in flow.nodes["wait"].reads] == ["name"]
    assert [output.name for output in flow.nodes["wait"].outputs] == ["found"]
    with pytest.raises(ModelError, match="'name'"):
        analyse(Pipeline(pipeline.steps))


def test_it_is_shown_with_its_framework():
    assert "wait  foreign of fancy" in shown(waiting(), "text")


def test_it_is_one_attribute():
    found = [a for a in attributes(waiting()) if a.step == "wait"]
    assert [(a.feature, a.attribute) for a in found] == [(Feature.FOREIGN, "foreign['fancy']")]


@pytest.mark.parametrize("target", installed())
def test_other_targets_refuse_it(target):
    with pytest.raises(
        TranslationError, match=r"foreign\.unsupported: foreign\['fancy'\] of 'wait'"
    ):
        render(waiting(), target)
    (refused,) = check(waiting(), target).refused()
    assert refused.where.file == __file__


def test_the_local_engine_refuses_it_before_anything_runs(here):
    with pytest.raises(TranslationError, match="the local engine cannot run this pipeline"):
        run_local(waiting())
    assert not (here / ".bridge").exists()


def test_its_own_framework_carries_it():
    support = Fancy(load("fake")).support
    (found,) = [f for f in account(waiting(), support, "fancy").findings if f.step == "wait"]
    assert (found.level, found.message) == (
        Level.CARRIED, "foreign['fancy'] of 'wait' is carried: as it was"
    )  # fmt: skip
    (other,) = account(waiting(), support, "fake").refused()
    assert other.step == "wait"


@pytest.mark.parametrize("target", installed())
def test_it_can_be_left_out_with_a_todo(target):
    export = render(waiting(retry=Retry(1)), target, "warn")
    dropped = {f.attribute: f for f in export.report.findings if f.level is Level.DROPPED}
    assert [*dropped] == ["foreign['fancy']", "retry"]
    assert dropped["retry"].message.endswith("with the task that it belongs to")
    text = " ".join("\n".join(export.files.values()).replace("#", " ").split())
    first, _ = dropped.values()
    assert f"TODO: {first.advice}" in text


def test_code_cannot_hold_it(monkeypatch):
    """What an adapter lowers becomes code, and no code does what a foreign task does."""
    fancy = Fancy(load("fake"))
    monkeypatch.setattr("bridge.translate.load", lambda name: fancy)
    task = ForeignTask(name="own", framework="fake", definition={})
    branches = {True: Pipeline([task]), False: Pipeline([Stub(name="nothing")])}
    inside = Pipeline([Conditional(name="c", parameter="p", branches=branches)],
                      parameters={"p": True})  # fmt: skip
    (refused,) = check(inside, "fake").refused()
    assert refused.message.startswith(
        "foreign['fake'] of 'c.True.own' cannot be carried inside of code: one task that takes"
    )


def test_nothing_else_is_refused_here():
    """Which is why the local engine looks for nothing else."""
    refused = {feature for feature, found in SUPPORT.items() if found.level is Level.UNSUPPORTED}
    assert refused == {Feature.FOREIGN}
