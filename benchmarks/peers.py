"""What is measured beside bridge, and how each of them is given the same chain."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from chains.metaflow_chain import source as metaflow_source
from measure import Command

__all__ = ["BRIDGE", "CHAINS", "ROOT", "Peer", "bridge", "peers", "quiet", "versions"]

ROOT = Path(__file__).resolve().parent.parent
CHAINS = ROOT / "benchmarks" / "chains"
BRIDGE = str(Path(sys.executable).with_name("bridge"))
RUNNABLE = "runnable==0.50.*"


@dataclass(frozen=True)
class Peer:
    """An engine: its script, the Python it runs in, the shortest and the long chain it is given.

    ``tells`` when the script can time a run inside the process; ``missing`` says why the engine
    is left out.
    """

    name: str
    script: str
    python: str = sys.executable
    options: tuple[str, ...] = ()
    shortest: int = 1
    longest: int = 100
    rounds: int = 5
    tells: bool = False
    missing: str = ""

    def command(self, length: int, folder: Path, inside: bool = False) -> Command:
        """A chain of ``length`` tasks, by the script in ``folder``."""
        arguments = [str(length), *self.options, *(["--inside"] if inside else [])]
        script = self.script
        if self.name == "metaflow":  # reads its flow as text, so there is no loop over tasks
            script, arguments = f"flow_{length}.py", ["--quiet", "--no-pylint", "run"]
            (folder / script).write_text(metaflow_source(length))
        return Command(
            self.name,
            [self.python, script, *arguments],
            quiet(folder),
            self.rounds,
            tells=inside,
            is_slow=self.name == "metaflow" and length > self.shortest,
        )


def peers(rounds: int) -> Iterator[Peer]:
    """bridge, and all that it is compared with."""
    yield bridge(rounds)
    yield Peer("kedro", "kedro_chain.py", rounds=rounds, tells=True)
    silent = Peer("kedro, its log off", "kedro_chain.py", options=("--silent",), rounds=rounds)
    yield replace(silent, tells=True)
    python, missing = _bench_environment()
    yield Peer("runnable", "runnable_chain.py", python, rounds=rounds, missing=missing)
    yield Peer("metaflow", "metaflow_chain.py", shortest=2, rounds=min(rounds, 3))


def bridge(rounds: int) -> Peer:
    """bridge's local engine; a chain of 100 is over before a clock around the process can tell."""
    return Peer("bridge", "bridge_chain.py", longest=1_000, rounds=rounds, tells=True)


def quiet(folder: Path) -> dict[str, str]:
    """Settings that keep an engine's state in ``folder`` and let it call nobody."""
    return {
        "DO_NOT_TRACK": "1",
        "KEDRO_DISABLE_TELEMETRY": "1",
        "METAFLOW_HOME": str(folder / "metaflow-home"),
        "METAFLOW_USER": "bench",
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
    found = {name: version(name) for name in ("bridge-core", "kedro", "metaflow")}
    runnable = RUNNABLE.partition("==")[2]
    return {"python": sys.version.split()[0], **found, "runnable": runnable}
