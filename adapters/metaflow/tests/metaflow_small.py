"""The engine with such limits that small pipelines need groups, run by ``python -m``."""

from __future__ import annotations

from bridge.engine import serve
from bridge.lower.fuse import Limits
from bridge_metaflow import plan
from bridge_metaflow.engine import run

SMALL = Limits(paths=2, length=7, walk=50)

if __name__ == "__main__":
    plan.LIMITS = SMALL
    serve(run)
