"""What stands beside the flow: how to run it, and what it needs."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from shlex import quote

from bridge.model import Pipeline, Task
from bridge.nodes import walk
from bridge_metaflow.plan import Plan

__all__ = ["readme", "requirements"]

_NEEDS = {"notebook": ("ipykernel", "papermill")}


def requirements(pipeline: Pipeline, carries: Collection[str]) -> str:
    """What has to be installed, besides what the user's own functions import."""
    needed = {need for module in carries for need in _NEEDS.get(module, ())}
    tasks = [step for _, step in walk(pipeline) if isinstance(step, Task)]
    asked = dict.fromkeys(need for task in tasks for need in task.dependencies)
    return "\n".join(["metaflow>=2.19,<3", *sorted(needed), *asked]) + "\n"


def readme(laid: Plan, carries: Collection[str], deletes: bool) -> str:
    """How to run the flow, in a few lines; ``deletes`` when steps drop what they have read."""
    pipeline = laid.flow.pipeline
    lines = [f"# {laid.class_name}", ""]
    if pipeline.description:
        lines += [pipeline.description, ""]
    lines += [
        "A [Metaflow](https://docs.metaflow.org) flow. To run it:",
        "",
        "    pip install -r requirements.txt   # and what the functions import",
        f"    python {laid.file} run{_example(laid)}",
        "",
        f"`python {laid.file} run --help` lists the parameters, `python {laid.file} show` "
        "the steps.",
    ]
    if "files" in carries or "objects" in carries:
        lines.append(
            "Files travel between steps through a store, the folder `.store` beside the flow; set "
            "`PIPELINE_STORE` to another folder, or to a URL such as `s3://bucket/store`."
        )
    if "notebook" in carries:
        lines.append(
            "Executed notebooks are kept in `.notebooks`, in the folder where the run was started."
        )
    if any(step.does == "fan" for step in laid.steps):
        lines += ["", "A step for each of more than 100 items needs `--max-num-splits`."]
    lines += _deployed(pipeline)
    if deletes:
        lines += [
            "",
            "Where a step drops `self.x` at its end, it has only read it: Metaflow would otherwise "
            "store it again, with whatever the function did to it.",
        ]
    return "\n".join(lines) + "\n"


def _deployed(pipeline: Pipeline) -> Iterator[str]:
    """What counts only where the flow does not run here."""
    images = {
        task.image: path for path, task in walk(pipeline) if isinstance(task, Task) and task.image
    }
    if pipeline.schedule:
        yield ""
        yield (
            f"The flow is to run by the schedule `{pipeline.schedule}`; it does once deployed, "
            "for example by `argo-workflows create`."
        )
    for image, path in images.items():
        yield ""
        yield (
            f"'{path}' asks for the image `{image}`. A local run has none; on Kubernetes give "
            f"`run --with kubernetes:image={image}`."
        )


def _example(laid: Plan) -> str:
    """The first parameter with its default, as one would type it."""
    for name, own in laid.names.parameters.items():
        value = laid.flow.pipeline.parameters[name]
        text = value if isinstance(value, str) else json.dumps(value)
        if isinstance(value, bool):
            text = str(value)
        if text and text.isprintable() and len(text) < 40:
            return f" --{own} {quote(text)}"
    return ""
