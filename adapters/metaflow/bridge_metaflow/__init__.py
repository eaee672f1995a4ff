"""Metaflow for bridge: a pipeline becomes a flow whose steps split and join.

What is special: a flow is series-parallel, so other graphs get barriers; each step is a process of
its own; and steps, values and parameters share one namespace, so some of them are renamed.
"""

from __future__ import annotations

from bridge.adapter import Adapter, hookimpl

__all__ = ["bridge_adapter"]


@hookimpl
def bridge_adapter() -> Adapter:
    """The Metaflow adapter."""
    from bridge_metaflow.adapter import METAFLOW

    return METAFLOW
