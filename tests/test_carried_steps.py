"""The steps that are carried out inside a task: attempts, limits, notes."""

from __future__ import annotations

import json
import threading
import time

import pytest

from bridge.carried.steps import (
    ABSENT,
    Terminated,
    attempts,
    choose,
    each,
    present,
    reduced,
    step,
    time_limit,
)


@pytest.fixture
def notes(tmp_path, monkeypatch):
    path = tmp_path / "steps.jsonl"
    monkeypatch.setenv("PIPELINE_STEPS", str(path))
    return lambda: [json.loads(line) for line in path.read_text().splitlines()]


def failing(times):
    """A function that fails so many times before it succeeds."""
    left = list(range(times))

    def work():
        if left:
            raise ValueError(f"failure {len(left)}: {left.pop()}")
        return "done"

    return work


@pytest.mark.parametrize(("failures", "retries"), [(0, 0), (0, 3), (1, 1), (2, 5)])
def test_a_task_is_tried_until_it_succeeds(notes, failures, retries):
    work = failing(failures)
    for attempt in attempts("work", retries=retries):
        with attempt:
            found = work()
    assert found == "done"
    (note,) = notes()
    assert (note["name"], note["status"]) == ("work", "succeeded")
    assert note["attempts"] == failures + 1
    assert note["error"] is None


def test_the_last_failure_is_the_one_that_counts(notes):
    work = failing(5)
    with pytest.raises(ValueError, match="failure 3"):  # noqa: PT012 - the block is what is tested
        for attempt in attempts("work", retries=2):
            with attempt:
                work()
    (note,) = notes()
    assert note["error"] == {"type": "ValueError", "text": "failure 3: 2"}
    assert (note["status"], note["attempts"]) == ("failed", 3)


def test_the_number_of_the_attempt_is_known(notes):
    seen = []
    for attempt in attempts("work", retries=2):
        with attempt:
            seen.append(attempt.number)
            assert attempt.number == 3
    assert seen == [1, 2, 3]


@pytest.mark.parametrize("error", [Terminated("enough"), KeyboardInterrupt()])
def test_what_ends_the_run_is_not_tried_again(notes, error):
    tried = []
    with pytest.raises(type(error)):  # noqa: PT012 - the block is what is tested
        for attempt in attempts("work", retries=5):
            with attempt:
                tried.append(1)
                raise error
    assert tried == [1]


def test_a_step_notes_the_files_it_has_put(notes):
    files = {}
    with step("writes", files=files):
        files["a.txt"] = "sha256:0"
    assert notes()[0]["files"] == {"a.txt": "sha256:0"}


def test_nothing_is_noted_where_nobody_asks(tmp_path, monkeypatch):
    monkeypatch.delenv("PIPELINE_STEPS", raising=False)
    monkeypatch.chdir(tmp_path)
    with step("quiet"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_time_limit_ends_the_work():
    with pytest.raises(TimeoutError, match=r"timed out after 0.05 seconds"), time_limit(0.05):
        time.sleep(30)


def test_nobody_catches_the_end_of_the_time_by_chance():
    reached = []
    with pytest.raises(TimeoutError), time_limit(0.05):  # noqa: PT012 - the block is what is tested
        try:
            time.sleep(30)
        except Exception:  # as the user's code may do
            reached.append("caught")
    assert reached == []


def test_a_time_limit_that_is_not_reached_leaves_nothing_behind():
    with time_limit(0.05):
        pass
    time.sleep(0.1)


def test_a_time_limit_needs_the_main_thread():
    found = []

    def work():
        try:
            with time_limit(1):
                found.append("ran")
        except RuntimeError as error:
            found.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["a time limit needs the main thread; use a runner of processes"]


@pytest.mark.parametrize(
    ("value", "keys", "found"),
    [
        ("a", ["a", "b"], "a"),
        (True, [1, True], True),
        (1, [True, 1], 1),
        (1, [1.0], 1.0),
        (True, ["true"], "true"),
        (False, ["False"], "False"),
        (None, ["null"], "null"),
        (2.5, ["2.5"], "2.5"),
        ([1, 2], ["[1, 2]"], "[1, 2]"),
        ("", ["", "a"], ""),
    ],
)
def test_a_branch_is_chosen_by_the_value_as_json(value, keys, found):
    chosen = choose("c", value, keys)
    assert chosen == found
    assert type(chosen) is type(found)


@pytest.mark.parametrize(
    ("value", "keys"), [("1", [1]), ("true", [True]), (0, [False]), (1, [True]), ("a", ["b"])]
)
def test_what_no_branch_is_for_is_told_or_goes_to_the_default(notes, value, keys):
    with pytest.raises(ValueError, match=r"'c' has no branch for .*; there are"):
        choose("c", value, keys)
    assert notes()[-1]["status"] == "failed"
    assert choose("c", value, keys, default=True) == "default"


@pytest.mark.parametrize("value", ["ab", {"a": 1}, 3, None, (1, 2)])
def test_only_a_list_is_iterated_on(notes, value):
    with pytest.raises(ValueError, match="'m' is to iterate on a list, not on"):
        each("m", value)
    assert each("m", [value]) == [value]


def test_a_reducer_that_fails_is_noted(notes):
    assert reduced("m", sum, [1, 2]) == 3
    with pytest.raises(TypeError):
        reduced("m", sum, ["a"])
    assert [(n["name"], n["status"]) for n in notes()] == [("m", "failed")]


def test_what_is_absent_is_left_out():
    assert present({"a": 1, "b": ABSENT, "c": None}) == {"a": 1, "c": None}
