"""What adapters are tested with: the conformance suite, and generators of pipelines."""

import pytest

pytest.register_assert_rewrite("bridge.testing.conformance")
