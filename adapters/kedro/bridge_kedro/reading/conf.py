"""The configuration of a project, seen where it is imported: parameters, catalog, and their lines.

Files of configuration are loaded by the project's own loader; what is read here besides are only
the places where things are written.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from kedro.config import MissingConfigException
from kedro.io.catalog_config_resolver import CatalogConfigResolver
from kedro.io.core import _DEFAULT_PACKAGES, _load_obj

from bridge_kedro.reading.calls import plain
from bridge_kedro.reading.seen import Entry, Place, Saying

__all__ = ["Conf", "paths_of"]

_RESOLVER = re.compile(r"(?<!\\)\$\{\s*([\w.]+)\s*:[^}]*\}")


class Conf:
    """What the ``loader`` of the project at ``root`` has."""

    def __init__(self, loader: Any, root: Path) -> None:
        self._loader, self._root = loader, root
        self.parameters: dict[str, Any] = self._load("parameters")
        self.catalog: dict[str, Any] = self._load("catalog")
        self.lines = {name: place for name, (place, _) in self._written("parameters").items()}

    def _load(self, kind: str) -> dict[str, Any]:
        try:
            return dict(self._loader[kind])
        except MissingConfigException:
            return {}

    # The catalog

    def entries(self, names: Iterable[str]) -> Iterator[Entry]:
        """What the catalog has for each of these names, and its entries that are none of them."""
        written = self._written("catalog")
        is_pattern = CatalogConfigResolver.is_pattern
        patterns = {name: c for name, c in self.catalog.items() if is_pattern(name)}
        plainly = {name: c for name, c in self.catalog.items() if name not in patterns}
        in_order = CatalogConfigResolver._sort_patterns(patterns)
        for name in dict.fromkeys([*names, *plainly]):
            pattern = ""
            config = plainly.get(name)
            if config is None:
                pattern = next(CatalogConfigResolver._get_matches(in_order, name), "")
                if not pattern:
                    continue
                held = copy.deepcopy(in_order[pattern])
                config = CatalogConfigResolver._resolve_dataset_config(name, pattern, held)
            place, lines = written.get(pattern or name, (None, {}))
            yield _entry(name, config, pattern, place, lines)

    def patterns(self) -> dict[str, Place]:
        """The dataset factories, and where they are written."""
        return {
            name: place
            for name, (place, _) in self._written("catalog").items()
            if CatalogConfigResolver.is_pattern(name)
        }

    # Places

    def _files(self, kind: str) -> Iterator[Path]:
        """The files of a kind of configuration, those that win last."""
        loader = self._loader
        envs = [loader.base_env, loader.env or loader.default_run_env]
        for env in dict.fromkeys(envs):
            folder = Path(loader.conf_source) / env
            found = {
                file
                for pattern in loader.config_patterns.get(kind, ())
                for file in folder.glob(pattern if not pattern.endswith("**") else f"{pattern}/*")
                if file.suffix in (".yml", ".yaml", ".json") and file.is_file()
            }
            yield from sorted(found)

    def _written(self, kind: str) -> dict[str, tuple[Place, dict[str, int]]]:
        """Where each name at the top of the files is written, and the lines of what it has."""
        found = {}
        for file in self._files(kind):
            name = file.relative_to(self._root).as_posix()
            for key, value in _pairs(_composed(file)):
                lines = {inner.value: inner.start_mark.line + 1 for inner, _ in _pairs(value)}
                found[key.value] = (Place(name, key.start_mark.line + 1), lines)
        return found

    def resolvers(self) -> Iterator[Saying]:
        """The places where a value is worked out when the configuration is loaded."""
        for kind in ("parameters", "catalog"):
            for file in self._files(kind):
                name = file.relative_to(self._root).as_posix()
                for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
                    code = line.partition(" #")[0]
                    for found in _RESOLVER.finditer(code if not code.startswith("#") else ""):
                        yield Saying(found[0], Place(name, number))


def _composed(file: Path) -> yaml.Node | None:
    try:
        return yaml.compose(file.read_text("utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError):
        return None  # Kedro's own loader has told of it


def _pairs(node: yaml.Node | None) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []


def _entry(
    name: str, config: Any, pattern: str, place: Place | None, lines: Mapping[str, int]
) -> Entry:
    options = dict(config)
    written = str(options.pop("type", ""))
    inner = options.get("dataset")
    if written.rpartition(".")[2] == "CachedDataset" and isinstance(inner, Mapping):
        cached = {**inner, **{k: options[k] for k in ("versioned", "metadata") if k in options}}
        found = _entry(name, cached, pattern, place, lines)
        return Entry(**{**vars(found), "type": written})
    kind, known, trouble = _class(written)
    odd = [key for key, value in options.items() if not plain(value)]
    path_key = _path_key(known)
    return Entry(
        name=name,
        type=written,
        kind=kind,
        options={key: None if key in odd else value for key, value in options.items()},
        path_key=path_key if isinstance(options.get(path_key), str) else "",
        trouble=trouble,
        pattern=pattern,
        odd=odd,
        place=place,
        lines=lines,
    )


def _class(written: str) -> tuple[str, Any, str]:
    """The full name of a class of datasets, the class, and why it cannot be had."""
    trouble = "it has no type"
    for prefix in _DEFAULT_PACKAGES if written else ():
        try:
            found, said = _load_obj(prefix + written)
        except Exception as error:  # whatever importing it may raise
            return prefix + written, None, str(error).partition("\n")[0]
        if found is not None:
            return prefix + written, found, ""
        trouble = said or trouble
    return written, None, trouble.partition("\n")[0]


def _path_key(kind: Any) -> str:
    """The argument of a class that takes a path: as whoever loads the dataset will find it."""
    try:
        names = inspect.signature(kind).parameters if kind else ()
    except (ValueError, TypeError):
        names = ()
    return "path" if "path" in names and "filepath" not in names else "filepath"


def paths_of(parameters: Mapping[str, Any]) -> dict[str, list[str]]:
    """The place in ``parameters`` of each name that may stand after ``params:``."""
    found: dict[str, list[str]] = {}

    def add(name: str, value: Any, path: list[str]) -> None:
        found[name] = path
        for key, inner in value.items() if isinstance(value, Mapping) else ():
            add(f"{name}.{key}", inner, [*path, key])

    for name, value in parameters.items():
        add(name, value, [name])
    return found
