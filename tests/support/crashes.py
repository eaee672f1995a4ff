"""Kills runs of the local engine and checks that nothing is lost: ``make crash``.

A trial runs a pipeline, kills the run or one of its processes, goes on with ``--resume`` until it
is through, and then demands: no process is left, nothing that was reported finished ran again, and
the record is that of a run nobody has disturbed.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

BRIDGE = [sys.executable, "-c", "from bridge.cli import main; main()"]
WRITING = (
    *(
        "write",
        "pwrite64",
        "writev",
        "sendmsg",
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
    ),
    *("unlink", "unlinkat", "mkdir", "mkdirat", "ftruncate", "fdatasync", "fsync", "fchmod"),
    *("chmod", "fchmodat", "copy_file_range", "openat"),
)
FUNCTIONS = """
import os
import time


def note(step):
    with open(os.environ["CRASH_TRACE"], "a") as trace:
        trace.write(f"{step}\\n")


def start(step):
    note(step)
    return list(range(6))


def work(item, step):
    time.sleep(0.003)
    note(step)
    return item * item, {"item": item, "data": b"x" * 2_000 * item}


def weigh(square, blob, step):
    note(step)
    return square + len(blob["data"])


def write(step):
    with open("left.txt", "w") as file:
        file.write("left" * 40_000)
    with open("small.txt", "w") as file:
        file.write("small")
    note(step)


def read(step):
    with open("left.txt") as file:
        found = len(file.read())
    note(step)
    return found


def stumble(step, attempt):
    if attempt == 1:
        raise ValueError("the first attempt fails")
    note(step)
    return attempt


def fail(step):
    raise RuntimeError("it always fails")


def mend(step):
    note(step)
    return "mended"


def add(total, i, step):
    note(step)
    return total + i
"""
PIPELINE = """
from bridge import (
    Catalog, Loop, Map, Parallel, Pipeline, PythonTask, Retry, ShellTask, fact, pickled,
)
import crash_functions as f


def task(function, **more):
    inputs = {"step": fact("step"), **more.pop("inputs", {})}
    return PythonTask(function=function, inputs=inputs, **more)


pipeline = Pipeline(
    [
        task(f.start, returns=["items"]),
        Map(
            name="each",
            branch=Pipeline(
                [
                    task(f.work, returns=["square", pickled("blob")]),
                    task(f.weigh, returns=["weight"]),
                ]
            ),
            iterate_on="items",
            iterate_as="item",
        ),
        Parallel(
            name="both",
            branches={
                "files": Pipeline([task(f.write, catalog=Catalog(put=["*.txt"]))]),
                "shell": Pipeline(
                    [ShellTask(name="sh", command="sleep 0.02; export said=yes", returns=["said"])]
                ),
            },
        ),
        task(
            f.stumble, inputs={"attempt": fact("attempt")}, returns=["tried"], retry=Retry(times=1)
        ),
        task(f.fail, on_failure=Pipeline([task(f.mend, returns=["state"])])),
        Loop(
            name="loop",
            branch=Pipeline([task(f.add, returns=["total"])]),
            max_iterations=3,
            index_as="i",
        ),
        task(f.read, returns=["length"], catalog=Catalog(get=["left.txt"])),
    ],
    name="crash",
    parameters={"total": 0},
)
"""


class Trials:
    """Trials in one folder; what is wrong is raised as AssertionError."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._number = 0
        (folder / "crash_functions.py").write_text(FUNCTIONS)
        (folder / "flow.py").write_text(PIPELINE)
        started = time.perf_counter()
        assert self.run(None) == 0, "the run that nobody disturbs has failed"
        self.seconds = time.perf_counter() - started
        self.expected = self._told(self.record())

    def trial(self, disturb: Callable[[subprocess.Popen[bytes]], None], prefix: Sequence[str] = (),
              times: int = 1) -> bool:  # fmt: skip
        """Run and disturb so many times, then go on to the end; says whether it was stopped."""
        first = self._number + 1
        resume, stopped = None, False
        for i in range(times + 20):
            is_last = i >= times
            assert i < times + 19, "it does not come to an end"
            done = self.finished() if resume else set()
            code = self.run(resume, None if is_last else disturb, () if is_last else prefix)
            self._check_processes()
            again = done & self.traced()
            assert not again, f"finished before, and run again: {sorted(again)}"
            stopped = stopped or code != 0
            if code == 0:
                break
            resume = self._begun(first)
        found = self._told(self.record())
        assert found == self.expected, f"{found}\nis not\n{self.expected}"
        return stopped

    def _begun(self, first: int) -> str | None:
        """The last run since the first of this trial that had begun."""
        for number in range(self._number, first - 1, -1):
            path = self.home / "runs" / f"r{number}" / "steps.jsonl"
            if path.exists() and b"\n" in path.read_bytes():
                return f"r{number}"
        return None

    @property
    def home(self) -> Path:
        return self.folder / ".bridge"

    def run(
        self,
        resume: str | None,
        disturb: Callable[[subprocess.Popen[bytes]], None] | None = None,
        prefix: Sequence[str] = (),
    ) -> int:
        """Run the pipeline under the next id; its exit code."""
        self._number += 1
        self._mark = f"{self.folder}-{self._number}"
        self._trace = self.folder / f"trace-{self._number}"
        words = ["run", "flow.py", "--run-id", f"r{self._number}", "--jobs", "3"]
        words += ["--resume", resume] if resume else []
        with (self.folder / "out.log").open("wb") as out:  # no task puts it
            process = subprocess.Popen(
                [*prefix, *BRIDGE, *words],
                cwd=self.folder,
                env={**os.environ, "CRASH_TRACE": str(self._trace), "CRASH_MARK": self._mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
            if disturb:
                disturb(process)
            return process.wait(timeout=60)

    def litter(self) -> None:
        """Leave things in the store that no run refers to, old enough to be removed."""
        from bridge.catalog import open_store, save

        store = str(self.home / "store")
        for size in (10, 200_000):
            save(os.urandom(size), store)
        assert open_store(store)
        past = time.time() - 100_000
        for path in (self.home / "store").rglob("*"):
            if path.is_file() and "sqlite" not in path.name:
                os.utime(path, (past, past))

    def call(self, *words: str, prefix: Sequence[str] = ()) -> int:
        """The exit code of another command of bridge."""
        done = subprocess.run(
            [*prefix, *BRIDGE, *words], cwd=self.folder, capture_output=True, check=False
        )
        return done.returncode

    def processes(self) -> list[int]:
        """The processes of the run of this time."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with suppress(OSError):
                    if self._mark.encode() + b"\0" in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
        return found

    def _check_processes(self) -> None:
        for _ in range(100):
            if not (left := self.processes()):
                return
            time.sleep(0.02)
        raise AssertionError(f"processes were left behind: {left}")

    def record(self) -> dict[str, Any]:
        text = (self.home / "runs" / f"r{self._number}" / "run.json").read_text()
        found: dict[str, Any] = json.loads(text)
        return found

    def finished(self) -> set[str]:
        """The steps that the last run that had begun has reported finished."""
        lines = []
        for number in range(self._number, 0, -1):
            path = self.home / "runs" / f"r{number}" / "steps.jsonl"
            if path.exists() and b"\n" in path.read_bytes():
                lines = path.read_bytes().split(b"\n")[1:-1]
                break
        entries = [json.loads(line) for line in lines]
        return {entry["name"] for entry in entries if entry.get("status") == "succeeded"}

    def traced(self) -> set[str]:
        return set(self._trace.read_text().split()) if self._trace.exists() else set()

    @staticmethod
    def _told(record: dict[str, Any]) -> dict[str, Any]:
        kept = {n: record[n] for n in ("status", "parameters", "metrics", "objects", "files")}
        steps = [(step["name"], step["status"], step["attempts"]) for step in record["steps"]]
        return {**kept, "steps": steps}


def at_random(trials: Trials, chance: random.Random) -> Callable[[subprocess.Popen[bytes]], None]:
    """Kill the run, or any of its processes, at some time."""

    def disturb(process: subprocess.Popen[bytes]) -> None:
        time.sleep(chance.uniform(0, trials.seconds))
        victims = [process.pid]
        if chance.random() < 0.4:
            victims = trials.processes() or victims
        with suppress(ProcessLookupError):
            os.kill(chance.choice(victims), signal.SIGKILL)

    return disturb


def enumerated(
    trials: Trials, follow: bool, every: int = 1, calls: Sequence[str] = WRITING
) -> Iterator[str]:
    """Kill at each system call that writes, the first, the second ... of each name."""
    for call in calls:
        number = 1
        while True:
            inject = f"inject={call}:signal=SIGKILL:when={number}"
            strace = ["strace", *(["-f"] if follow else []), "-o", "/dev/null", "-e", inject]
            if not trials.trial(lambda process: None, strace, times=2):  # and its resumption
                break
            yield f"{call} {number}"
            number += every


def collections(trials: Trials, every: int = 1) -> Iterator[str]:
    """Kill the removal of what no run needs at each system call that writes."""
    for call in WRITING:
        number = 1
        while True:
            trials.litter()
            inject = f"inject={call}:signal=SIGKILL:when={number}"
            code = trials.call("catalog", "gc", prefix=["strace", "-o", "/dev/null", "-e", inject])
            assert trials.call("catalog", "verify") == 0, f"{call} {number} has damaged the store"
            assert trials.call("catalog", "gc") == 0, f"after {call} {number} gc fails"
            if code == 0:
                break
            yield f"{call} {number}"
            number += every


def can_trace() -> bool:
    """Whether system calls can be intercepted here."""
    if not shutil.which("strace"):
        return False
    tried = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False)
    return tried.returncode == 0


def main() -> int:
    """The command; gives 1 when anything was lost."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="random kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="each so many-th system call")
    parser.add_argument("--only", default="", help="random, or calls")
    arguments = parser.parse_args()
    trials = Trials(Path(tempfile.mkdtemp(prefix="crash-")))
    chance, wrong = random.Random(arguments.seed), 0

    def tell(what: str, error: AssertionError) -> None:
        print(f"{what}: {error}\n{(trials.folder / 'out.log').read_text()}", flush=True)

    count, stopped = 0 if arguments.only == "calls" else arguments.count, 0
    for i in range(count):
        try:
            stopped += trials.trial(at_random(trials, chance), times=chance.choice([1, 1, 2, 3]))
        except AssertionError as error:
            wrong += 1
            tell(f"random kill {i}", error)
    print(f"{count} random trials, {stopped} stopped a run, {wrong} wrong", flush=True)
    if arguments.only == "random" or not can_trace():
        print("system calls: not tried" + ("" if can_trace() else ", there is no strace"))
        return 1 if wrong else 0
    for follow in (False, True):
        found = 0
        try:
            for _ in enumerated(trials, follow, arguments.every):
                found += 1
        except AssertionError as error:
            wrong += 1
            tell(f"system call {found} (follow={follow})", error)
        print(
            f"killed at {found} system calls, {'all processes' if follow else 'the run'}",
            flush=True,
        )
    try:
        found = len(list(collections(trials, arguments.every)))
        print(f"killed gc at {found} system calls", flush=True)
    except AssertionError as error:
        wrong += 1
        tell("gc", error)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
