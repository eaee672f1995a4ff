"""The smallest adapter there can be: its framework is Python itself.

A pipeline becomes ``script.py``, one function a task and a ``main`` that calls them in order; what
is read is a recipe, ``recipe.json``, whose steps are calls of functions. Special here: nothing. It
is the adapter to read first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.adapter import hookimpl

if TYPE_CHECKING:
    from bridge.adapter import Adapter


@hookimpl
def bridge_adapter() -> Adapter:
    """The adapter."""
    from bridge_fake.adapter import FakeAdapter

    return FakeAdapter()
