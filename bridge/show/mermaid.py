"""A pipeline as a Mermaid flowchart, for pages that draw one."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.flow import Flow
from bridge.model import Pipeline
from bridge.show.outline import Box, Group, outline, plain

__all__ = ["render"]

_SHAPES = {"notebook": ("[/", "/]"), "shell": ("[[", "]]"), "stub": ("([", "])")}
_COLOURS = {
    "python": "#2f6fd0",
    "notebook": "#d9741a",
    "shell": "#22895a",
    "stub": "#7d8590",
    "foreign": "#8a5a2b",
}
_SAFE = frozenset(" -_.,+=()/")


def render(what: Pipeline | Flow) -> str:
    """The flowchart; it recurses over the depth of the pipeline, not its length."""
    found = outline(what)
    lines = ["flowchart TD", *_Chart().group(found.group, "  ")]
    used = {box.kind for box in found.boxes()}
    for kind, colour in _COLOURS.items():
        if kind in used:
            lines.append(f"  classDef {kind} stroke:{colour},stroke-width:2px")
    lines += [f"%% {_comment(problem)}" for problem in found.problems]
    return "\n".join(lines) + "\n"


class _Chart:
    """Gives out the ids of nodes; names never are ids, so no name can mean anything."""

    def __init__(self) -> None:
        self._count = 0

    def group(self, group: Group, pad: str) -> Iterator[str]:
        """The nodes of a group, then the arrows between them."""
        ids = []
        for box in group.boxes:
            ids.append(self._next())
            yield from self._box(box, ids[-1], pad)
        for start, end in group.edges:
            yield f"{pad}{ids[start]} --> {ids[end]}"

    def _next(self) -> str:
        self._count += 1
        return f"n{self._count}"

    def _box(self, box: Box, id: str, pad: str) -> Iterator[str]:
        if not box.groups:
            open, close = _SHAPES.get(box.kind, ("[", "]"))
            yield f"{pad}{id}{open}{_label(box.name, box.what)}{close}:::{box.kind}"
        else:
            about = box.what if box.kind == "failure" else f"· {box.kind} {box.what}"
            yield from self._frame(id, _label(f"{box.name} {about}".strip()), box.groups, pad)
        if box.failure:
            frame = self._next()
            yield from self._frame(frame, _label("on failure"), [box.failure], pad)
            yield f"{pad}{id} -.-> {frame}"

    def _frame(self, id: str, label: str, groups: list[Group], pad: str) -> Iterator[str]:
        yield f"{pad}subgraph {id}[{label}]"
        yield f"{pad}  direction TB"
        for group in groups:
            if len(groups) > 1:
                yield from self._frame(self._next(), _label(group.label), [group], f"{pad}  ")
            else:
                yield from self.group(group, f"{pad}  ")
        yield f"{pad}end"


def _label(*lines: str) -> str:
    return '"' + "<br/>".join(_escaped(plain(line)) for line in lines if line) + '"'


def _escaped(text: str) -> str:
    """The text with everything that could have a meaning as Mermaid's ``#number;``."""
    return "".join(c if c.isalnum() or c in _SAFE else f"#{ord(c)};" for c in text)


def _comment(text: str) -> str:
    return text.replace("{", "(").replace("}", ")")
