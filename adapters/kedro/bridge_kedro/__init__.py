"""The Kedro adapter of bridge: a pipeline becomes a Kedro project, run by a ``KedroSession``.

Every task is a node, every value a dataset, every parameter a parameter. Three things are special:

- Kedro orders nodes by their datasets alone. Files travel as a dataset of their hashes; a step that
  only has to end before another one gives it a marker.
- Kedro refuses to save None. What may be None is kept by a dataset class of the project that does
  not; where the function's annotation rules None out, Kedro's own is used.
- Kedro merges ``--params`` deeply into ``parameters.yml`` and expands ``${...}`` in them. A run by
  this adapter sets each parameter as a whole and as it is, as everywhere in bridge.
"""

from __future__ import annotations

from typing import Any

from bridge.adapter import hookimpl

__all__ = ["bridge_adapter"]


@hookimpl
def bridge_adapter() -> Any:
    """The adapter."""
    from bridge_kedro.adapter import KEDRO

    return KEDRO
