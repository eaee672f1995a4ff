"""The conformance suite on the real engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.testing.conformance import Conformance
from bridge.testing.differential import Differential

HERE = Path(__file__).parent
pytestmark = pytest.mark.engine


class TestAirflow(Conformance):
    engine = "airflow"
    brief = True

    @pytest.fixture(scope="class", autouse=True)
    @staticmethod
    def airflow() -> Iterator[None]:
        """One Airflow for all the runs."""
        sys.path.insert(0, str(HERE))
        from airflow_warm import warm

        with warm():
            yield
        sys.path.remove(str(HERE))


class TestAirflowDifferential(Differential):
    engine = "airflow"
    count = 8
