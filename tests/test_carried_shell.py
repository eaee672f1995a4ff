"""Commands: values in by the environment, values out by what is exported."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.carried.shell import run_shell


@pytest.fixture(params=["bash", "sh"])
def shell(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test runs in bash, and in the system's sh as where there is no bash."""
    if request.param == "sh":
        monkeypatch.setattr("bridge.carried.shell.shutil.which", lambda name: None)
    return str(request.param)


VALUES: dict[str, Any] = {
    "text": 'it\'s "quoted" $HOME `id` $(touch pwned) \\ \n two lines\n\n',
    "empty": "",
    "number": 3,
    "rate": 1e-300,
    "nothing": None,
    "yes": True,
    "tree": {"a": [1, None, {"ü": "\N{SNOWMAN}"}], "b": "x\ny"},
}


def test_values_go_in_and_come_back(
    shell: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_shell("echo $text > out", VALUES, list(VALUES)) == VALUES
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_values_are_text_or_compact_json(shell: str) -> None:
    script = (
        "import json, os, sys; print(json.dumps(dict(os.environ)), file=open(sys.argv[1], 'w'))"
    )
    command = f'export seen=$({sys.executable} -c "{script}" /dev/stdout)'
    seen = run_shell(command, VALUES, ["seen"])["seen"]
    assert seen["text"] == VALUES["text"]
    assert seen["nothing"] == "null"
    assert seen["yes"] == "true"
    assert seen["tree"] == '{"a":[1,null,{"ü":"\N{SNOWMAN}"}],"b":"x\\ny"}'
    assert seen["PATH"] == os.environ["PATH"]


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_any_text_comes_back(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        assert run_shell('export copy="$text"', {"text": text}, ["text", "copy"]) == {
            "text": text,
            "copy": text,
        }


@pytest.mark.parametrize(
    ("exported", "value"),
    [
        ("3", 3),
        ("0.1", 0.1),
        ("true", True),
        ("null", None),
        ("[1, 2]", [1, 2]),
        ('"x"', "x"),
        ("x", "x"),
        ("", ""),
        ("007", "007"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("[NaN]", "[NaN]"),
        ("1e999", "1e999"),
        ('"\\ud800"', '"\\ud800"'),
        ("[" * 5000, "[" * 5000),
        ("9" * 5000, "9" * 5000),
        ("line one\nline two\n", "line one\nline two\n"),
        ("a=b=c", "a=b=c"),
    ],
)
def test_what_is_json_is_read_as_json(exported: str, value: Any) -> None:
    found = run_shell('export out=$in; export out="$in"', {"in": exported}, ["out"])
    assert found == {"out": value}
    assert type(found["out"]) is type(value)


@pytest.mark.parametrize(
    "command",
    [
        "export x=5",
        "export x=5; exit 0",
        "export x=5; exit 0; export x=6",
        "export x=5\n# a comment",
        "export x=5; true \\",
        "#!/bin/sh\nexport x=5",
        "set -eu; export x=5",
        "x=4; export x; x=5",
        "if true; then export x=5; exit; fi",
        "trap 'echo bye >&2' EXIT; export x=5",
        "cd /; PATH=; export x=5",
        "export x=$(cat <<END\n5\nEND\n)",
        "[ $# = 0 ] && export x=5",
        "exec >/dev/null; export x=5",
        "-no-such-thing 2>/dev/null; export x=5",
    ],
)
def test_however_it_ends_what_it_exports_is_read(shell: str, command: str) -> None:
    assert run_shell(command, {}, ["x"]) == {"x": 5}


@pytest.mark.parametrize("command", ["x=5", "(export x=5)", "export x=5; unset x", "true"])
def test_only_what_is_exported_counts(shell: str, command: str) -> None:
    with pytest.raises(ValueError, match="did not export 'x', which it is declared to return"):
        run_shell(command, {}, ["x"])


def test_a_variable_that_came_in_is_exported_already(shell: str) -> None:
    assert run_shell("x=6", {"x": 5, "y": "a"}, ["x", "y"]) == {"x": 6, "y": "a"}


def test_the_environment_is_the_callers_or_the_one_given(
    shell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "1")
    command = "export seen=${MINE-none}"
    assert run_shell(command, {}, ["seen"]) == {"seen": 1}
    assert run_shell(command, {}, ["seen"], environment={"MINE": "2"}) == {"seen": 2}
    assert run_shell(command, {"MINE": 3}, ["seen"], environment={}) == {"seen": 3}
    assert os.environ["MINE"] == "1"
    assert "seen" not in os.environ


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("exit 3", "the command exited with 3"),
        ("false", "the command exited with 1"),
        (
            "export x=1; echo 'went wrong: ü' >&2; exit 2",
            "the command exited with 2: went wrong: ü",
        ),
        ("set -e; false; export x=1", "the command exited with 1"),
        ("kill -9 $$", "the command was killed by SIGKILL"),
        ("trap 'true' EXIT; exit 4", "the command exited with 4"),
    ],
)
def test_a_failure_says_how_and_why(shell: str, command: str, message: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        run_shell(command, {}, ["x"])
    assert str(caught.value) == message


@pytest.mark.parametrize("command", ["no-such-command", "if then", "echo 'open"])
def test_the_shells_own_complaint_is_told(shell: str, command: str) -> None:
    with pytest.raises(
        RuntimeError, match=r"exited with \d+: .*(not found|yntax error|matching|quot)"
    ):
        run_shell(command, {})


def test_of_a_long_complaint_the_end_is_told(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    command = "i=0; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i >&2; done; exit 1"
    with pytest.raises(RuntimeError) as caught:
        run_shell(command, {})
    assert str(caught.value).splitlines()[-1] == "line 500"
    assert len(str(caught.value).splitlines()) == 10
    assert capfd.readouterr().err.splitlines() == [f"line {i}" for i in range(1, 501)]


def test_output_streams_through(capfd: pytest.CaptureFixture[str]) -> None:
    run_shell("echo out; echo err >&2; printf 'caf\\351\\n' >&2; cat", {})
    output = capfd.readouterr()
    assert output.out == "out\n"
    assert output.err == "err\ncaf\ufffd\n"


def test_what_no_environment_can_hold_is_named() -> None:
    with pytest.raises(ValueError, match="'a' holds a NUL character"):
        run_shell("true", {"a": "x\0y"})
    with pytest.raises(ValueError, match="'big' is too large for an environment variable"):
        run_shell("true", {"small": 1, "big": "x" * 10_000_000})
    with pytest.raises(ValueError, match="'out' as text that is not UTF-8"):
        run_shell("export out=$(printf 'caf\\351')", {}, ["out"])


def test_what_stays_in_the_background_is_not_waited_for() -> None:
    pid = run_shell("sleep 30 & export pid=$!", {}, ["pid"])["pid"]
    assert _is_running(pid)
    os.kill(pid, signal.SIGKILL)


def test_an_interrupt_ends_the_command_and_its_children(tmp_path: Path) -> None:
    """The command notes the process it started; both are gone once the caller was interrupted."""
    script = (
        "from bridge.carried.shell import run_shell\n"
        "run_shell('sleep 60 & echo $! > pid.part; mv pid.part pid; wait', {})\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    pid = tmp_path / "pid"
    _until(pid.exists)
    caller.send_signal(signal.SIGINT)
    _, errors = caller.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors
    child = int(pid.read_text())
    _until(lambda: not _is_running(child))


def _until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
