"""Where the modules of the user's code are found: beside the source that was loaded last.

Several sources may be loaded in one process, and each may have a ``functions.py`` of its own.
"""

from __future__ import annotations

import atexit
import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from bridge.code import INSTALLED
from bridge.signatures import forget

__all__ = ["apart", "search", "unpacked"]

_NOT_THE_USERS = (Path(__file__).parent.resolve(), *INSTALLED)


def search(*folders: Path) -> None:
    """Look for modules in these folders first, and in the working directory last.

    Modules that they hold and that have been imported from elsewhere are forgotten.
    """
    places = [folder.resolve() for folder in folders]
    texts = list(map(str, places))
    sys.path[:] = [*texts, *(entry for entry in sys.path if entry not in texts)]
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))
    taken: set[str] = set()
    for place in places:
        names = {*_names(place)} - taken
        taken |= names
        for name, module in [*sys.modules.items()]:
            if name.partition(".")[0] in names and _is_elsewhere(module, place):
                del sys.modules[name]
    importlib.invalidate_caches()
    forget()


def _names(folder: Path) -> Iterator[str]:
    """The modules and packages that stand in a folder."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.suffix == ".py" or (path / "__init__.py").is_file():
            yield path.stem


def _is_elsewhere(module: ModuleType, *folders: Path) -> bool:
    """Whether a module is the user's and in none of these folders."""
    file = getattr(module, "__file__", None)
    if not file:
        return False
    path = Path(file).resolve()
    return not any(path.is_relative_to(place) for place in (*folders, *_NOT_THE_USERS))


def unpacked(files: Mapping[str, str]) -> Path:
    """A folder with these texts, by their relative paths; it is gone when the process ends."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="bridge-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for path, text in files.items():
        folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(path).write_text(text, encoding="utf-8")
    return folder


@contextmanager
def apart() -> Iterator[None]:
    """Let what is imported inside, and where it is looked for, be forgotten afterwards."""
    path, known = [*sys.path], {*sys.modules}
    forget()
    try:
        yield
    finally:
        sys.path[:] = path
        for name in {*sys.modules} - known:
            if _is_elsewhere(sys.modules[name]):
                del sys.modules[name]
        forget()
