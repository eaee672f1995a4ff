"""A few of the trials that ``make crash`` makes by the hundred."""

from __future__ import annotations

import random

import pytest
from crashes import Trials, at_random, can_trace, enumerated


@pytest.fixture(scope="module")
def trials(tmp_path_factory):
    return Trials(tmp_path_factory.mktemp("crash"))


@pytest.mark.parametrize("seed", range(6))
def test_kills_at_random(trials, seed):
    chance = random.Random(seed)
    trials.trial(at_random(trials, chance), times=chance.choice([1, 2]))


@pytest.mark.skipif(not can_trace(), reason="there is no strace here that may trace")
def test_kills_at_some_of_all_system_calls_that_write(trials):
    calls = ["write", "fdatasync", "mkdir"]
    assert len(list(enumerated(trials, follow=True, every=40, calls=calls))) >= 3
