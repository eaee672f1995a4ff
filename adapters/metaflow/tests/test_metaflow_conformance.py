"""What Metaflow shows of every feature that the adapter claims."""

from __future__ import annotations

import pytest

from bridge.testing.conformance import Conformance


@pytest.mark.engine
class TestMetaflow(Conformance):
    engine = "metaflow"
