"""The conformance suite on the real engine."""

from __future__ import annotations

import pytest

from bridge.testing.conformance import Conformance
from bridge.testing.differential import Differential

pytestmark = pytest.mark.engine


class TestKedro(Conformance):
    engine = "kedro"


class TestKedroDifferential(Differential):
    engine = "kedro"
    count = 12
