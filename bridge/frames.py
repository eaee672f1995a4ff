"""Where in the user's own code an exception was raised."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

__all__ = ["is_own", "own_frames", "told"]

_BRIDGE = os.path.join(os.path.dirname(__file__), "")  # noqa: PTH118, PTH120 - as frames name it
_STANDARD = os.path.join(os.path.dirname(os.__file__), "")  # noqa: PTH118, PTH120
_MOST = 20


def own_frames(error: BaseException) -> list[dict[str, Any]]:
    """The frames of ``error`` that are the user's, outermost first, the last twenty at most.

    Each is ``{"file", "line", "function", "code"}``. Those of bridge, of installed packages and of
    the standard library are left out.
    """
    import traceback

    found = traceback.extract_tb(error.__traceback__)
    return [
        {"file": f.filename, "line": f.lineno, "function": f.name, "code": f.line or ""}
        for f in found
        if is_own(f.filename)
    ][-_MOST:]


def told(frames: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The frames in lines, with files as they are named from the working directory."""
    here = Path.cwd()
    for frame in frames:
        file = Path(frame["file"])
        place = file.relative_to(here) if file.is_relative_to(here) else file
        yield f"  {place}:{frame['line']}, in {frame['function']}"
        if frame["code"]:
            yield f"    {frame['code']}"


def is_own(file: str) -> bool:
    """Whether code in this file is the user's: of no installed package nor the standard library."""
    parts = file.replace(os.sep, "/").split("/")
    installed = "site-packages" in parts or "dist-packages" in parts
    return not (installed or file.startswith((_BRIDGE, _STANDARD, "<frozen "))) and bool(file)
