"""Looks at a project in a process of its own, which imports it; answers with a ``Project``."""

from __future__ import annotations

import ast
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kedro.framework import startup
from kedro.framework.project import pipelines, settings, validate_settings
from kedro.pipeline import Node, Pipeline

from bridge.errors import SourceError
from bridge.inquiry import answer
from bridge_kedro.reading.calls import Looker, plain
from bridge_kedro.reading.conf import Conf, paths_of
from bridge_kedro.reading.seen import Call, Hook, NodeSeen, Place, Project, Saying

__all__ = ["bootstrap", "look", "note_places", "project_at"]

_SETTINGS = ("CONTEXT_CLASS", "DATA_CATALOG_CLASS", "SESSION_STORE_CLASS", "CONFIG_LOADER_CLASS")


def look(question: dict[str, Any]) -> dict[str, Any]:
    """The project at ``path``: its pipeline ``name``, with the configuration of ``env``."""
    note_places()
    root = Path(question["path"]).resolve()
    return asdict(project_at(root, question["name"], question["env"]))


def bootstrap(root: Path) -> Any:
    """What Kedro knows of a project, whichever version of Kedro it was made with."""
    known = startup.kedro_version
    try:
        startup.kedro_version = _version(root) or known
        found = startup.bootstrap_project(root)
    except (RuntimeError, NotADirectoryError) as error:
        raise SourceError(f"{error} ({root / 'pyproject.toml'})") from error
    finally:
        startup.kedro_version = known
    logging.getLogger("kedro").setLevel(logging.ERROR)
    return found


def _version(root: Path) -> str:
    import tomllib

    try:
        written = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
        return str(written["tool"]["kedro"]["kedro_init_version"])
    except (OSError, KeyError, ValueError):
        return ""


# Where nodes are written, and in which order: Kedro notes neither.


def note_places() -> None:
    """Let each node that is made from here on know its place and its number."""
    init, copy = Node.__init__, Node._copy
    numbers = iter(range(sys.maxsize))

    def made(self: Any, *given: Any, **named: Any) -> None:
        init(self, *given, **named)
        self._number, self._place = next(numbers), _caller()

    def copied(self: Any, **named: Any) -> Any:
        found = copy(self, **named)
        found._place = self._place
        if found.namespace == self.namespace:
            found._number = self._number
        return found

    Node.__init__, Node._copy = made, copied


def _caller() -> tuple[str, int] | None:
    frame = sys._getframe(2)
    while frame.f_back and "/kedro/pipeline/" in frame.f_code.co_filename:
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


# The project


def project_at(root: Path, name: str, env: str) -> Project:
    """The project at ``root``. Raises SourceError, and whatever its code does."""
    metadata = bootstrap(root)
    validate_settings()
    wanted = name or "__default__"
    chosen = _pipeline(wanted, f"{metadata.package_name}.pipeline_registry")
    loader = settings.CONFIG_LOADER_CLASS(
        conf_source=str(root / settings.CONF_SOURCE), env=env or None, **settings.CONFIG_LOADER_ARGS
    )
    conf = Conf(loader, root)
    paths = paths_of(conf.parameters)
    looker = Looker(root, metadata.source_dir, _valued(conf.parameters, paths))
    nodes = [_node(node, looker) for node in sorted(chosen.nodes, key=lambda node: node._number)]
    names = [n for node in chosen.nodes for n in (*node.inputs, *node.outputs)]
    written = metadata.source_dir / metadata.package_name / "settings.py"
    said = looker.relative(str(written))
    return Project(
        name=metadata.project_name,
        package=metadata.package_name,
        src=looker.relative(str(metadata.source_dir)),
        pipeline=wanted,
        registered=sorted(pipelines),
        about=_about(nodes, root),
        nodes=nodes,
        parameters={n: v if plain(v) else str(v) for n, v in conf.parameters.items()},
        paths=paths,
        odd=[n for n, v in conf.parameters.items() if not plain(v)],
        lines=conf.lines,
        entries=list(conf.entries(n for n in names if not _is_parameter(n))),
        patterns=conf.patterns(),
        hooks=[_hook(hook, looker) for hook in settings.HOOKS],
        plugins=_plugins(),
        settings=[Saying(what, Place(said)) for what in _told()],
        resolvers=list(conf.resolvers()),
    )


def _pipeline(name: str, registry: str) -> Pipeline:
    try:
        known = dict(pipelines)
    except ModuleNotFoundError as error:
        if error.name == registry:
            raise SourceError(f"there is no module '{registry}', which registers pipelines") from (
                error
            )
        raise
    except AttributeError as error:
        if "register_pipelines" in str(error):
            raise SourceError(f"'{registry}' has no function register_pipelines()") from error
        raise
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise SourceError(f"no pipeline is registered as '{name}'; there are {there}")
    if not known[name].nodes:
        raise SourceError(f"the pipeline '{name}' has no nodes")
    return known[name]


def _is_parameter(name: str) -> bool:
    return name == "parameters" or name.startswith("params:")


def _valued(parameters: Mapping[str, Any], paths: Mapping[str, list[str]]) -> Callable[[str], Any]:
    def value(name: str) -> Any:
        if name == "parameters":
            return dict(parameters)
        if not name.startswith("params:"):
            raise KeyError(name)
        found: Any = parameters
        for key in paths[name.removeprefix("params:")]:
            found = found[key]
        return found

    return value


def _node(node: Any, looker: Looker) -> NodeSeen:
    given, outputs = node._inputs, node._outputs
    positional = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    keywords = given if isinstance(given, dict) else {}
    forms: dict[type, str] = {str: "one", list: "list", dict: "dict"}
    form = forms[type(outputs)] if outputs else "none"
    pairs = outputs.items() if isinstance(outputs, dict) else enumerate(node.outputs)
    call: Call = looker.call(node.func, positional, keywords, len(node.outputs))
    place = node._place
    return NodeSeen(
        name=node.name,
        given_name=node._name or "",
        namespace=node.namespace or "",
        call=call,
        form=form,
        outputs={str(key): name for key, name in pairs},
        tags=sorted(node.tags),
        confirms=node.confirms,
        preview=getattr(node, "_preview_fn", None) is not None,
        place=Place(looker.relative(place[0]), place[1]) if place else None,
    )


def _about(nodes: list[NodeSeen], root: Path) -> str:
    """What the file says of itself in which all nodes are written."""
    files = {node.place.file for node in nodes if node.place}
    if len(files) != 1:
        return ""
    try:
        text = ast.get_docstring(ast.parse((root / files.pop()).read_text("utf-8")))
    except (OSError, SyntaxError):
        return ""
    return text or ""


# What is around the pipeline


def _hook(hook: Any, looker: Looker) -> Hook:
    kind = type(hook)
    own = {name: getattr(kind, name) for name in dir(kind) if not name.startswith("__")}
    marked = {name: method for name, method in own.items() if hasattr(method, "kedro_impl")}
    places = {name: looker.place(method) for name, method in marked.items()}
    return Hook(
        f"{kind.__module__}.{kind.__qualname__}",
        {name: place for name, place in places.items() if place},
    )


def _plugins() -> list[str]:
    """The distributions whose hooks watch every run; that of Kedro's makers changes none."""
    from importlib.metadata import entry_points

    found = {point.dist.name for point in entry_points(group="kedro.hooks") if point.dist}
    off = set(settings.DISABLE_HOOKS_FOR_PLUGINS)
    return sorted(found - off - {"kedro-telemetry"})


def _told() -> Iterator[str]:
    """The settings that say something that Kedro has not by default."""
    for name in _SETTINGS:
        kind = getattr(settings, name)
        if not kind.__module__.startswith("kedro."):
            yield f"{name} = {kind.__module__}.{kind.__qualname__}"
    usual = {"base_env": "base", "default_run_env": "local"}
    for key, value in dict(settings.CONFIG_LOADER_ARGS).items():
        if usual.get(key) != value:
            yield f"CONFIG_LOADER_ARGS[{key!r}]"


if __name__ == "__main__":
    answer(look)
