"""The local engine: runs a pipeline here, one task after the other, and keeps the record."""

from __future__ import annotations

from bridge.runner.execute import run_local
from bridge.runner.support import SUPPORT

__all__ = ["SUPPORT", "run_local"]
