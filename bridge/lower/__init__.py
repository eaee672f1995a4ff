"""Rewriting a pipeline for a target: what it has no construct for is put into units.

Each pass is a module that says which ``FEATURES`` it lowers, ``HOW``, and which step ``asks`` for
it. An adapter chooses them by its table of support: what it declares ``lowered`` is lowered.
"""

from __future__ import annotations

from bridge.lower.lowering import LOWERED, Lowered, lower

__all__ = ["LOWERED", "Lowered", "lower"]
