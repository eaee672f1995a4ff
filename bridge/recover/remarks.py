"""What comments say of a step or a pipeline: the reverse of ``bridge.emit.remarks``."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from bridge.emit.remarks import CACHED, ENDS
from bridge.model import Stub
from bridge.policies import Resources
from bridge.recover.source import UnlikeError
from bridge.values import At, Fact, Input

__all__ = ["Remarks", "heading", "remarks", "texts"]

_QUOTED = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_KEY = re.compile(rf"({_QUOTED}|[^:'\"]+): (.*)", re.DOTALL)
_BRANCH = re.compile(rf"branch ({_QUOTED}) of ({_QUOTED})")
_OF_PIPELINES = ("pipeline", "about", "order", "steps", "include", "pipeline overrides")
_OF_STEPS = (
    *("inputs", "metrics", "resources", "dependencies", "image", "overrides", "after", "returns"),
    *(CACHED, ENDS),
)

Remarks = dict[str, str]
"""What is said, by what it is said of."""


def remarks(comments: Iterable[str]) -> Remarks:
    """The remarks in these comments; what is none is left out."""
    found: Remarks = {}
    for comment in comments:
        if comment in (CACHED, ENDS):
            found[comment] = ""
        elif match := _KEY.fullmatch(comment):
            found[_text(match[1])] = match[2]
    return found


def heading(comment: str | None) -> tuple[str, str] | None:
    """The parallel and the branch whose code begins below a comment, if it says so."""
    match = _BRANCH.fullmatch(comment or "")
    return (_text(match[2]), _text(match[1])) if match else None


def is_of_pipeline(comment: str | None) -> bool:
    """Whether a comment says something of a pipeline."""
    match = _KEY.fullmatch(comment or "")
    return bool(match) and match[1] in _OF_PIPELINES  # type: ignore[index]


def texts(said: str) -> list[str]:
    """The texts that a remark lists."""
    return [_text(found) for found in _parts(said)]


def _parts(said: str) -> Iterator[str]:
    """What stands between the commas, where these are not in quotes."""
    place = 0
    while place < len(said):
        end = place
        while end < len(said) and said[end] != ",":
            quoted = re.compile(_QUOTED).match(said, end) if said[end] in "'\"" else None
            end = quoted.end() if quoted else end + 1
        yield said[place:end].strip()
        place = end + 1


def _text(said: str) -> str:
    if said[:1] not in ("'", '"'):
        return said
    return str(_value(said))


def _value(said: str) -> Any:
    try:
        return ast.literal_eval(said)
    except (ValueError, SyntaxError):
        raise UnlikeError(f"a remark says {said}") from None


def pipeline_said(found: Remarks) -> dict[str, Any]:
    """The arguments of a pipeline that are told of in remarks."""
    order = {"order": "data"} if found.get("order") == "data" else {}
    return _said(found, _PIPELINE) | order


def step_said(found: Remarks) -> dict[str, Any]:
    """The arguments of any step that are told of in remarks."""
    return _said(found, _STEP)


def task_said(found: Remarks) -> dict[str, Any]:
    """The same of a task; ``inputs`` are those that are told."""
    return _said(found, _TASK)


def _said(found: Remarks, table: Mapping[str, _Reading]) -> dict[str, Any]:
    return {argument: read(found[key]) for key, (argument, read) in table.items() if key in found}


def _inputs(said: str) -> dict[str, Input]:
    return dict(map(_input, _parts(said)))


def _input(said: str) -> tuple[str, Input]:
    for fact in ("attempt", "step"):
        if said.endswith(f" = {fact}"):
            return _text(said.removesuffix(f" = {fact}")), Fact(fact)
    name = _text(said)
    return name, At(name)


def _resources(said: str) -> Resources:
    pairs = (part.split(" ") for part in _parts(said))
    return Resources(**{name: _value(value) for name, value in pairs})


def _true(said: str) -> bool:
    return True


_Reading = tuple[str, Callable[[str], Any]]

_PIPELINE: Mapping[str, _Reading] = {
    "pipeline": ("name", _text),
    "about": ("description", _text),
    "include": ("include", texts),
    "pipeline overrides": ("overrides", _value),
}
_STEP: Mapping[str, _Reading] = {
    "overrides": ("overrides", _value),
    "after": ("after", texts),
    ENDS: ("terminate_with_success", _true),
}
_TASK: Mapping[str, _Reading] = {
    **_STEP,
    "inputs": ("inputs", _inputs),
    "resources": ("resources", _resources),
    "dependencies": ("dependencies", texts),
    "image": ("image", _text),
    CACHED: ("cache", _true),
}
"""What a remark gives, and how it is read."""


def stub_said(name: str, found: Remarks) -> Stub:
    """A stub of which this is said."""
    extra = dict(_extra(found))
    more = task_said(found)
    if "returns" in found:
        more["returns"] = texts(found["returns"])
    return Stub(name, extra=extra, **more)


def _extra(found: Remarks) -> Iterator[tuple[str, Any]]:
    """What else is written on a stub: values, unlike what a person remarks."""
    for key, text in found.items():
        if key not in _OF_STEPS:
            with suppress(UnlikeError):
                yield key, _value(text)
