"""A pipeline as a tree in plain text: each step with what it reads and returns."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from bridge.flow import Flow
from bridge.model import Pipeline
from bridge.show.outline import Box, Group, outline, plain, prose

__all__ = ["render"]

_WIDTH = 88


def render(what: Pipeline | Flow) -> str:
    """The tree; it recurses over the depth of the pipeline, not its length."""
    found = outline(what)
    lines = [plain(found.pipeline.name), *_heading(found.pipeline), *_group(found.group, "")]
    lines += [f"warning: {warning}" for warning in found.warnings]
    if found.problems:
        lines.append("shown as it is written, for it cannot be analysed:")
        lines += [f"  {problem}" for problem in found.problems]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _heading(pipeline: Pipeline) -> Iterator[str]:
    for line in wrap(prose(pipeline.description), _WIDTH - 2):
        yield f"│ {line}"
    for word in ("parameters", "datasets", "include"):
        yield from _fact(word, [plain(name) for name in getattr(pipeline, word)], "│ ", 12)
    if pipeline.schedule:
        yield from _fact("schedule", [plain(pipeline.schedule)], "│ ", 12)


def _group(group: Group, pad: str) -> Iterator[str]:
    earlier = group.earlier() if group.by_data else []
    last = len(group.boxes) - 1
    for i, box in enumerate(group.boxes):
        after = [plain(group.boxes[e].name) for e in earlier[i]] if earlier else []
        branch, below = ("└─ ", "   ") if i == last else ("├─ ", "│  ")
        yield f"{pad}{branch}{_title(box)}"
        yield from _facts(box, after, pad + below)
        yield from _inside(box, pad + below)


def _title(box: Box) -> str:
    kind = "" if box.kind == "failure" else box.kind
    return f"{plain(box.name)}  {kind} {plain(box.what)}"


def _facts(box: Box, after: list[str], pad: str) -> Iterator[str]:
    pad += "│ " if box.inside() else "  "
    for word, texts in {**box.details(), "after": after}.items():
        yield from _fact(word, texts, pad, 9)


def _fact(word: str, texts: list[str], pad: str, indent: int) -> Iterator[str]:
    """A word and a list behind it, on as many lines as it takes."""
    width = max(_WIDTH - len(pad) - indent, 30)
    line = ""
    for i, text in enumerate(texts):
        item = text if i == len(texts) - 1 else f"{text}, "
        if line and len(line) + len(item) > width:
            yield f"{pad}{word:{indent}}{line}"
            word, line = "", ""
        line += item
    if line:
        yield f"{pad}{word:{indent}}{line}"


def _inside(box: Box, pad: str) -> Iterator[str]:
    groups = box.inside()
    for i, group in enumerate(groups):
        if not group.label:
            yield from _group(group, pad)
            continue
        branch, below = ("└─ ", "   ") if i == len(groups) - 1 else ("├─ ", "│  ")
        yield f"{pad}{branch}{plain(group.label)}"
        yield from _group(group, pad + below)
