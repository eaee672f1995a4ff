"""Variables of the environment and secrets, for as long as a task works."""

from __future__ import annotations

import os
import sys

import pytest

from bridge.carried.shell import run_shell
from bridge.carried.surroundings import environment, mask, secrets


def test_variables_are_there_and_then_as_before(monkeypatch):
    monkeypatch.setenv("OLD", "before")
    monkeypatch.delenv("NEW", raising=False)
    with environment({"OLD": "changed", "NEW": "a 'b' $c"}):
        assert (os.environ["OLD"], os.environ["NEW"]) == ("changed", "a 'b' $c")
    assert os.environ["OLD"] == "before"
    assert "NEW" not in os.environ


def test_variables_are_as_before_after_a_failure_too():
    with pytest.raises(ZeroDivisionError), environment({"NEW": "x"}):
        raise ZeroDivisionError
    assert "NEW" not in os.environ


def test_a_secret_must_be_there(monkeypatch):
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(ValueError, match="secret 'TOKEN' is not set"), secrets("TOKEN"):
        pass


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("no hush-1 here",), "no *** here"),
        (({"key": ["hush-1"]},), "{'key': ['***']}"),
        (("a", ("hush-1", 3)), "('a', ('***', 3))"),
    ],
)
def test_a_secret_is_not_told_by_an_exception(monkeypatch, args, told):
    monkeypatch.setenv("TOKEN", "hush-1")
    with pytest.raises(RuntimeError) as caught, secrets("TOKEN"):
        raise RuntimeError(*args)
    assert str(caught.value) == told


class Odd(Exception):  # noqa: N818 - its text is none of its arguments
    def __str__(self):
        return f"hush-1 {len(self.args)}"


def test_a_secret_is_not_told_by_a_text_of_its_own(monkeypatch):
    monkeypatch.setenv("TOKEN", "hush-1")
    with pytest.raises(Odd) as caught, secrets("TOKEN"):
        raise Odd
    assert "hush-1" not in repr(caught.value.args)


def test_a_secret_is_masked_in_what_is_printed(monkeypatch, capfd):
    monkeypatch.setenv("TOKEN", "hush-1")
    with secrets("TOKEN"):
        sys.stdout.write("it is hush-1\n")
        sys.stderr.write("it is hush-1\n")
        run_shell('echo "out $TOKEN"; echo "err $TOKEN" >&2', {})
    out, err = capfd.readouterr()
    assert "hush-1" not in out + err
    assert "out ***" in out
    assert "err ***" in err
    assert mask("hush-1") == "hush-1"


def test_of_two_secrets_the_longer_is_masked_first(monkeypatch):
    monkeypatch.setenv("SHORT", "abc")
    monkeypatch.setenv("LONG", "abcdef")
    with secrets("SHORT", "LONG"):
        assert mask("abcdef abc") == "*** ***"
