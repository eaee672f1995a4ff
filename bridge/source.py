"""From what a user names on the command line to the pipeline that it holds.

A source is ``file.py``, ``file.py:object``, ``package.module:object``, ``pipeline.yaml``, a folder,
or whatever an adapter reads: ``path`` or ``path:name``. Loading a Python file of bridge runs its
top level, never its pipeline; code of others is imported by their own readers alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bridge.carried.arguments import call
from bridge.errors import BridgeError, SourceError, UsageError
from bridge.inert import Met, loading
from bridge.model import Pipeline
from bridge.modules import search, unpacked

if TYPE_CHECKING:
    from bridge.adapter import Import, Source
    from bridge.findings import Report

__all__ = ["NATIVE", "Loaded", "load_source", "read_source"]

NATIVE = ("bridge", "python", "yaml")
"""What ``--from`` may say of a source that no adapter is needed for."""

_FACTORIES = ("create_pipeline", "main")
_YAML = (".yaml", ".yml", ".json")
_DAG = re.compile(r"^dag\s*:", re.MULTILINE)
_OURS = re.compile(r"^\s*(from|import)\s+bridge\b", re.MULTILINE)


@dataclass(frozen=True)
class Loaded:
    """A pipeline, and how it was come by.

    Of one that the adapter named ``by`` has read, ``source`` is what the adapter was given and
    ``found`` what it gave; of bridge's own there is neither.
    """

    pipeline: Pipeline
    by: str = ""
    source: Source | None = None
    found: Import | None = None

    @property
    def report(self) -> Report:
        """What reading has found; nothing where nothing was to be translated."""
        from bridge.findings import Report

        return self.found.report if self.found else Report()


def load_source(source: str, adapter: str | None = None) -> Pipeline:
    """The pipeline at ``source``, read by ``adapter`` when one is named.

    Raises SourceError when there is none or more than one, ModelError when it contradicts itself.
    """
    return read_source(source, adapter).pipeline


def read_source(source: str, adapter: str | None = None, name: str = "", env: str = "") -> Loaded:
    """The pipeline at ``source`` with all that reading it has found.

    ``name`` says which of several, as ``source:name`` does, and ``env`` which environment's
    configuration counts, where a framework has such. The modules of its functions can be imported
    from then on, those of an earlier source that are named alike no more. Raises as
    ``load_source`` does, AdapterError for an adapter that is not there.
    """
    path, wanted = _split(source)
    if name and wanted and name != wanted:
        raise UsageError(f"'{source}' names '{wanted}', and --pipeline '{name}'; give one of them")
    wanted = wanted or name
    by = adapter if adapter not in (None, *NATIVE) else ""
    by = by or ("" if adapter else _adapter_for(path, wanted))
    if by:
        return _read(path, by, wanted, env)
    if env:
        raise UsageError(f"'{source}' has no environments; leave out --env")
    return Loaded(_native(path, wanted, source))


def _split(source: str) -> tuple[Path, str]:
    """The path and the object named; a colon that is part of a path that exists stays."""
    head, colon, tail = source.rpartition(":")
    if colon and tail.replace(".", "_").isidentifier() and not Path(source).exists():
        return Path(head), tail
    return Path(source), ""


def _adapter_for(path: Path, wanted: str) -> str:
    """The name of the one adapter that knows what this is; empty for what is bridge's own.

    Raises SourceError when nobody or more than one knows it.
    """
    if _is_ours(path):
        return ""
    from bridge.adapter import installed, load

    readers = [name for name in installed() if load(name).reads]
    names = [name for name in readers if load(name).recognises(path)]
    if len(names) == 1:
        return names[0]
    if not names and wanted and path.is_file():
        return ""
    why = f"looks like {' and '.join(names)}" if names else "is of no kind that is known here"
    raise SourceError(f"'{path}' {why}; name the kind with --from ({', '.join(readers)})")


def _is_ours(path: Path) -> bool:
    """Whether there is nothing here that an adapter might know."""
    if path.is_dir():
        found = _pipeline_file(path)
        return found is not None and _is_ours(found)
    if path.suffix != ".py" or not path.is_file():
        return True
    return _OURS.search(path.read_text(encoding="utf-8", errors="replace")) is not None


def _read(path: Path, by: str, wanted: str, env: str) -> Loaded:
    from bridge.adapter import Source, load

    adapter = load(by)
    if not adapter.reads:
        raise SourceError(f"the adapter '{by}' writes and does not read; name another with --from")
    if not path.exists():
        raise SourceError(f"there is no file or folder '{path}'")
    source = Source(path, wanted, env)
    sys.dont_write_bytecode = True  # nothing is left beside the source
    found = adapter.read(source)
    folders = [unpacked(found.files)] if found.files else []
    search(*folders, *found.search)
    return Loaded(found.pipeline, by, source, found)


def _pipeline_file(folder: Path) -> Path | None:
    names = ("pipeline.py", *(f"pipeline{suffix}" for suffix in _YAML))
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _native(path: Path, wanted: str, source: str) -> Pipeline:
    path = (path.is_dir() and _pipeline_file(path)) or path
    if path.suffix in _YAML:
        return _from_yaml(path)
    if path.suffix == ".py":
        return _from_python(path, wanted)
    if wanted and not path.exists():
        return _from_module(str(path), wanted)
    raise SourceError(
        f"'{source}' is no source: give file.py, file.py:object, package.module:object, "
        "pipeline.yaml or a project's folder"
    )


def _from_yaml(path: Path) -> Pipeline:
    from bridge.serial import load_json, load_yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"'{path}' cannot be read: {error}") from error
    search(path.resolve().parent)
    if _DAG.search(text):
        from bridge.dag import load_dag

        return load_dag(text, str(path))
    return (load_json if path.suffix == ".json" else load_yaml)(text, str(path))


def _from_module(name: str, wanted: str) -> Pipeline:
    search(Path.cwd())
    with loading() as met:
        module = _run(name, lambda: importlib.import_module(name))
        return _given(_pick(module, name, wanted, met), met)


def _from_python(path: Path, wanted: str) -> Pipeline:
    if not path.is_file():
        raise SourceError(f"there is no file '{path}'")
    path = path.resolve()
    name = path.stem
    if name in sys.stdlib_module_names or not name.isidentifier():
        raise SourceError(f"'{path.name}' cannot be imported under its name; rename the file")
    search(path.parent)
    with loading() as met:
        module = _run(str(path), lambda: _import_file(name, path))
        return _given(_pick(module, str(path), wanted, met), met)


def _import_file(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _run(source: str, action: Any) -> Any:
    """Do what runs the user's code; what goes wrong in it is told with its place."""
    try:
        return call(action)
    except BridgeError:
        raise
    except (Exception, SystemExit) as error:
        import traceback

        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if "importlib" not in f.filename and f.filename != __file__]
        place = f" ({own[-1].filename}:{own[-1].lineno})" if own else ""
        raise SourceError(
            f"'{source}' cannot be loaded: {type(error).__name__}: {error}{place}"
        ) from error


def _given(pipeline: Pipeline, met: list[Met]) -> Pipeline:
    """The pipeline, with what its ``execute()`` was given among the parameters it declares."""
    for known in met:
        if known.pipeline is pipeline and known.parameters:
            pipeline = replace(pipeline, parameters={**pipeline.parameters, **known.parameters})
    return pipeline


def _pick(module: ModuleType, source: str, wanted: str, met: list[Met]) -> Pipeline:
    if wanted:
        return _named(module, source, wanted)
    found = getattr(module, "pipeline", None)
    if isinstance(found, Pipeline):
        return found
    for factory in filter(callable, (getattr(module, name, None) for name in _FACTORIES)):
        made = _made(source, factory, met)
        if isinstance(made, Pipeline):
            return made
    there = {name: value for name, value in vars(module).items() if isinstance(value, Pipeline)}
    there = there or {known.pipeline.name: known.pipeline for known in met}
    if len(there) == 1:
        return next(iter(there.values()))
    what = f"several pipelines ({', '.join(there)})" if there else "no pipeline"
    raise SourceError(
        f"'{source}' holds {what}; name one 'pipeline', or write {Path(source).name}:NAME"
    )


def _made(source: str, factory: Any, met: list[Met]) -> Any:
    """What a factory gives; one that stumbles over the run it did not get has met its pipeline."""
    try:
        return _run(source, factory)
    except SourceError:
        if len(met) == 1:
            return met[0].pipeline
        raise


def _named(module: ModuleType, source: str, wanted: str) -> Pipeline:
    found: Any = module
    for part in wanted.split("."):
        found = getattr(found, part, None)
    if callable(found):
        found = _run(source, found)
    if not isinstance(found, Pipeline):
        there = [name for name, value in vars(module).items() if isinstance(value, Pipeline)]
        known = f"; there are {', '.join(there)}" if there else ""
        raise SourceError(f"'{wanted}' in '{source}' is not a pipeline{known}")
    return found
