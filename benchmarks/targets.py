"""What the local engine is to reach, and how far each peer would then be behind."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AHEAD", "TARGETS", "Target"]


@dataclass(frozen=True)
class Target:
    """At most ``limit`` seconds; or, with ``over``, times the longest of those rows."""

    limit: float
    over: tuple[str, ...] = ()


FLOORS = ("cp", "sha256")

TARGETS = {
    "start": {"bridge": Target(0.10), "bridge run": Target(0.15)},
    "chain": {"bridge": Target(0.25e-3)},
    "fan": {"bridge": Target(0.6e-3)},
    "long": {"bridge, long": Target(1.2, ("bridge, short",))},
    "graph": {"bridge": Target(0.10)},
    "frame": {"bridge": Target(1.7, ("np.save, then mapped",))},
    "large": {"bridge, put": Target(1.3, FLOORS), "bridge, put unchanged": Target(0.005)},
    "small": {"bridge, put": Target(1.3, FLOORS), "bridge, put unchanged": Target(0.1)},
    "resume": {"bridge": Target(0.25)},
    "export": {f"to {name}": Target(100e-6) for name in ("airflow", "kedro", "metaflow")},
}
"""For each table the rows that have a target; those per task are seconds per task."""

AHEAD = {
    "start": {"kedro": 5, "runnable": 6, "metaflow": 9, "dagster": 19, "prefect": 80},
    "chain": {"kedro": 15, "dagster": 45, "runnable": 175, "metaflow": 1200},
    "fan": {
        "dask, LocalCluster": 2.9, "kedro": 8, "runnable, chunked log, parallel": 38,
        "kedro, ParallelRunner": 350, "metaflow": 350,
    },
    "graph": {"kedro": 3, "hamilton": 4.6, "dagster": 32, "dask": 69},
    "frame": {"dask, LocalCluster": 1.8, "runnable": 10, "prefect": 45, "metaflow": 75},
}  # fmt: skip
"""How many times the figure of bridge that of a peer is to be, at least."""
