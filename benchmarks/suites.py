"""The measurements: which commands, and how their seconds become figures."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from figures import Figures, Row, alone, between
from measure import Command, interleave
from peers import BRIDGE, ROOT, bridge, peers, quiet

__all__ = ["SUITES"]

CHAIN = 100
LENGTHS = (1_000, 10_000)
SLOW = 300.0

_LABELS = {
    "bridge": "bridge, python pipe.py",
    "kedro": "kedro, SequentialRunner",
    "metaflow": "metaflow, two steps",
}


def engines(folder: Path, rounds: int, without: list[str]) -> Iterator[Figures]:
    """One task from start to exit, and what each task of a chain adds to that."""
    chosen = [p for p in peers(rounds) if p.name not in without]
    there = [p for p in chosen if not p.missing]
    absent = [Row(p.name, failure=p.missing) for p in chosen if p.missing]
    python = Command("python", [sys.executable, "-c", "pass"], rounds=rounds)
    command = _bridge_run(1, folder, rounds)
    short = {p.name: p.command(p.shortest, folder) for p in there}
    long = {p.name: p.command(p.longest, folder) for p in there}
    inside = [p.command(CHAIN, folder, inside=True) for p in there if p.tells]
    interleave([python, command, *short.values(), *long.values(), *inside], folder)

    start = [alone("python -c pass", python), alone("bridge run pipe.py", command)]
    start += [alone(_LABELS.get(name, name), c) for name, c in short.items()]
    yield Figures("One task, from start to exit", "bridge run pipe.py", start + absent)
    chain = [
        between(f"{p.name}, {p.longest:,}", short[p.name], long[p.name], p.longest - p.shortest)
        for p in there
    ]
    title = "A chain, for each task: the process of the chain less that of one task"
    yield Figures(title, chain[0].name, chain + absent, "ms")
    runs = [alone(c.name, c, CHAIN) for c in inside]
    title = f"A chain of {CHAIN}, for each task: the run alone, in a process that is ready"
    yield Figures(title, "bridge", runs, "ms")


def long_chains(folder: Path, rounds: int, without: list[str]) -> Iterator[Figures]:
    """Whether the local engine stays as fast when the chain grows."""
    peer = bridge(min(rounds, 5))
    short = peer.command(1, folder)
    long = {n: peer.command(n, folder) for n in LENGTHS}
    interleave([short, *long.values()], folder)
    rows = [between(f"{n:,} tasks", short, c, n - 1) for n, c in long.items()]
    yield Figures("Chains on bridge's local engine, for each task", "1,000 tasks", rows, "µs")


def exports(folder: Path, rounds: int, without: list[str]) -> Iterator[Figures]:
    """What the export of a chain costs for each task, and whether it grows with the chain."""
    names = sorted(folder.name for folder in (ROOT / "adapters").iterdir() if folder.is_dir())
    commands = {
        (name, n): _export(name, n, min(rounds, 3)) for name in names for n in LENGTHS
        if name not in without
    }  # fmt: skip
    interleave(commands.values(), folder)
    for name in [n for n in names if n not in without]:
        rows = [alone(f"{n:,} tasks", commands[name, n], n) for n in LENGTHS]
        yield Figures(f"Export of a chain to {name}, for each task", "1,000 tasks", rows, "µs")


def _bridge_run(length: int, folder: Path, rounds: int) -> Command:
    environment = {**quiet(folder), "BENCH_LENGTH": str(length)}
    return Command("bridge run", [BRIDGE, "run", "bridge_chain.py"], environment, rounds)


def _export(adapter: str, length: int, rounds: int) -> Command:
    argv = [sys.executable, "export_chain.py", adapter, str(length)]
    name = f"export {adapter} {length}"
    return Command(name, argv, {}, rounds, tells=True, is_slow=True, limit=SLOW)


SUITES = {"engines": engines, "long": long_chains, "export": exports}
