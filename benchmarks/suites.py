"""The measurements: which commands, and how their samples become figures."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from figures import Figures, Row, absent, row
from measure import Command, CommandError, Sample, interleave, take
from peers import CONTENDERS, PYTHONS, ROOT, Contender, quiet, scratch
from storing import files

__all__ = ["QUICK", "SUITES", "Bench", "Sizes"]

BRIDGE = str(Path(sys.executable).with_name("bridge"))


@dataclass(frozen=True)
class Sizes:
    """How large each case is; ``frame`` and ``large`` in millions of bytes."""

    chain: int = 100
    fan: int = 200
    long: tuple[int, int] = (1_000, 10_000)
    graph: int = 10_000
    frame: int = 1_000
    large: int = 1_000
    small: int = 10_000
    resume: int = 10_000
    export: int = 10_000


QUICK = Sizes(5, 4, (10, 20), 120, 2, 1, 20, 20, 10)


@dataclass(frozen=True)
class Bench:
    """What is to be measured, and where: ``place`` is empty and is removed afterwards."""

    place: Path
    sizes: Sizes
    rounds: int
    peers: Collection[str]
    missing: Collection[tuple[str, str]] = ()
    warm: bool = True

    @cached_property
    def folders(self) -> dict[str, Path]:
        """A working folder for each that is measured."""
        gone = dict(self.missing)
        return {p: scratch(p, self.place) for p in PYTHONS if p in self.peers and p not in gone}

    def commands(self, case: str, program: str, size: int) -> list[Command]:
        """A command for each contender that has the case, which ``program`` carries out."""
        return [
            c.command(program, size, self.folders[c.peer], self.rounds) for c in self._having(case)
        ]

    def bridge(self, case: str, size: int, rounds: int = 9) -> Command:
        """A case on bridge alone."""
        found = Contender("bridge", case)
        return found.command(case, size, self.folders["bridge"], min(rounds, self.rounds))

    def measure(self, commands: Collection[Command]) -> None:
        """Take the samples of commands in turns."""
        interleave(commands, warm=self.warm)

    def absent(self) -> list[Row]:
        """Rows of the peers that could not be installed."""
        return absent(self.missing)

    def _having(self, case: str) -> list[Contender]:
        return [c for c in CONTENDERS if c.peer in self.folders and case in c.cases.split()]


def whole(sample: Sample) -> float:
    """The whole process counts."""
    return sample.wall


def run(sample: Sample) -> float | None:
    """What lies between the marks of the program counts."""
    return sample.run


def start(bench: Bench) -> Iterator[Figures]:
    """One task, from the start of the process to its exit."""
    folder = bench.folders["bridge"]
    plain = Command("python -c pass", [sys.executable, "-c", "pass"], folder, rounds=bench.rounds)
    line = Command(
        "bridge run", [BRIDGE, "run", "on_bridge.py"], folder, quiet(folder), bench.rounds
    )
    commands = [plain, line, *bench.commands("start", "chain", 1)]
    bench.measure(commands)
    rows = [row(c, whole) for c in commands] + bench.absent()
    yield Figures("start", "One task, from the start of the process to its exit (s)", rows)


def chain(bench: Bench) -> Iterator[Figures]:
    """A chain of tasks that pass a number on."""
    size = bench.sizes.chain
    yield _per_task(bench, "chain", "A chain of {:,}: the run, for each task (ms)", size)


def fan(bench: Bench) -> Iterator[Figures]:
    """A map over a list of numbers."""
    size = bench.sizes.fan
    yield _per_task(bench, "fan", "A fan-out of {:,}: the run, for each item (ms)", size)


def _per_task(bench: Bench, case: str, title: str, size: int) -> Figures:
    commands = bench.commands(case, case, size)
    bench.measure(commands)
    rows = [row(c, _run_of(c, bench), size) for c in commands]
    return Figures(case, title.format(size), rows + bench.absent(), "ms")


def _run_of(command: Command, bench: Bench) -> Callable[[Sample], float | None]:
    """What counts as the run; of Metaflow, which sets no marks, the process less one in vain."""
    if command.name != "metaflow" or command.failure:
        return run
    folder = bench.folders["metaflow"]
    shows = Contender("metaflow", "").command("show", 2, folder, 1)
    idle = take(shows).wall
    return lambda sample: sample.wall - idle


def long(bench: Bench) -> Iterator[Figures]:
    """Whether the local engine stays as fast when the chain grows."""
    names = ("bridge, short", "bridge, long")
    commands = [bench.bridge("chain", size, 5) for size in bench.sizes.long]
    bench.measure(commands)
    rows = [
        row(c, run, size, name)
        for c, size, name in zip(commands, bench.sizes.long, names, strict=True)
    ]
    sizes = " and of ".join(f"{n:,}" for n in bench.sizes.long)
    yield Figures("long", f"A chain of {sizes}: the run, for each task (ms)", rows, "ms", names[0])


def graph(bench: Bench) -> Iterator[Figures]:
    """Layers of a hundred tasks that need two of the layer before, built and put in order."""
    size = bench.sizes.graph
    commands = bench.commands("graph", "graph", size)
    bench.measure(commands)
    title = f"A graph of {size:,} tasks, built and analysed (s)"
    yield Figures("graph", title, [row(c, _run_of(c, bench)) for c in commands] + bench.absent())


def frame(bench: Bench) -> Iterator[Figures]:
    """A DataFrame from the end of the task that makes it to its sum in another process."""
    size = bench.sizes.frame
    commands = bench.commands("frame", "frame", size)
    folder = bench.folders["bridge"]
    argv = [sys.executable, "np_save.py", "frame", str(size)]
    floor = Command("np.save, then mapped", argv, folder, rounds=bench.rounds)
    for command in commands:
        command.rounds = min(command.rounds, 5)
        command.before = partial(_forget, command.folder)
    bench.measure([floor, *commands])
    rows = [row(c, run) for c in [floor, *commands]] + bench.absent()
    yield Figures("frame", f"A DataFrame of {size:,} MB to another task, and its sum (s)", rows)
    for command in commands:
        _forget(command.folder)


def _forget(folder: Path) -> None:
    """Remove what runs have left in a peer's folder, before it fills the disk."""
    for name in (".bridge", ".metaflow", ".run_log_store", ".catalog", "prefect-home/storage"):
        shutil.rmtree(folder / name, ignore_errors=True)
    shutil.rmtree(folder / "dagster-home" / "storage", ignore_errors=True)


def resume(bench: Bench) -> Iterator[Figures]:
    """A run whose map had finished and whose last task had failed, gone on with."""
    size = bench.sizes.resume
    command, failed = bench.bridge("resume", size), bench.bridge("fail", size)
    try:
        take(failed)
    except CommandError as error:
        command.failure = f"there is no run to resume: {error}"
    bench.measure([command])
    title = f"A run resumed that had finished {size:,} items of a map (s)"
    yield Figures("resume", title, [row(command, run)])


def export(bench: Bench) -> Iterator[Figures]:
    """The translation of a chain, formatted; nothing is written."""
    size = bench.sizes.export
    folder = bench.folders["bridge"]
    commands = [
        Command(f"to {name}", [sys.executable, "export.py", name, str(size)], folder, rounds=3)
        for name in sorted(path.name for path in (ROOT / "adapters").iterdir() if path.is_dir())
    ]
    for command in commands:
        command.rounds, command.is_slow = min(command.rounds, bench.rounds), True
    bench.measure(commands)
    title = f"A chain of {size:,}, translated, for each task (µs)"
    yield Figures("export", title, [row(c, run, size) for c in commands], "µs", "")


Suite = Callable[[Bench], Iterator[Figures]]
SUITES: dict[str, Suite] = {
    "start": start,
    "chain": chain,
    "fan": fan,
    "long": long,
    "graph": graph,
    "frame": frame,
    "files": files,
    "resume": resume,
    "export": export,
}
