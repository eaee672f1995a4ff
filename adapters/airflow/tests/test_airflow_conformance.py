"""The conformance suite on the real engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.testing.conformance import Conformance
from bridge.testing.differential import Differential

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", autouse=True)
def airflow() -> Iterator[None]:
    """One Airflow for all the runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        from airflow_warm import warm
    with warm():
        yield
    del sys.modules["airflow_warm"]


class TestAirflow(Conformance):
    engine = "airflow"


class TestAirflowDifferential(Differential):
    engine = "airflow"
    count = 8
