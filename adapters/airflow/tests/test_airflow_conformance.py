"""The conformance suite on the real engine."""

from __future__ import annotations

import pytest

from bridge.testing.conformance import Conformance

pytestmark = pytest.mark.engine


class TestAirflow(Conformance):
    engine = "airflow"
    brief = True
