"""The steps found so far in a written flow, with the comments that tell what they are in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.lower.rebuild import rebuilt
from bridge.model import Parallel, Pipeline, Step, Stub, Task
from bridge.recover.remarks import heading, pipeline_said, remarks, step_said, texts
from bridge.recover.source import UnlikeError
from bridge_metaflow.reading.own.tasks import Within
from bridge_metaflow.remarks import step_heading

__all__ = [
    "NOTHING",
    "Block",
    "Held",
    "Item",
    "Series",
    "blocks_of",
    "grouped",
    "ordered",
    "said_of",
]

NOTHING = Pipeline([Stub("-")])
"""Stands for a pipeline that is not known yet."""


@dataclass
class Block:
    """Comments under a heading, or those that need none."""

    heading: str | None
    said: list[str] = field(default_factory=list)


@dataclass
class Item:
    """A step of a pipeline, and what is said above it of those that it is in.

    One that is ``open`` has its only branch behind it. ``on_failure`` and ``more`` are of the
    pipeline that holds it.
    """

    step: Step
    blocks: list[Block] = field(default_factory=list)
    open: bool = False
    on_failure: Pipeline | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def told(self, *headings: str | None) -> dict[str, str]:
        """What is said under one of these headings, if that comes next from within."""
        if self.blocks and self.blocks[-1].heading in headings:
            return remarks(self.blocks.pop().said)
        return {}


def blocks_of(comments: Sequence[str]) -> list[Block]:
    """The comments, by their headings."""
    found: list[Block] = []
    for comment in comments:
        if _is_heading(comment):
            found.append(Block(comment))
        else:
            found = found or [Block(None)]
            found[-1].said.append(comment)
    return found


@dataclass
class Series:
    """Steps that follow one another, up to ``end``."""

    items: list[Item] = field(default_factory=list)
    end: str = ""


class Held:
    """Where steps stand of which some are the only branch of a composite that has no step."""

    def __init__(self, within: Within) -> None:
        self._open: list[tuple[str, str, Within]] = []
        self.within = within

    def begin(self, blocks: Sequence[Block]) -> None:
        """Enter the branches that begin with a step of which this is said."""
        for block in blocks:
            if told := _held(block):
                (name, key), names = told
                self._open.append((name, names[-1], self.within))
                self.within = self.within.inside(f"{name}.{key}")

    def end(self, items: Sequence[Item]) -> None:
        """Leave those of which the last step is among these."""
        names = {item.step.name for item in items if not item.open}
        while self._open and self._open[-1][1] in names:
            name, _, self.within = self._open.pop()
            names = {name}


def ordered(items: Sequence[Item], told: dict[str, str]) -> Pipeline:
    """A pipeline of these steps, in the order that is told of."""
    steps = [item.step for item in items]
    if "steps" in told:
        place = {name: i for i, name in enumerate(texts(told["steps"]))}
        if {*place} != {step.name for step in steps}:
            raise UnlikeError("the steps are not those that a remark tells of")
        steps = sorted(steps, key=lambda step: place[step.name])
    handler = next((item.on_failure for item in items if item.on_failure), None)
    more = {key: value for item in items for key, value in item.more.items()}
    return Pipeline(steps, on_failure=handler, **{**more, **pipeline_said(told)})


def grouped(items: list[Item]) -> list[Item]:
    """Steps that are the only branch of a composite, or one that runs after others, put into it."""
    found = list(items)
    for i in reversed(range(len(items))):
        while found[i].blocks and (told := _held(found[i].blocks[-1])):
            (name, key), names = told
            inside, said = found[i : i + len(names)], remarks(found[i].blocks.pop().said)
            if {item.step.name for item in inside} != {*names}:
                raise UnlikeError(f"'{name}' does not hold what is told")
            branch = ordered(inside, said)
            before = found[i - 1] if i else None
            if before and before.open and before.step.name == name:
                _fill(before, branch)
                found[i : i + len(names)] = []
                break
            group = Item(Parallel(name=name, branches={key: branch}), found[i].blocks)
            found[i : i + len(names)] = [group]
            _join_row(found, i)
            group.step = said_of(found[i].step, group.told(step_heading(name)))
    return found


def _held(block: Block) -> tuple[tuple[str, str], list[str]] | None:
    said, of = remarks(block.said), heading(block.heading)
    return (of, texts(said["holds"])) if of and "holds" in said else None


def _fill(item: Item, branch: Pipeline) -> None:
    step: Any = item.step
    if step.default is not None and not step.branches:
        item.step = replace(step, default=branch)
    else:
        item.step = replace(step, branches=dict.fromkeys(step.branches, branch))
    item.open = False


def _join_row(found: list[Item], i: int) -> None:
    """Let a branch and those of the same composite behind it be one step."""
    own = found[i].step
    other = found[i + 1].step if i + 1 < len(found) else None
    if isinstance(own, Parallel) and isinstance(other, Parallel) and own.name == other.name:
        found[i].step = replace(other, branches={**own.branches, **other.branches})
        del found[i + 1]


def said_of(step: Step, told: Mapping[str, str]) -> Step:
    """The step with what is said of it; its decorators are no longer those of the steps in it."""
    found = replace(step, **step_said(dict(told)))
    own = _decorators(found) if told else []
    return rebuilt(found, lambda inner, _: _without(inner, own)) if own else found


def _without(pipeline: Pipeline, decorators: Sequence[str]) -> Pipeline:
    steps = []
    for step in pipeline.steps:
        left = [text for text in _decorators(step) if text not in decorators]
        kept = {name: given for name, given in step.overrides.items() if name != "metaflow"}
        kept |= {"metaflow": {"decorators": left}} if left else {}
        found = replace(step, overrides=kept) if isinstance(step, Task) else step
        steps.append(rebuilt(found, lambda inner, _: _without(inner, decorators)))
    return replace(pipeline, steps=steps)


def _decorators(step: Step) -> list[str]:
    return list(step.overrides.get("metaflow", {}).get("decorators", ()))


def _is_heading(comment: str) -> bool:
    return bool(re.match(r"(branch|step|inside|failure of) ['\"]", comment))
