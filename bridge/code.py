"""The user's own files that a pipeline needs: modules, notebooks, and what it includes."""

from __future__ import annotations

import ast
import importlib.util
import os
import site
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

from bridge.errors import ModelError, UsageError, Where
from bridge.model import Map, NotebookTask, Pipeline, PythonTask, Step
from bridge.nodes import inside, walk
from bridge.references import Reference
from bridge.signatures import notebook_path

__all__ = ["INSTALLED", "code_files"]

INSTALLED = tuple(
    folder.resolve() for folder in (Path(os.__file__).parent, *map(Path, site.getsitepackages()))
)
"""Where the modules are that are no user's."""


def code_files(pipeline: Pipeline) -> dict[str, Path]:
    """Where each file of the user's code is, by its path inside an export.

    Modules that stand beside the pipeline are taken with all that they import from there; what is
    installed is not. Raises ModelError for a module that needs bridge itself, and for a notebook
    or a glob that leaves the pipeline's folder.
    """
    found: dict[str, Path] = {}
    for _, step in walk(pipeline):
        if isinstance(step, PythonTask):
            _add_module(step.reference.module, found, f"function of '{step.name}'", step.where)
        elif isinstance(step, NotebookTask):
            place = _inside(step.notebook, step)
            found[place] = notebook_path(step)
        elif isinstance(step, Map) and isinstance(step.reducer, Reference):
            _add_module(step.reducer.module, found, f"reducer of '{step.name}'", step.where)
    for name, dataset in pipeline.datasets.items():
        module = dataset.type.replace(":", ".").rpartition(".")[0]
        _add_module(module, found, f"type of dataset '{name}'", pipeline.where)
    for inner in _pipelines(pipeline):
        found |= _included(inner)
    return dict(sorted(found.items()))


def _pipelines(pipeline: Pipeline) -> Iterator[Pipeline]:
    yield pipeline
    if pipeline.on_failure:
        yield pipeline.on_failure
    for _, step in walk(pipeline):
        for _, inner in inside(step):
            yield inner
            if inner.on_failure:
                yield inner.on_failure


def _inside(path: str, step: Step) -> str:
    parts = Path(path).parts
    if Path(path).is_absolute() or ".." in parts:
        raise ModelError(
            f"notebook '{path}' of '{step.name}' is outside the pipeline's folder and cannot be "
            "exported with it; move it beside the pipeline",
            step.where,
        )
    return Path(path).as_posix()


def _included(pipeline: Pipeline) -> dict[str, Path]:
    base = Path(pipeline.where.file).resolve().parent if pipeline.where else Path.cwd()
    found: dict[str, Path] = {}
    for pattern in pipeline.include:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ModelError(f"include '{pattern}' leaves the pipeline's folder", pipeline.where)
        paths = [path for path in base.glob(pattern) if path.is_file()]
        if not paths:
            raise ModelError(f"include '{pattern}' matches no file in {base}", pipeline.where)
        found |= {path.relative_to(base).as_posix(): path for path in paths}
    return found


def _add_module(name: str, found: dict[str, Path], what: str, where: Where | None) -> None:
    """Add a module, the packages it is in, and the modules of the user that it imports.

    ``what`` it is for is said of one that cannot be taken along.
    """
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError as error:
        raise ModelError(f"{what} is in '{name}', which is not there: {error}", where) from error
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return
    file = Path(spec.origin).resolve()
    if _is_installed(file):
        return
    depth = name.count(".") + (file.name == "__init__.py")
    todo = [(file, file.parents[depth])]
    while todo:
        file, root = todo.pop()
        key = file.relative_to(root).as_posix()
        if key in found:
            continue
        found[key] = file
        for imported in _imports(file, root):
            if imported.partition(".")[0] == "bridge":
                _refuse_bridge(what, where, file)
            todo += _files_of(imported, root)
        todo += [(p / "__init__.py", root) for p in file.parents if _is_package(p, root)]


def _is_package(folder: Path, root: Path) -> bool:
    return folder != root and folder.is_relative_to(root) and (folder / "__init__.py").is_file()


def _refuse_bridge(what: str, where: Where | None, file: Path) -> None:
    raise ModelError(
        f"{what} needs {file.name}, which imports bridge, so it cannot run where bridge is not "
        "installed; move it to a module of its own",
        where,
    )


def _is_installed(file: Path) -> bool:
    return any(file.is_relative_to(place) for place in INSTALLED)


def _files_of(module: str, root: Path) -> list[tuple[Path, Path]]:
    """The files of a module of the user, its packages' first, each with the folder it is found in.

    That is the ``root`` of the module that imports it, or another one from which modules are
    imported; of what is installed there are none.
    """
    parts = module.split(".")
    spec = PathFinder.find_spec(parts[0], [str(root), *sys.path])
    found = []
    for place in _places(spec) if spec else ():
        bases = [place.joinpath(*parts[:i]) for i in range(1, len(parts) + 1)]
        files = [f for b in bases for f in (b.with_suffix(".py"), b / "__init__.py")]
        found += [(file, place) for file in files if file.is_file()]
    return [] if any(_is_installed(file.resolve()) for file, _ in found) else found


def _places(spec: ModuleSpec) -> list[Path]:
    """The folders in which a module or a package stands."""
    if spec.submodule_search_locations is not None:
        return [Path(folder).parent for folder in spec.submodule_search_locations]
    return [Path(spec.origin).parent] if spec.origin else []


def _imports(file: Path, root: Path) -> Iterator[str]:
    """The absolute names of all that a file imports, anywhere in it."""
    package = file.relative_to(root).parent.parts
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"'{file}' cannot be parsed: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" if base else alias.name for alias in node.names)
