"""Disks that are full and stores that fail: a clear failure, no damage, and a run to go on with."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import faulty_store
import plain
import pytest
from command import bridge

from bridge import Catalog, Map, Pipeline, PythonTask, ShellTask, pickled
from bridge.catalog import open_store
from bridge.errors import RunError
from bridge.runner import history, run_local

pytestmark = pytest.mark.usefixtures("here")


def task(function, **more):
    return PythonTask(function=function, **more)


def pipeline():
    return Pipeline(
        [
            task(plain.one, returns=["a"]),
            task(plain.write, catalog=Catalog(put=["a.txt"])),
            task(plain.thing, returns=[pickled("thing")]),
            task(plain.read, returns=["content"], catalog=Catalog(get=["a.txt"])),
        ]
    )


def told(run):
    return run.status, run.parameters, run.objects, run.files


@pytest.fixture
def undisturbed():
    return told(run_local(pipeline()))


def test_what_a_loss_of_power_has_taken_is_made_again(here):
    make = "head -c 100000 /dev/zero > large.bin"
    steps = Pipeline(
        [
            ShellTask(name="make", command=make, catalog=Catalog(put=["large.bin"])),
            task(plain.one, returns=["a"]),
            ShellTask(name="gate", command="test -e ready"),
        ]
    )
    stopped = run_local(steps, run_id="stopped")
    (content,) = open_store().contents()
    file = open_store().file(content.ref)
    Path(file).chmod(0o600)
    os.truncate(file, 0)  # its name was on the disk, its content not yet
    (here / "ready").touch()
    resumed = run_local(steps, resume="stopped")
    assert resumed.files == stopped.files
    made, kept, _ = (step.seconds for step in resumed.steps)
    assert made != stopped.steps[0].seconds
    assert kept == stopped.steps[1].seconds
    bridge("catalog", "verify")


def test_a_file_that_does_not_fit_on_the_disk(here):
    """A limit on the size of files stands for a disk without room for more."""
    big = ShellTask(name="big", command="true", catalog=Catalog(put=["big.bin"]))
    steps = Pipeline([task(plain.one, returns=["a"]), big])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    (here / "big.bin").write_bytes(bytes(3_000_000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        failed = run_local(steps, run_id="full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert failed.error["step"] == "big"
    assert "too large" in failed.error["text"]
    resumed = run_local(steps, resume="full")
    assert resumed.status == "succeeded"
    assert [*resumed.files] == ["big.bin"]
    bridge("catalog", "verify")


def test_a_journal_that_cannot_be_written_ends_the_run(here, monkeypatch):
    write, calls = os.write, []

    def full(file, data):
        if b'"name": "thing"' in bytes(data):
            calls.append(write(file, bytes(data)[:10]))
            raise OSError(28, "No space left on device")
        return write(file, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RunError, match=r"No space left on device; .* go on with --resume"):
        run_local(pipeline(), run_id="full")
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert history.find("full").status == "interrupted"
    resumed = run_local(pipeline(), resume="full")
    assert told(resumed) == told(run_local(pipeline()))


@pytest.mark.parametrize("at", range(1, 12, 2))
def test_a_store_that_fails(at, here, monkeypatch, undisturbed):
    """The store answers with an error at the so many-th request; the run goes on from there."""
    monkeypatch.setenv("BRIDGE_STORE", faulty_store.url(here / "elsewhere"))
    faulty_store.fail_at(here, at)
    found = run_local(pipeline(), run_id="first")
    if found.status == "failed":
        assert "the disk is on strike" in found.error["text"]
    faulty_store.fail_at(here, 0)
    if found.status != "succeeded":
        found = run_local(pipeline(), resume="first")
    assert told(found) == undisturbed


def test_a_store_where_nothing_can_be_written(here, monkeypatch):
    (here / "no folder").touch()
    monkeypatch.setenv("BRIDGE_STORE", str(here / "no folder"))
    failed = run_local(pipeline(), run_id="r")
    assert failed.error["step"] == "write"
    assert "no folder" in failed.error["text"]
    assert failed.steps[0].status == "succeeded"


def test_a_map_that_fails_in_one_item_goes_on_with_that_alone(here):
    step = ShellTask(name="s", command='[ -e go ] || [ "$i" != 3 ] && echo "$i" >> ran.txt')
    steps = Pipeline(
        [Map(name="m", branch=Pipeline([step]), iterate_on="items", iterate_as="i")],
        parameters={"items": list(range(6))},
    )
    assert run_local(steps, run_id="r").failed
    (here / "go").touch()
    (here / "ran.txt").unlink()
    assert run_local(steps, resume="r").status == "succeeded"
    assert (here / "ran.txt").read_text() == "3\n"


def test_what_cannot_be_read_back_at_the_end_is_told(here, monkeypatch, undisturbed):
    def broken(*more):
        raise OSError("the disk is on strike")

    monkeypatch.setattr("bridge.runner.execute.settle", broken)
    with pytest.raises(RunError, match=r"the disk is on strike; go on with --resume r when"):
        run_local(pipeline(), run_id="r")
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert told(run_local(pipeline(), resume="r")) == undisturbed
