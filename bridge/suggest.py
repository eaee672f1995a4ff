"""What is said of a name that nothing has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["did_you_mean"]


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown name: the known one that is like it, else all."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(str(name), names, n=1)
    return f"did you mean '{close[0]}'?" if close else f"there are {', '.join(names) or 'none'}"
