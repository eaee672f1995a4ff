"""What Metaflow shows of every feature that the adapter claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.findings import Feature
from bridge.record import Run
from bridge.testing.cases import Case, together
from bridge.testing.conformance import Conformance, surrounded

MANY = 9
"""So many tasks of a case have steps of their own; each is a process that takes half a second."""


@pytest.mark.engine
class TestMetaflow(Conformance):
    engine = "metaflow"

    @pytest.fixture(scope="class")
    @classmethod
    def record(cls, folder: Path) -> Run:
        """Two flows: in the second, maps and conditionals of many tasks are code in one step."""
        native = [case for case in cls.carried() if _forks(case) and _count(case) <= MANY]
        others = [case for case in cls.carried() if case not in native]
        with pytest.MonkeyPatch.context() as patch:
            found = cls.record_of(native, folder / "native")
            patch.setattr("bridge_metaflow.lowering.MOST_WAYS", 1)
            return _with(found, cls.record_of(others, folder / "others"))

    @classmethod
    def record_of(cls, cases: list[Case], folder: Path) -> Run:
        given = {name: value for case in cases for name, value in case.given.items()}
        with surrounded(cases):
            return cls.run(together(cases), given, folder)


def _forks(case: Case) -> bool:
    return not case.features.isdisjoint((Feature.MAP, Feature.CONDITIONAL))


def _count(case: Case) -> int:
    return sum(status == "succeeded" for status, _ in case.ended.values())


def _with(found: Run, more: Run) -> Run:
    for name in ("parameters", "metrics", "objects", "files"):
        getattr(found, name).update(getattr(more, name))
    found.artifacts |= {f"others-{name}": path for name, path in more.artifacts.items()}
    found.steps += more.steps
    found.error = found.error or more.error
    found.status = more.status if found.status == "succeeded" else found.status
    return found
