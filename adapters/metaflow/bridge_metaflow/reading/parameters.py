"""What a run is given: Parameters, files that are included, and configurations."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bridge.findings import Feature, Level
from bridge_metaflow.reading.source import FlowSource, Member
from bridge_metaflow.reading.static import UnknownError, value_of
from bridge_metaflow.reading.told import Told

__all__ = ["Given", "givens"]

_KINDS = ("Parameter", "IncludeFile", "Config")
_POSITIONS = {
    "Parameter": ("name", "default", "type"),
    "IncludeFile": ("name", "required"),
    "Config": ("name", "default", "default_value"),
}
_TYPES = ("str", "int", "float", "bool", "JSONType")


@dataclass
class Given:
    """A Parameter: the attribute it is, its ``option`` on the command line, and its default.

    ``kind`` is Parameter, IncludeFile or Config; ``type`` that of Metaflow. An included file has
    its path as ``value``, relative to the flow where it stands there, and an ``encoding``.
    """

    name: str
    option: str
    kind: str
    type: str
    value: Any
    member: Member
    separator: str = ""
    encoding: str = "utf-8"
    text: bool = True
    said: dict[str, ast.expr] = field(default_factory=dict)


def givens(source: FlowSource, told: Told) -> dict[str, Given]:
    """All that the flow is given, by attribute, in the order in which it is declared."""
    found: dict[str, Given] = {}
    known: dict[str, Any] = {}
    members = sorted(
        source.members.values(), key=lambda m: (m.module is source.module, m.node.lineno)
    )
    for member in members:
        kind = _kind(member)
        if kind:
            given = _given(source, member, kind, known, told)
            found[member.name] = given
            if kind == "Config":
                known[member.name] = given.value
    return found


def _kind(member: Member) -> str:
    node = member.node
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if not isinstance(value, ast.Call):
        return ""
    name = (
        value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    )
    name = member.module.metaflow.get(name, name)
    return name if name in _KINDS else ""


def _given(
    source: FlowSource, member: Member, kind: str, known: dict[str, Any], told: Told
) -> Given:
    call = member.node.value  # type: ignore[attr-defined]
    said = {str(k.arg): k.value for k in call.keywords}
    positions = _POSITIONS[kind]
    said = {**dict(zip(positions, call.args, strict=False)), **said}
    where = member.module.where(call)
    told.add(Feature.PARAMETERS, "", member.name, Level.CARRIED, "a parameter of the run", where)

    def value(key: str, default: Any = None) -> Any:
        if key not in said:
            return default
        return value_of(said[key], member.module, known)

    option = _text(value, "name", member.name)
    type_ = ast.unparse(said["type"]).rpartition(".")[2] if "type" in said else ""
    given = Given(member.name, option, kind, type_, None, member, said=said)
    readers = {"Parameter": _parameter, "IncludeFile": _file, "Config": _config}
    for key in said:
        level, how = readers[kind](source, given, key, value)
        at = member.module.where(said[key])
        told.add(Feature.PARAMETERS, "", f"{member.name}({key})", level, how, at)
    if not given.type:
        plain = isinstance(given.value, bool | int | float | str)
        given.type = type(given.value).__name__ if plain else "str" if given.value is None else ""
    if given.type == "" or isinstance(given.value, dict | list):
        given.type = "str" if given.separator else "JSONType"
    return given


def _text(value: Any, key: str, default: str) -> str:
    try:
        return str(value(key, default))
    except UnknownError:
        return default


End = tuple[Level, str]


def _parameter(source: FlowSource, given: Given, key: str, value: Any) -> End:
    try:
        found = value(key)
    except UnknownError:
        found = None
        if key == "type" and given.type in _TYPES:
            return Level.CARRIED, "the type of the default"
        if key == "default":
            return Level.UNSUPPORTED, (
                "its default is worked out by code when the flow is loaded; write a literal"
            )
        if key != "help":
            return Level.UNSUPPORTED, f"'{ast.unparse(given.said[key])}' is not known before a run"
    if key == "default":
        given.value = _typed(found, given, value)
        return Level.CARRIED, "the value it has unless another is given"
    if key == "name":
        same = found == given.name
        how = "it has this name" if same else f"it is called '{given.name}', as in the code"
        return Level.CARRIED, how
    if key == "separator":
        given.separator = str(found)
        return Level.CARRIED, "the value is a list"
    if key == "required" and found and "default" not in given.said:
        return Level.APPROXIMATED, "it is None where it is not given"
    how = "seen only on Metaflow's command line" if key in ("help", "show_default") else ""
    return Level.CARRIED, how or "it has a default"


def _typed(found: Any, given: Given, value: Any) -> Any:
    """A default as the value that a step sees."""
    kinds = {"int": int, "float": float, "str": str}
    if given.type == "JSONType" and isinstance(found, str):
        return json.loads(found)
    if isinstance(found, str) and "separator" in given.said:
        return found.split(str(value("separator")))
    if given.type == "bool" and isinstance(found, str):
        return found.lower() in ("true", "1", "yes", "on", "t", "y")
    kind = kinds.get(given.type)
    return kind(found) if kind and found is not None else found


def _file(source: FlowSource, given: Given, key: str, value: Any) -> End:
    try:
        found = value(key)
    except UnknownError:
        if key in ("default", "encoding", "is_text"):
            return Level.UNSUPPORTED, "it is worked out by code when the flow is loaded"
        return Level.CARRIED, "seen only on Metaflow's command line"
    if key == "default" and found is not None:
        path = Path(str(found))
        folder = source.folder.resolve()
        inside = path.is_absolute() and path.is_relative_to(folder)
        given.value = str(path.relative_to(folder)) if inside else str(path)
        return Level.CARRIED, "the path of the file, which a first task reads"
    if key == "is_text":
        given.text = bool(found)
    if key == "encoding":
        given.encoding = str(found)
    if key == "name" and found != given.name:
        return Level.CARRIED, f"it is called '{given.name}', as in the code"
    return Level.CARRIED, "read by a first task" if key != "help" else "seen only by Metaflow"


def _config(source: FlowSource, given: Given, key: str, value: Any) -> End:
    try:
        found = value(key)
    except UnknownError:
        return Level.UNSUPPORTED, f"'{ast.unparse(given.said[key])}' is not known before a run"
    if key == "default_value":
        given.value = json.loads(found) if isinstance(found, str) else found
        return Level.CARRIED, "a parameter that is a mapping"
    if key == "default":
        path = source.folder / str(found)
        try:
            given.value = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Level.UNSUPPORTED, f"'{found}' holds no JSON that can be read"
        return Level.CARRIED, f"what '{found}' holds now is the value of the parameter"
    if key == "parser" and found is not None:
        return Level.UNSUPPORTED, "what the parser makes of the file is not known before a run"
    return Level.CARRIED, "a parameter of the run"
