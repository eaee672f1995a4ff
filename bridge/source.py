"""From what a user names on the command line to the pipeline that it holds.

A source is ``file.py``, ``file.py:object``, ``package.module:object``, ``pipeline.yaml`` or a
folder. Loading a Python file runs its top level, never its pipeline.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from bridge.carried.arguments import call
from bridge.errors import BridgeError, SourceError
from bridge.inert import Met, loading
from bridge.model import Pipeline

__all__ = ["load_source"]

_FACTORIES = ("create_pipeline", "main")
_YAML = (".yaml", ".yml", ".json")
_DAG = re.compile(r"^dag\s*:", re.MULTILINE)


def load_source(source: str, adapter: str | None = None) -> Pipeline:
    """The pipeline at ``source``, read by ``adapter`` when one is named.

    Raises SourceError when there is none or more than one, ModelError when it contradicts itself.
    """
    path, _, wanted = _split(source)
    if adapter is not None and adapter != "bridge":
        return _read(path, adapter)
    if path.is_dir():
        return _from_folder(path)
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


def _split(source: str) -> tuple[Path, str, str]:
    """The path and the object named; a colon that is part of a path that exists stays."""
    head, colon, tail = source.rpartition(":")
    if colon and tail.replace(".", "_").isidentifier() and not Path(source).exists():
        return Path(head), colon, tail
    return Path(source), "", ""


def _from_folder(folder: Path) -> Pipeline:
    for name in ("pipeline.py", *(f"pipeline{suffix}" for suffix in _YAML)):
        if (folder / name).is_file():
            return load_source(str(folder / name))
    return _by_adapter(folder)


def _read(path: Path, adapter: str) -> Pipeline:
    from bridge.adapter import Source, load

    return load(adapter).read(Source(path)).pipeline


def _by_adapter(path: Path) -> Pipeline:
    from bridge.adapter import installed, load

    names = [name for name in installed() if load(name).recognises(path)]
    if len(names) != 1:
        why = f"looks like {' and '.join(names)}" if names else "is of no kind that is known here"
        raise SourceError(f"'{path}' {why}; name the kind with --from ({', '.join(installed())})")
    return _read(path, names[0])


def _from_yaml(path: Path) -> Pipeline:
    from bridge.serial import load_json, load_yaml

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"'{path}' cannot be read: {error}") from error
    _search(path.resolve().parent)
    if _DAG.search(text):
        from bridge.dag import load_dag

        return load_dag(text, str(path))
    return (load_json if path.suffix == ".json" else load_yaml)(text, str(path))


def _from_module(name: str, wanted: str) -> Pipeline:
    sys.path.insert(0, str(Path.cwd()))
    with loading() as met:
        module = _run(name, lambda: importlib.import_module(name))
        return _given(_pick(module, name, wanted, met), met)


def _from_python(path: Path, wanted: str) -> Pipeline:
    if not path.is_file():
        raise SourceError(f"there is no file '{path}'")
    if not wanted and "bridge" not in path.read_text(encoding="utf-8", errors="replace"):
        return _by_adapter(path)
    path = path.resolve()
    name = path.stem
    if name in sys.stdlib_module_names or not name.isidentifier():
        raise SourceError(f"'{path.name}' cannot be imported under its name; rename the file")
    _search(path.parent)
    with loading() as met:
        module = _run(str(path), lambda: _import_file(name, path))
        return _given(_pick(module, str(path), wanted, met), met)


def _search(folder: Path) -> None:
    """Let modules be found beside a source first, then in the working directory."""
    sys.path.insert(0, str(folder))
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))


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
