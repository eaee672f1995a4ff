"""What is measured beside bridge, and how each of them is given the same chain."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from chains.metaflow_chain import source as metaflow_source
from measure import Command

__all__ = ["BRIDGE", "CHAINS", "ROOT", "Peer", "peers", "quiet", "versions"]

ROOT = Path(__file__).resolve().parent.parent
CHAINS = ROOT / "benchmarks" / "chains"
BRIDGE = str(Path(sys.executable).with_name("bridge"))
RUNNABLE = "runnable==0.50.*"


@dataclass(frozen=True)
class Peer:
    """An engine: the Python it runs in and its script; ``missing`` says why it is left out."""

    name: str
    python: str = sys.executable
    rounds: int = 5
    shortest: int = 1
    missing: str = ""

    def command(self, length: int, scratch: Path, inside: bool = False) -> Command:
        """A chain of ``length`` tasks, but no shorter than the engine can have it."""
        length = max(length, self.shortest)
        script, arguments = CHAINS / f"{self.name}_chain.py", [str(length)]
        if self.name == "metaflow":
            script, arguments = scratch / f"chain_{length}.py", ["--quiet", "--no-pylint", "run"]
            script.write_text(metaflow_source(length))
        return Command(
            f"{self.name} {length}" + (" inside" if inside else ""),
            [self.python, str(script), *arguments, *(["--inside"] if inside else [])],
            quiet(scratch),
            self.rounds,
            tells=inside,
        )


def peers(rounds: int) -> Iterator[Peer]:
    """bridge, and all that it is compared with."""
    yield Peer("bridge", rounds=rounds)
    yield Peer("kedro", rounds=rounds)
    python, missing = _bench_environment()
    yield Peer("runnable", python, rounds, missing=missing)
    yield Peer("metaflow", rounds=min(rounds, 3), shortest=2)


def quiet(scratch: Path) -> dict[str, str]:
    """Settings that keep an engine's state in ``scratch`` and let it call nobody."""
    return {
        "DO_NOT_TRACK": "1",
        "KEDRO_DISABLE_TELEMETRY": "1",
        "METAFLOW_HOME": str(scratch / "metaflow-home"),
        "METAFLOW_USER": "bench",
        "PYTHONPATH": str(CHAINS),
        "BRIDGE_HOME": "",
    }


def _bench_environment() -> tuple[str, str]:
    """The Python that has runnable, made when it is not there, and why it could not be made."""
    folder = ROOT / "build" / "bench-venv"
    python, ready = folder / "bin" / "python", folder / ".ready"
    if not ready.exists():
        make = [sys.executable, "-m", "venv", "--clear", str(folder)]
        install = [str(python), "-m", "pip", "install", "--quiet", RUNNABLE]
        for command in (make, install):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                why = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
                return str(python), f"{RUNNABLE} does not install: {why[0]}"
        ready.touch()
    return str(python), ""


def versions() -> dict[str, str]:
    """Python and the engines, by version."""
    found = {"python": sys.version.split()[0], "cores": str(os.cpu_count())}
    names = {"bridge": "bridge-core", "kedro": "kedro", "metaflow": "metaflow"}
    return {**found, **{name: version(package) for name, package in names.items()},
            "runnable": RUNNABLE.partition("==")[2]}  # fmt: skip
