"""What Metaflow shows of every feature that the adapter claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.record import Run
from bridge.testing.cases import together
from bridge.testing.conformance import Conformance, surrounded

PARTS = 4
"""Flows in which the cases run: Metaflow reads the whole of a flow in the process of each step."""


@pytest.mark.engine
class TestMetaflow(Conformance):
    engine = "metaflow"

    @pytest.fixture(scope="class")
    @classmethod
    def record(cls, folder: Path) -> Run:
        cases = cls.carried()
        runs = []
        for part in range(PARTS):
            some = cases[part::PARTS]
            given = {name: value for case in some for name, value in case.given.items()}
            with surrounded(some):
                runs.append(cls.run(together(some), given, folder / str(part)))
        return _as_one(runs)


def _as_one(runs: list[Run]) -> Run:
    found = runs[0]
    for number, run in enumerate(runs[1:]):
        for name in ("parameters", "metrics", "objects", "files"):
            getattr(found, name).update(getattr(run, name))
        found.artifacts |= {f"{number}-{name}": path for name, path in run.artifacts.items()}
        found.steps += run.steps
        found.error = found.error or run.error
        found.status = found.status if run.status == "succeeded" else run.status
    return found
