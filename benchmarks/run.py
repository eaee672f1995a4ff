"""``make bench``: what bridge costs, beside the engines that it is compared with.

Measures and prints, asserts nothing; the figures go to ``build/bench.json`` too.
``ARGS="--quick"`` takes few samples, ``ARGS="--only start,export"`` some of the tables.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import Command, interleave
from peers import BRIDGE, CHAINS, ROOT, Peer, peers, quiet, versions
from rich.console import Console
from rich.table import Table

RESULTS = ROOT / "build" / "bench.json"
CHAIN = 100
EXPORTS = (1_000, 10_000)
LONG = (1_000, 10_000)

console = Console(highlight=False)
Figures = dict[str, Any]


def main() -> None:
    tables: dict[str, Callable[[Path, argparse.Namespace], Figures]] = {
        "engines": engines,
        "long": long_chains,
        "export": exports,
    }
    asked = argparse.ArgumentParser(description="Measure bridge beside its peers.")
    asked.add_argument("--only", default=",".join(tables), help=f"some of {', '.join(tables)}")
    asked.add_argument("--rounds", type=int, default=7, help="samples of each (Metaflow: 3)")
    asked.add_argument("--without", default="", help="peers to leave out: metaflow is slow")
    given = asked.parse_args()
    found: Figures = {"versions": versions(), "load": [os.getloadavg()], "at": time.strftime("%F")}
    console.print(f"load of the machine {load()}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as scratch:
        for name in given.only.split(","):
            found[name] = tables[name](Path(scratch), given)
            found["load"].append(os.getloadavg())
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2))
    console.print(f"load of the machine {load()}; figures in {RESULTS.relative_to(ROOT)}")


def load() -> str:
    return "{:.1f}, {:.1f}, {:.1f}".format(*os.getloadavg())


def engines(scratch: Path, given: argparse.Namespace) -> Figures:
    """One task from start to exit, and what each of a chain of 100 adds to that."""
    chosen = [p for p in peers(given.rounds) if p.name not in given.without.split(",")]
    there = [p for p in chosen if not p.missing]
    short = {p.name: p.command(1, scratch) for p in there}
    long = {p.name: p.command(CHAIN, scratch) for p in there}
    inside = {
        p.name: p.command(CHAIN, scratch, inside=True)
        for p in there
        if p.name in ("bridge", "kedro")
    }
    python, command = _python(given.rounds), _bridge_run(scratch, given.rounds)
    interleave([python, command, *short.values(), *long.values(), *inside.values()], scratch)
    for peer in chosen:
        if peer.missing:
            console.print(f"[red]{peer.name} is left out: {peer.missing}")
    return {
        "start": _start({"python -c pass": python, "bridge run": command} | {
            _LABELS[name]: c for name, c in short.items()
        }),
        "chain": _chain(there, short, long, inside),
    }  # fmt: skip


_LABELS = {
    "bridge": "bridge, pipeline.execute()",
    "kedro": "kedro, SequentialRunner",
    "metaflow": "metaflow, local (start and end)",
    "runnable": "runnable, local",
}


def _python(rounds: int) -> Command:
    import sys

    return Command("python", [sys.executable, "-c", "pass"], rounds=rounds)


def _bridge_run(scratch: Path, rounds: int) -> Command:
    source = str(CHAINS / "bridge_chain.py")
    return Command("bridge run", [BRIDGE, "run", source], quiet(scratch), rounds)


def _start(commands: dict[str, Command]) -> Figures:
    table = _table("One task, start to exit", "wall s", "CPU s", "wall ×", "CPU ×", "n")
    base = commands["bridge run"]
    figures = {}
    for name, c in commands.items():
        if c.failure:
            table.add_row(name, f"[red]{c.failure}")
            continue
        figures[name] = {"wall": c.wall, "cpu": c.cpu, "samples": c.samples}
        table.add_row(name, f"{c.wall:.3f}", f"{c.cpu:.3f}", *_ratios(c, base), str(len(c.samples)))
    console.print(table)
    return figures


def _chain(
    there: list[Peer],
    short: dict[str, Command],
    long: dict[str, Command],
    inside: dict[str, Command],
) -> Figures:
    title = f"Chain of {CHAIN}, ms per task: (chain - one task) / {CHAIN - 1}"
    table = _table(title, "wall ms", "CPU ms", "wall ×", "CPU ×", "n")
    figures: Figures = {}
    for peer in there:
        one, many = short[peer.name], long[peer.name]
        if one.failure or many.failure:
            table.add_row(peer.name, f"[red]{one.failure or many.failure}")
            continue
        tasks = CHAIN - peer.shortest
        figures[peer.name] = {
            "wall": (many.wall - one.wall) / tasks, "cpu": (many.cpu - one.cpu) / tasks,
            "n": len(many.samples),
        }  # fmt: skip
    for name, c in inside.items():
        if not c.failure:
            figures[f"{name}, run alone"] = {
                "wall": c.wall / CHAIN, "cpu": c.cpu / CHAIN, "n": len(c.samples)
            }  # fmt: skip
    for name, f in figures.items():
        base = figures["bridge, run alone" if "alone" in name else "bridge"]
        ratios = [f"{f[key] / base[key]:.1f}" for key in ("wall", "cpu")]
        table.add_row(
            name, f"{f['wall'] * 1e3:.3f}", f"{f['cpu'] * 1e3:.3f}", *ratios, str(f["n"])
        )
    console.print(table)
    return figures


def _ratios(command: Command, base: Command) -> list[str]:
    return [f"{command.wall / base.wall:.1f}", f"{command.cpu / base.cpu:.1f}"]
