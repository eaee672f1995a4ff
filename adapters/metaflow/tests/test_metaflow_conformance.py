"""What Metaflow shows of every feature that the adapter claims."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from pathlib import Path

import pytest

from bridge.record import Run
from bridge.testing.cases import Case, together
from bridge.testing.conformance import Conformance, surrounded
from bridge.testing.differential import Differential

NATIVE = (
    *("map_empty", "map_facts", "map_names", "map_nested", "map_notebook"),
    *("map_files", "map_reducer", "map_scope", "retry_map", "timeout_map"),
    *("conditional", "conditional_alone", "conditional_files", "conditional_given"),
    *("conditional_keeps", "conditional_names", "conditional_nested"),
    *("loop_default", "loop_limit", "loop_names"),
)
"""The cases whose composites have steps of their own, each of which is a process."""


@pytest.mark.engine
class TestMetaflow(Conformance):
    engine = "metaflow"
    brief = True

    @pytest.fixture(scope="class")
    @classmethod
    def record(cls, folder: Path) -> Run:
        """Some flows, in the later of which each composite is code in one step.

        Every step reads the whole flow, twice: with few steps in each the runs are fastest.
        """
        native = [case for case in cls.carried() if case.name in NATIVE]
        others = [case for case in cls.carried() if case.name not in NATIVE]
        assert len(native) == len(NATIVE)
        with pytest.MonkeyPatch.context() as patch:
            found = [cls.record_of(cs, folder / f"native{i}") for i, cs in _parts(native, 4)]
            patch.setattr("bridge_metaflow.lowering.MOST_WAYS", 1)
            patch.setattr("bridge_metaflow.lowering.MOST_ITERATIONS", 0)
            found += [cls.record_of(cs, folder / f"others{i}") for i, cs in _parts(others, 8)]
            return reduce(_with, found)

    @classmethod
    def record_of(cls, cases: list[Case], folder: Path) -> Run:
        given = {name: value for case in cases for name, value in case.given.items()}
        with surrounded(cases):
            return cls.run(together(cases), given, folder)


def _parts(cases: list[Case], size: int) -> Iterator[tuple[int, list[Case]]]:
    return enumerate(cases[i : i + size] for i in range(0, len(cases), size))


def _with(found: Run, more: Run) -> Run:
    for name in ("parameters", "metrics", "objects", "files"):
        getattr(found, name).update(getattr(more, name))
    found.artifacts |= {f"{more.run_id}-{name}": path for name, path in more.artifacts.items()}
    found.steps += more.steps
    found.error = found.error or more.error
    found.status = more.status if found.status == "succeeded" else found.status
    return found


@pytest.mark.engine
class TestMetaflowDifferential(Differential):
    engine = "metaflow"
    count = 3
