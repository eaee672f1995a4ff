"""The door for adapters: what one is, and how it is found.

An adapter is a distribution with an entry point in the group ``bridge``, named like the
framework, whose module implements the hook ``bridge_adapter``::

    [project.entry-points.bridge]
    fancy = "bridge_fancy"

    # bridge_fancy/__init__.py
    from bridge.adapter import hookimpl

    @hookimpl
    def bridge_adapter():
        from bridge_fancy.adapter import FANCY
        return FANCY

Only the adapter asked for is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Protocol

import pluggy

from bridge.errors import AdapterError
from bridge.findings import Feature, Level, Report, Support
from bridge.model import Pipeline
from bridge.record import Run
from bridge.values import Kind

__all__ = [
    "Adapter",
    "Export",
    "Import",
    "Job",
    "Options",
    "Source",
    "hookimpl",
    "hookspec",
    "installed",
    "load",
    "version",
]

hookspec = pluggy.HookspecMarker("bridge")
hookimpl = pluggy.HookimplMarker("bridge")


@dataclass(frozen=True)
class Options:
    """How to write.

    ``todos`` has sentences about what was left out of a step, by its path (empty: the pipeline);
    a writer puts each as a ``# TODO:`` comment at that very place. What was left out inside a step
    that the flow has as one node is told of that node.
    """

    todos: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass
class Export:
    """What a writer gives: texts by relative path.

    ``code`` is the folder, inside the export, where the user's own modules, notebooks and included
    files belong; they are copied there by whoever writes the files. ``told`` says of an attribute,
    by its step and name, more precisely what became of it than the table of support does; from all
    this the ``report`` is made by whoever called the writer.
    """

    files: dict[str, str]
    code: str = ""
    told: Mapping[tuple[str, str], tuple[Level, str]] = field(default_factory=dict)
    report: Report = field(default_factory=Report)


@dataclass(frozen=True)
class Source:
    """What is to be read: a file or a folder, and which of the pipelines in it.

    With an empty ``name`` it is the only one there is, or the framework's default. ``env`` is the
    environment whose configuration counts, where a framework has such.
    """

    path: Path
    name: str = ""
    env: str = ""


@dataclass
class Import:
    """What a reader gives: a pipeline, and the modules that were taken out of the source for it.

    ``files`` are texts by the path they have beside the pipeline: a step's body that has become a
    function stands in ``functions.py``. ``search`` are folders of the source in which the modules
    that are used as they are can be imported; ``root`` is the one that relative paths in it mean,
    where its data is. The ``report`` has one finding for each thing that the source says.
    """

    pipeline: Pipeline
    root: Path
    files: dict[str, str] = field(default_factory=dict)
    search: Sequence[Path] = ()
    report: Report = field(default_factory=Report)


@dataclass(frozen=True)
class Job:
    """One run to make: what ``write`` wrote at ``project``, from the lowered ``pipeline``.

    ``home`` is a folder for the engine's own state, ``workdir`` the working directory of the run,
    ``store`` where files and objects go. ``progress`` is told a step's path as it ends. A run of a
    source, where nothing of the pipeline may be importable, is told the names that it ends with and
    their kinds, ``sets``.
    """

    project: Path
    pipeline: Pipeline
    home: Path
    workdir: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    run_id: str = "run"
    sets: Mapping[str, Kind] = field(default_factory=dict)
    progress: Callable[[str], None] = field(default=lambda step: None, compare=False)

    @property
    def store(self) -> Path:
        """The store of files and objects of this run."""
        return self.home / "store"

    @property
    def steps(self) -> Path:
        """Where tasks that are carried out inside another note how they ended."""
        return self.home / "steps.jsonl"


class Adapter(Protocol):
    """One framework: what it supports, how it is read, written and run.

    An adapter may have two more methods. ``units(pipeline)`` gives the paths of steps for which
    there is no place in the target where they stand, and why; they are lowered like what is
    unsupported. ``run_source(source, job)`` runs a source by its own framework, as it is: a copy of
    it, since a run may leave files there, with the job's working directory as its root. The job's
    ``sets`` are the names that the record has, and their kinds.
    """

    name: str
    reads: bool
    support: Mapping[Feature, Support]

    @property
    def framework(self) -> str:
        """The installed version of the framework, or empty text."""

    def recognises(self, source: Path) -> bool:
        """Whether ``source`` looks like one of the framework's; cheap, imports no user code."""

    def read(self, source: Source) -> Import:
        """The pipeline that ``source`` holds; changes nothing there. Raises SourceError."""

    def write(self, pipeline: Pipeline, options: Options) -> Export:
        """The native project for a lowered ``pipeline``; touches no disk, needs no framework."""

    def run(self, job: Job) -> Run:
        """Run by the real engine what ``write`` wrote."""


class _Hooks:
    @hookspec(firstresult=True)
    def bridge_adapter(self) -> Adapter:  # type: ignore[empty-body]
        """The adapter of this distribution."""


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in sorted(entry_points(group="bridge"))}


def installed() -> list[str]:
    """The names of the adapters that are installed; none is imported."""
    return sorted(_entry_points())


def version(name: str) -> str:
    """The version of the distribution that brings the adapter of this name."""
    point = _entry_points().get(name)
    return point.dist.version if point and point.dist else ""


@cache
def load(name: str) -> Adapter:
    """The adapter of this name. Raises AdapterError when there is none or it does not load."""
    point = _entry_points().get(name)
    if point is None:
        known = ", ".join(installed()) or "none"
        raise AdapterError(
            f"no adapter is named '{name}'; installed: {known} (install bridge-{name}?)"
        )
    manager = pluggy.PluginManager("bridge")
    manager.add_hookspecs(_Hooks)
    try:
        manager.register(point.load(), name)
        found: Any = manager.hook.bridge_adapter()
    except Exception as error:
        raise AdapterError(
            f"adapter '{name}' ({point.value}) does not load: {type(error).__name__}: {error}"
        ) from error
    if found is None:
        raise AdapterError(f"'{point.value}' gives no adapter; it must implement bridge_adapter()")
    return found  # type: ignore[no-any-return]
