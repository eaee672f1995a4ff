"""What is seen of a Kedro project: plain data, which crosses from the process that imports it.

Files of places are relative to the project's folder where they are in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["Call", "Entry", "Fixed", "Hook", "NodeSeen", "Place", "Project", "Saying"]


class Place(NamedTuple):
    """A file and a line in it; line 0 is the file as a whole."""

    file: str
    line: int = 0


@dataclass(frozen=True)
class Fixed:
    """A value that the code of the pipeline itself gives to a function.

    ``source`` is Python that evaluates to it, empty where there is none; ``imports`` are what that
    names, as ``module:name``. It is ``plain`` when it is the JSON ``value``.
    """

    what: str
    source: str = ""
    imports: list[str] = field(default_factory=list)
    plain: bool = False
    value: Any = None


@dataclass(frozen=True)
class Call:
    """What a node calls, and with which datasets.

    ``reference`` is ``module:qualname``, empty for what cannot be imported, which ``what`` then
    tells. The call is ``function(*fixed, *positional, **keywords)``. Where each value has an
    argument of its own that can be passed by name, ``arguments`` has them all, and ``defaults``
    those that are left to the function. ``asks`` has annotations as text; ``converted`` are the
    arguments that would not get a parameter as it is were it fitted to the annotation, ``typed``
    those to whose type Kedro fits it too.
    """

    reference: str
    name: str
    what: str = ""
    place: Place | None = None
    fixed: list[Fixed] = field(default_factory=list)
    positional: list[str] = field(default_factory=list)
    keywords: Mapping[str, str | Fixed] = field(default_factory=dict)
    arguments: Mapping[str, str | Fixed] | None = None
    defaults: Mapping[str, Fixed] = field(default_factory=dict)
    asks: Mapping[str, str] = field(default_factory=dict)
    converted: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)
    generates: bool = False


@dataclass(frozen=True)
class NodeSeen:
    """A node. ``outputs`` has the datasets by key of the dict returned, or by position.

    ``form`` is how they are written: ``none``, ``one``, ``list`` or ``dict``. ``given_name`` is
    empty where Kedro has made one up.
    """

    name: str
    given_name: str
    namespace: str
    call: Call
    form: str
    outputs: Mapping[str, str]
    tags: list[str]
    confirms: list[str]
    preview: bool
    place: Place | None


@dataclass(frozen=True)
class Entry:
    """An entry of the catalog, or what a dataset factory makes for a name.

    ``type`` is as written, ``kind`` the full name of the class, with ``trouble`` where it cannot be
    imported. ``path_key`` is the option that is the class's path. ``lines`` are those of options.
    """

    name: str
    type: str
    kind: str
    options: Mapping[str, Any]
    path_key: str = ""
    trouble: str = ""
    pattern: str = ""
    odd: list[str] = field(default_factory=list)
    place: Place | None = None
    lines: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Hook:
    """A class of hooks, and the points of a run at which it does something."""

    name: str
    methods: Mapping[str, Place]


@dataclass(frozen=True)
class Saying:
    """Something that a file of the project says, in its own words."""

    what: str
    place: Place


@dataclass(frozen=True)
class Project:
    """A project and one of its pipelines; ``src`` is relative to its folder.

    ``paths`` has the place of each ``params:`` name in ``parameters``; ``odd`` are the parameters
    that are no JSON.
    """

    name: str
    package: str
    src: str
    pipeline: str
    registered: list[str]
    about: str
    nodes: list[NodeSeen]
    parameters: Mapping[str, Any]
    paths: Mapping[str, list[str]]
    odd: list[str]
    lines: Mapping[str, Place]
    entries: list[Entry]
    patterns: Mapping[str, Place]
    hooks: list[Hook]
    plugins: list[str]
    settings: list[Saying]
    resolvers: list[Saying]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Project:
        """The project that ``dataclasses.asdict`` and JSON made of it."""
        return cls(
            **{
                **data,
                "nodes": [_node(node) for node in data["nodes"]],
                "lines": {name: Place(*place) for name, place in data["lines"].items()},
                "patterns": {name: Place(*place) for name, place in data["patterns"].items()},
                "entries": [_placed(Entry, entry) for entry in data["entries"]],
                "hooks": [_hook(hook) for hook in data["hooks"]],
                "settings": [_placed(Saying, saying) for saying in data["settings"]],
                "resolvers": [_placed(Saying, saying) for saying in data["resolvers"]],
            }
        )


def _placed(kind: Any, data: Mapping[str, Any], **more: Any) -> Any:
    place = data["place"]
    return kind(**{**data, "place": Place(*place) if place else None, **more})


def _node(data: Mapping[str, Any]) -> NodeSeen:
    found: NodeSeen = _placed(NodeSeen, data, call=_call(data["call"]))
    return found


def _call(data: Mapping[str, Any]) -> Call:
    given = {name: _value(value) for name, value in data["keywords"].items()}
    arguments = data["arguments"]
    if arguments is not None:
        arguments = {name: _value(value) for name, value in arguments.items()}
    found: Call = _placed(
        Call,
        data,
        fixed=[Fixed(**value) for value in data["fixed"]],
        keywords=given,
        arguments=arguments,
        defaults={name: Fixed(**value) for name, value in data["defaults"].items()},
    )
    return found


def _value(data: Any) -> str | Fixed:
    return data if isinstance(data, str) else Fixed(**data)


def _hook(data: Mapping[str, Any]) -> Hook:
    methods = {name: Place(*place) for name, place in data["methods"].items()}
    return Hook(data["name"], methods)
