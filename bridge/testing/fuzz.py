"""Runs random programs here and on engines, and tells where they do not agree.

``python -m bridge.testing.fuzz --on ENGINE,... --count 200 --seed 1``: what differs is made as
small as it gets and told as Python that can be pasted into a test, with both records.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from bridge.emit.pipeline import statements
from bridge.model import Pipeline
from bridge.record import Run
from bridge.testing.agreement import (
    Agreement,
    agreement,
    lacking,
    run_here,
    sample,
    together,
)
from bridge.testing.shrink import shrink

__all__ = ["Fuzz", "main"]

_ALIKE = 2
"""Of differences that look alike so many are made smaller, and told."""


class Fuzz:
    """Programs on one engine; ``folder`` is where the runs leave what they leave.

    ``tell`` is called with a text for each difference, made smaller by at most so many ``tries``.
    """

    def __init__(
        self, engine: str, folder: Path, tell: Callable[[str], None], tries: int = 100
    ) -> None:
        self.engine, self.runs, self.found = engine, 0, 0
        self._tell_of = tell
        self._sorts: dict[str, int] = {}
        self._folder, self._tries, self._late = folder, tries, False

    def run(self, programs: Sequence[Pipeline], batch: int) -> None:
        """Run the programs, those that succeed side by side, and tell what differs."""
        passing, failing = self._sorted(programs)
        self._say(f"{len(passing)} programs that succeed, {len(failing)} that fail")
        done = 0
        for start in range(0, len(passing), batch):
            self._batch(passing[start : start + batch])
            self._late = not self._late
            done += len(passing[start : start + batch])
            self._say(f"{done} of {len(passing)}, {self.runs} runs, {self.found} differences")
        for i, program in enumerate(failing):
            self._alone(program)
            self._late = not self._late
            self._say(f"failing {i + 1} of {len(failing)}, {self.found} differences")

    def _say(self, text: str) -> None:
        print(f"[{self.engine}] {text}", file=sys.stderr, flush=True)  # noqa: T201

    def _sorted(self, programs: Sequence[Pipeline]) -> tuple[list[Pipeline], list[Pipeline]]:
        """The programs that succeed, and those that fail."""
        found: tuple[list[Pipeline], list[Pipeline]] = [], []
        for program in programs:
            with tempfile.TemporaryDirectory() as folder:
                run = run_here(program, Path(folder) / "here")
            found[run.status != "succeeded"].append(program)
        return found

    def _agreement(self, pipeline: Pipeline) -> Agreement:
        self.runs += 1
        return agreement(pipeline, self.engine, self._folder / f"{self.runs}", self._late)

    def _batch(self, programs: Sequence[Pipeline]) -> None:
        wrong = self._agreement(together(programs)).wrong
        if not wrong:
            return
        self._say(f"{len(wrong)} differences among {len(programs)} programs, {wrong[0][:300]}")
        if len(programs) == 1:
            self._tell(together(programs), wrong)
            return
        before, half = self.found, len(programs) // 2
        self._batch(programs[:half])
        self._batch(programs[half:])
        if self.found == before:  # only all of them together show it
            self._tell(together(programs), wrong)

    def _alone(self, program: Pipeline) -> None:
        if wrong := self._agreement(program).wrong:
            self._tell(program, wrong)

    def _tell(self, pipeline: Pipeline, wrong: list[str]) -> None:
        """Make the pipeline as small as it gets, and tell it with both records."""
        self.found += 1
        kinds = {line.partition(":")[0] for line in wrong}

        def shows(smaller: Pipeline) -> bool:
            return any(line.partition(":")[0] in kinds for line in self._agreement(smaller).wrong)

        sort = re.sub(r"\W*'.*'\W|\d+", "", wrong[0])[:40]
        self._sorts[sort] = self._sorts.get(sort, 0) + 1
        if self._sorts[sort] > _ALIKE:
            self._say(f"one more of these: {wrong[0][:300]}")
            return
        self._say(f"making it smaller: {wrong[0][:300]}")
        pipeline = shrink(pipeline, shows, self._tries)
        found = self._agreement(pipeline)
        lines = [f"=== {self.engine}: difference {self.found}", statements(pipeline)]
        lines += ["The parameters are given to the run."] if self._late else []
        records = [_record(run) for run in (found.here, found.there)]
        self._tell_of("\n".join([*lines, *found.wrong, *records]))


def _record(run: Run) -> str:
    told = {**run.to_json(), "artifacts": {}}
    told["steps"] = [f"{step.name}: {step.status}, {step.attempts}" for step in run.steps]
    return f"--- {run.on}\n{json.dumps(told, indent=1, ensure_ascii=False)}"


def _print(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _arguments(given: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m bridge.testing.fuzz", description=__doc__)
    parser.add_argument("--on", default="fake", help="engines, separated by commas")
    parser.add_argument("--count", type=int, default=200, help="how many programs on each")
    parser.add_argument("--seed", type=int, default=1, help="another number, other programs")
    parser.add_argument("--batch", type=int, default=20, help="how many in one run of an engine")
    parser.add_argument("--tries", type=int, default=300, help="runs to make a difference smaller")
    parser.add_argument("--folder", type=Path, help="where what differs is kept")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    """The command; gives 1 when anything differs."""
    arguments = _arguments(given)
    if arguments.folder:
        arguments.folder.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=arguments.folder))
    found = 0
    for engine in arguments.on.split(","):
        started = time.monotonic()
        fuzz = Fuzz(engine, folder / engine, _print, arguments.tries)
        fuzz.run(sample(arguments.count, arguments.seed, lacking(engine)), arguments.batch)
        seconds = time.monotonic() - started
        line = f"{engine}: {arguments.count} programs in {fuzz.runs} runs, {seconds:.0f} s, "
        _print(f"{line}{fuzz.found} differences")
        found += fuzz.found
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
