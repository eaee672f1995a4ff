"""The conformance suite on the real engine."""

from __future__ import annotations

import pytest

from bridge.testing.conformance import Conformance
from bridge.testing.differential import Differential

pytestmark = pytest.mark.engine


class TestAirflow(Conformance):
    engine = "airflow"
    brief = True


class TestAirflowDifferential(Differential):
    engine = "airflow"
    count = 8
