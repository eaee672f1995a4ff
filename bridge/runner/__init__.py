"""The local engine: runs a pipeline here, tasks side by side in workers, and keeps the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.runner.execute import run_local

if TYPE_CHECKING:
    from bridge.runner.support import SUPPORT

__all__ = ["SUPPORT", "run_local"]


def __getattr__(name: str) -> Any:
    if name == "SUPPORT":  # who only runs something does without
        from bridge.runner.support import SUPPORT

        return SUPPORT
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
