"""``make bench``: what bridge costs, beside the engines that it is compared with.

Measures and prints, asserts nothing; the figures are kept in ``build/bench.json``.
``make bench ARGS="--only engines --without metaflow"`` measures a part of it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from peers import CHAINS, ROOT, versions
from rich.console import Console
from suites import SUITES

RESULTS = ROOT / "build" / "bench.json"


def main() -> None:
    given = _arguments()
    console = Console(highlight=False)
    found: dict[str, Any] = {"at": time.strftime("%F"), **versions(), "load": [], "figures": []}
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as scratch:
        folder = Path(shutil.copytree(CHAINS, Path(scratch, "chains")))
        for name in given.only:
            console.print(_load())
            found["load"].append(os.getloadavg())
            for figures in SUITES[name](folder, given.rounds, given.without):
                console.print(figures.table(), "")
                found["figures"].append(figures.to_json())
    console.print(_load())
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2))
    console.print(f"figures in {RESULTS.relative_to(ROOT)}; benchmarks/README.md says how to read")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure bridge beside its peers.")
    parser.add_argument(
        "--only", nargs="+", choices=SUITES, default=[*SUITES], help="what to measure"
    )
    parser.add_argument("--rounds", type=int, default=7, help="samples of each; fewer of the slow")
    parser.add_argument("--without", nargs="+", default=[], help="peers or adapters to leave out")
    return parser.parse_args()


def _load() -> str:
    one, five, _ = os.getloadavg()
    return f"load of the machine: {one:.1f} (5 minutes: {five:.1f}) on {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
