"""``make bench``: what bridge costs, beside the engines that it is compared with.

Measures and reports, asserts nothing about time; the figures are kept in ``build/bench.json``.
``make bench ARGS="--only chain --peers bridge kedro"`` measures a part of it.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from figures import Figures
from measure import adopt_orphans
from peers import PEERS, ROOT, install
from report import machine, summary, text, write
from suites import QUICK, SUITES, Bench, Sizes

RESULTS = ROOT / "build" / "bench.json"
PAGE = ROOT / "benchmarks" / "README.md"


def main() -> None:
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended before it was over"))
    adopt_orphans()
    where, began = machine(), time.monotonic()
    missing = list(install([name for name in PEERS if name in given.peers]))
    found: list[Figures] = []
    print(", ".join(f"{name} {told}" for name, told in where.items()), "\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as place:
        sizes, rounds = (QUICK, 1) if given.quick else (Sizes(), given.rounds)
        bench = Bench(Path(place), sizes, rounds, given.peers, missing, warm=not given.quick)
        for name in given.only:
            for figures in SUITES[name](bench):
                found.append(figures)
                print(text(figures), flush=True)
            _keep(given, where, found)
    print("\n".join(summary(found)))
    print(f"{time.monotonic() - began:.0f} s; benchmarks/README.md says how to read this")
    ours = [row for figures in found for row in figures.rows if row.name.startswith("bridge")]
    sys.exit(any(row.failure for row in ours))


def _keep(given: argparse.Namespace, where: dict[str, Any], found: list[Figures]) -> None:
    """Write down what has been measured so far."""
    given.output.parent.mkdir(exist_ok=True)
    told = {**where, "figures": [figures.to_json() for figures in found]}
    given.output.write_text(json.dumps(told, indent=2))
    if given.write:
        write(PAGE, found, where, f'make bench ARGS="{" ".join(sys.argv[1:])}"')


def _arguments() -> argparse.Namespace:
    everybody = ["bridge", *PEERS]
    parser = argparse.ArgumentParser(description="Measure bridge beside its peers.")
    parser.add_argument("--only", type=_among(SUITES), default=[*SUITES], help="what to measure")
    parser.add_argument("--peers", type=_among(everybody), default=everybody, help="beside whom")
    parser.add_argument("--rounds", type=int, default=5, help="samples of each; fewer of the slow")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, one sample: does it run?")
    parser.add_argument("--write", action="store_true", help="put the figures into the README")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where the figures go as JSON")
    return parser.parse_args()


def _among(known):
    """Names with commas between them, each of which is known."""

    def names(given: str) -> list[str]:
        chosen = given.split(",")
        for name in chosen:
            if name not in known:
                raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(known)}")
        return chosen

    return names


if __name__ == "__main__":
    main()
