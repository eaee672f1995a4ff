"""What is asked of the place where a task runs: tags of its node, and what is told of the rest.

Kedro runs all nodes where it was started. What a task asks of a machine becomes tags, by which
the plugins that deploy a project find the nodes that need a certain machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from bridge.errors import ModelError
from bridge.flow import Flow, Node, walk
from bridge.model import Pipeline, Resources, Step
from bridge.nodes import inside
from bridge.unit import Unit

__all__ = ["confirms", "dependencies", "refuse_overrides", "steps_of", "tags"]

_OVERRIDES = ("confirms", "group", "namespace", "tags")
_TAG = re.compile(r"[\w.-]+")


def steps_of(flow: Flow, node: Node) -> Iterator[Step]:
    """The steps that a node stands in or for: branches around it, itself, all that is inside."""
    parts = node.path.split(".")
    around = (".".join(parts[:i]) for i in range(1, len(parts)))
    yield from (flow.steps[path] for path in around if path in flow.steps)
    if not isinstance(node.task, Unit):
        yield node.step
    for _, pipeline in inside(node.step):
        yield from (step for _, step in walk(pipeline) if not isinstance(step, Unit))


def refuse_overrides(pipeline: Pipeline) -> None:
    """Raise ModelError for what is written for Kedro on a pipeline: only nodes take anything."""
    inner = (p for _, step in walk(pipeline) for _, p in inside(step))
    for found in (pipeline, *inner):
        for name in found.overrides.get("kedro", {}):
            text = f"overrides of pipeline '{found.name}' say '{name}' for kedro; say it of steps"
            raise ModelError(text, found.where)


def tags(flow: Flow, node: Node) -> list[str]:
    """The tags of a node, in no order of their own. Raises ModelError for what Kedro takes not."""
    given = [tag for step in steps_of(flow, node) for tag in _given(step)]
    asked: Resources | None = getattr(node.task, "resources", None)
    return sorted({*given, *_asked(asked or Resources())})


def _given(step: Step) -> list[str]:
    overrides = step.overrides.get("kedro", {})
    for name in overrides:
        if name not in _OVERRIDES:
            close = get_close_matches(name, _OVERRIDES, n=1)
            hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(_OVERRIDES)}"
            text = f"overrides of '{step.name}' says '{name}' for kedro; {hint}"
            raise ModelError(text, step.where)
    for what in ("namespace", "tags"):
        found = _several(overrides.get(what, []))
        if not isinstance(found, list) or not all(map(_is_tag, found)):
            signs = "letters, digits, '_', '-' and '.'"
            text = f"{what} of '{step.name}' for kedro must be {signs}, not {found!r}"
            raise ModelError(text, step.where)
    return list(_several(overrides.get("tags", [])))


def _several(found: Any) -> Any:
    return [found] if isinstance(found, str) else list(found) if isinstance(found, tuple) else found


def confirms(node: Node, datasets: Mapping[str, str]) -> list[str]:
    """The datasets that a node confirms, by the names that they have in the project."""
    asked = _several(node.step.overrides.get("kedro", {}).get("confirms", []))
    return [datasets.get(name, name) for name in asked]


def _is_tag(value: Any) -> bool:
    return isinstance(value, str) and bool(_TAG.fullmatch(value))


def _asked(resources: Resources) -> Iterator[str]:
    if resources.cpu is not None:
        yield f"cpu-{resources.cpu:g}"
    if resources.memory is not None:
        yield f"memory-{resources.memory}MB"
    if resources.gpu is not None:
        yield f"gpu-{resources.gpu:g}"


def dependencies(pipeline: Pipeline) -> list[str]:
    """What tasks depend on, each once."""
    asked = (getattr(step, "dependencies", ()) for _, step in walk(pipeline))
    return list(dict.fromkeys(" ".join(text.split()) for found in asked for text in found))
