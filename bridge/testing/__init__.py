"""What pipelines and adapters are tested with: a fixture, the conformance suite, generators."""

import pytest

pytest.register_assert_rewrite("bridge.testing.conformance")
