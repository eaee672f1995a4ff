"""What the comments in a project's pipeline say of its nodes, and of the branches around them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.recover import Remarks, UnlikeError, parse, remarks
from bridge.recover.remarks import heading, is_of_pipeline, pipeline_said, step_said, texts
from bridge.recover.source import comment_of
from bridge_kedro.reading.seen import NodeSeen
from bridge_kedro.remarks import likely_parts

__all__ = ["Notes", "notes_of"]


@dataclass
class Notes:
    """What is said of a node's ``step``, and where it stands.

    ``around`` are the parallels and branches around it, the outermost first; ``parallels`` and
    ``pipelines`` have what is said of these, by their names and those around them. ``namespace``
    is what is given to the step itself.
    """

    name: str
    around: tuple[tuple[str, str], ...]
    namespace: str
    step: Remarks
    parallels: Mapping[tuple[str, ...], Mapping[str, Any]] = field(default_factory=dict)
    pipelines: Mapping[tuple[str, ...], Mapping[str, Any]] = field(default_factory=dict)

    @property
    def places(self) -> list[tuple[str, ...]]:
        """The names of the parallels around it, each with those around it."""
        parts = [part for pair in self.around for part in pair]
        return [tuple(parts[:i]) for i in range(1, len(parts), 2)]

    @property
    def prefix(self) -> str:
        """How the names begin of the steps in it."""
        return "".join(f"{name}.{key}." for name, key in self.around)


def notes_of(text: str, nodes: Sequence[NodeSeen]) -> tuple[Remarks, dict[str, Notes]]:
    """What is said on top of a pipeline's module, and of each node by its name."""
    tree = parse(text)
    on_top = [c for c in map(comment_of, tree.body) if c is not None]
    lines = text.splitlines()
    calls = sorted(
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Node"
    )
    if len(calls) != len(nodes):
        raise UnlikeError("not every node is written by itself")
    said = [list(_above(lines, line - 1)) for line in calls]
    found = {n.name: _notes(n, comments) for n, comments in zip(nodes, said, strict=True)}
    return remarks(on_top), found


def _above(lines: Sequence[str], place: int) -> Iterator[str]:
    """The comments just above a line."""
    start = place
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    for line in lines[start:place]:
        yield line.strip().removeprefix("#").removeprefix(" ")


def _notes(node: NodeSeen, comments: Sequence[str]) -> Notes:
    local = node.name.removeprefix(f"{node.namespace}.") if node.namespace else node.name
    own = remarks(comments)
    parts = texts(own["step"]) if "step" in own else likely_parts(node.namespace, local)
    around = tuple(zip(parts[:-1:2], parts[1:-1:2], strict=True))
    found = Notes(parts[-1], around, _given(node, local, parts), {})
    parallels: dict[tuple[str, ...], list[str]] = {}
    pipelines: dict[tuple[str, ...], list[str]] = {}
    step: list[str] = []
    at = step
    for comment in comments:
        if branch := heading(comment):
            at = step
            pipeline: list[str] = []
            pipelines[_place(around, branch)] = pipeline
        elif comment.startswith("parallel: "):
            at = parallels[_parallel(around, texts(comment.removeprefix("parallel: "))[0])] = []
        elif is_of_pipeline(comment):
            pipeline.append(comment)
        else:
            at.append(comment)
    found.step = remarks(step)
    found.step.pop("step", None)
    found.parallels = {place: step_said(remarks(c)) for place, c in parallels.items()}
    found.pipelines = {place: pipeline_said(remarks(c)) for place, c in pipelines.items()}
    return found


def _place(around: Sequence[tuple[str, str]], branch: tuple[str, str]) -> tuple[str, ...]:
    if branch not in around:
        raise UnlikeError(f"a comment tells of a branch {branch} that is not there")
    return tuple(part for pair in around[: around.index(branch) + 1] for part in pair)


def _parallel(around: Sequence[tuple[str, str]], name: str) -> tuple[str, ...]:
    for i, (parallel, _) in enumerate(around):
        if parallel == name:
            return (*(part for pair in around[:i] for part in pair), name)
    raise UnlikeError(f"a comment tells of a parallel '{name}' that is not there")


def _given(node: NodeSeen, local: str, parts: Sequence[str]) -> str:
    """The namespace that is given to a step itself, whose name begins with it."""
    name = parts[-1]
    end = name.removesuffix(local).rstrip(".") if name.endswith(local) else ""
    return end if end and node.namespace.endswith(end) else ""
