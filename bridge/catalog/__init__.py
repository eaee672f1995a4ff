"""The local engine's store of files and objects: content under its hash, in a folder or at a URL.

What a task hands on is a manifest of its files, ``{"model/weights.bin": "sha256:..."}``, or the
reference of an object. Importing this package costs nothing; each part is imported when used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.catalog.files import catalog, load, save
    from bridge.catalog.objects import load_object, save_object
    from bridge.catalog.stores import open_store

__all__ = ["catalog", "load", "load_object", "open_store", "save", "save_object"]

_PLACES = {
    "catalog": "files",
    "load": "files",
    "save": "files",
    "load_object": "objects",
    "save_object": "objects",
    "open_store": "stores",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    found = getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
    globals()[name] = found
    return found
