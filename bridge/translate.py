"""Reading, writing and checking by adapters: the only callers of them besides the runs.

Files are written here and nowhere else: texts are finished (formatted, parsed again), the user's
own modules, notebooks and included files are laid beside them, and the whole appears at once or
not at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bridge.adapter import Adapter, Export, Options, load
from bridge.emit.python import finish
from bridge.errors import BridgeError, ModelError, TranslationError, UsageError
from bridge.findings import Finding, Report, account
from bridge.flow import analyse
from bridge.model import Pipeline
from bridge.sources import code_files

__all__ = ["check", "render", "save", "write"]

UNSUPPORTED = ("raise", "warn", "ignore")


def check(pipeline: Pipeline, to: str) -> Report:
    """What a translation to ``to`` would carry and not; nothing is written.

    Raises ModelError when the pipeline contradicts itself.
    """
    adapter = load(to)
    report = account(pipeline, adapter.support)
    return report if report.refused() else adapter.write(pipeline, Options()).report


def render(pipeline: Pipeline, to: str, options: Options | None = None) -> Export:
    """The native project as finished texts, none of it on disk.

    Raises TranslationError when something cannot be carried and ``options`` do not allow that.
    """
    options = options or Options()
    adapter = load(to)
    _refuse(account(pipeline, adapter.support), to)
    analyse(pipeline)
    export = adapter.write(pipeline, options)
    export.files = {path: _finished(path, text) for path, text in sorted(export.files.items())}
    return export


def _refuse(report: Report, to: str) -> None:
    refused = report.refused()
    if refused:
        lines = "\n".join(f"  {finding}" for finding in refused)
        raise TranslationError(f"'{to}' cannot carry this pipeline:\n{lines}", report)


def _finished(path: str, text: str) -> str:
    return finish(text, path) if path.endswith(".py") else text


def write(
    pipeline: Pipeline, to: str, folder: Path, options: Options | None = None, force: bool = False
) -> Export:
    """Write the native project for ``pipeline`` into ``folder`` and give what was written.

    Raises UsageError when the folder holds something already and ``force`` is not set.
    """
    if not force:
        _refuse_to_overwrite(folder)
    export = render(pipeline, to, options)
    save(export, pipeline, folder)
    return export


def _refuse_to_overwrite(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"'{folder}' is there already and not empty; give --force to overwrite it")
