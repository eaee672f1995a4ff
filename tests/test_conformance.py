"""The conformance suite on the local engine and on the smallest adapter there can be."""

from __future__ import annotations

from bridge.testing.conformance import Conformance


class TestLocal(Conformance):
    engine = "local"


class TestFake(Conformance):
    engine = "fake"
