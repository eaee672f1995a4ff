"""What is measured beside bridge: an environment for each peer, and how each is used."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import programs.metaflow_flows as flows
from measure import Command

__all__ = ["CONTENDERS", "PEERS", "PROGRAMS", "PYTHONS", "ROOT", "Contender", "install", "scratch"]

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "benchmarks" / "programs"
UV = str(Path(sys.executable).with_name("uv"))
_PINNED = tomllib.loads((ROOT / "benchmarks" / "peers.toml").read_text())
PEERS: dict[str, str] = _PINNED["peers"]
PYTHONS = {"bridge": sys.executable}
PYTHONS |= {name: str(ROOT / "build" / "bench" / name / "bin" / "python") for name in PEERS}
"""The interpreter of each; that of bridge is the project's own."""


@dataclass(frozen=True)
class Contender:
    """One way of using a peer; ``cases`` are those it has, at most ``rounds`` samples of each.

    ``slow`` has the cases that take half a minute or more, of which there are fewer still.
    """

    name: str
    cases: str
    options: tuple[str, ...] = ()
    rounds: int = 9
    slow: str = ""
    settings: tuple[tuple[str, str], ...] = ()

    @property
    def peer(self) -> str:
        """Whose way it is."""
        return self.name.partition(",")[0]

    def command(self, case: str, size: int, folder: Path, rounds: int) -> Command:
        """The command that carries out a case in the peer's ``folder``."""
        argv = [PYTHONS[self.peer], f"on_{self.peer}.py", case, str(size), *self.options]
        if self.peer == "metaflow":
            argv = self._flow(case, size, folder)
        is_slow = case in self.slow.split() and size > 1
        return Command(
            self.name,
            argv,
            folder,
            {**quiet(folder), **dict(self.settings)},
            min(rounds, 1 if is_slow else self.rounds),
            is_slow=is_slow or self.rounds < 4,
            limit=60 if case == "graph" else 300,
        )

    def _flow(self, case: str, size: int, folder: Path) -> list[str]:
        script = f"flow_{case}_{size}.py"
        (folder / script).write_text(getattr(flows, case)(size))
        wanted = {
            "graph": ["check"],
            "show": ["show"],
            "fan": ["run", "--max-num-splits", str(size + 1)],
        }
        options = ["--quiet", "--no-pylint", *wanted.get(case, ["run"])]
        return [PYTHONS["metaflow"], script, *options]


_CHUNKED = (("RUNNABLE_CONFIGURATION_FILE", "chunked.yaml"),)

CONTENDERS = [
    Contender("bridge", "start chain fan graph frame"),
    Contender("bridge, inline", "chain fan", ("--inline",)),
    Contender("kedro", "start chain fan graph frame"),
    Contender("kedro, its log off", "start chain fan", ("--silent",)),
    Contender("kedro, ParallelRunner", "fan", ("--parallel",), slow="fan"),
    Contender("metaflow", "start chain fan graph frame", rounds=3, slow="chain fan frame"),
    Contender("runnable", "start chain graph frame", rounds=4),
    Contender("runnable, chunked log, parallel", "fan", rounds=2, settings=_CHUNKED),
    Contender("prefect", "start chain fan frame", rounds=2),
    Contender("dagster", "start chain fan graph frame", rounds=4),
    Contender("hamilton", "start chain fan graph"),
    Contender("dask", "start chain fan graph"),
    Contender("dask, LocalCluster", "start chain fan frame", ("--cluster",)),
]


def quiet(folder: Path) -> dict[str, str]:
    """Settings that keep an engine's state in ``folder`` and let it call nobody."""
    return {
        "DO_NOT_TRACK": "1",
        "KEDRO_DISABLE_TELEMETRY": "1",
        "HAMILTON_TELEMETRY_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_HOME": str(folder / "prefect-home"),
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "DAGSTER_HOME": str(folder / "dagster-home"),
        "METAFLOW_HOME": str(folder / "metaflow-home"),
        "METAFLOW_USER": "bench",
        "BRIDGE_HOME": "",
        "BRIDGE_STORE": "",
    }


def scratch(peer: str, place: Path) -> Path:
    """A new folder for a peer, with the programs in it."""
    folder = Path(shutil.copytree(PROGRAMS, place / peer))
    (folder / "dagster-home").mkdir()
    (folder / "dagster.yaml").rename(folder / "dagster-home" / "dagster.yaml")
    return folder


def install(names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Make the environments of peers that are not there as pinned; gives those that cannot be.

    Each comes with the reason.
    """
    for name in names:
        folder, pins = ROOT / "build" / "bench" / name, f"{PEERS[name]} {_PINNED['everywhere']}"
        stamp = folder / ".pins"
        if stamp.is_file() and stamp.read_text() == pins:
            continue
        for command in (
            [UV, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            [UV, "pip", "install", "--quiet", "--compile-bytecode", "--python", PYTHONS[name],
             *pins.split()],
        ):  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
                yield name, f"does not install: {' '.join(lines)[-200:] or 'no reason given'}"
                break
        else:
            stamp.write_text(pins)
