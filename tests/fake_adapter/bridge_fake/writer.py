"""From a pipeline to a script."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.adapter import Export, Options
from bridge.emit.body import body, kept_notebook
from bridge.emit.carried import carried
from bridge.emit.names import Names
from bridge.emit.python import comment, docstring, indent, literal
from bridge.flow import Flow, Node, Output, Parameter, analyse
from bridge.model import Pipeline
from bridge.values import Fact

_HEAD = """import copy
import json
import pickle
import sys
from datetime import UTC, datetime


def main(parameters, values):
"""
_TAIL = """

if __name__ == "__main__":
    values = {}
    try:
        main({**PARAMETERS, **json.loads(sys.argv[1])}, values)
    except BaseException as error:
        values["error"] = type(error).__name__, str(error)
        raise
    finally:
        with open(sys.argv[2], "wb") as file:
            pickle.dump(values, file)
"""


def write(pipeline: Pipeline, options: Options) -> Export:
    """``script.py``, and what it carries."""
    flow = analyse(pipeline)
    names = Names(
        {
            "main",
            "copy",
            "json",
            "pickle",
            "sys",
            "parameters",
            "values",
            "PARAMETERS",
            "RUN",
            "DATE",
            "UTC",
            "datetime",
        }
    )
    carries: set[str] = set()
    tasks = [_task(flow, node, names, carries, options) for node in flow.nodes.values()]
    calls = [f"{names(path)}(parameters, values)" for path in flow.nodes]
    script = "\n".join(
        [
            docstring(pipeline.description or pipeline.name),
            _HEAD,
            *_todos(options, [path for path in options.todos if path not in flow.nodes]),
            *indent(calls),
            "",
            f"PARAMETERS = {literal(dict(pipeline.parameters))}",
            'RUN = "latest"',
            "DATE = datetime.now(UTC).isoformat()",
            *tasks,
            _TAIL,
        ]
    )
    return Export({"script.py": script, **carried(carries)})


def _task(flow: Flow, node: Node, names: Names, carries: set[str], options: Options) -> str:
    values = {read.argument.name: _reached(read.source, node) for read in node.reads}
    files = [f"values[{literal(path)}, None]" for path in node.files_from]
    kept = kept_notebook("RUN")
    found = body(flow, node, values, files, ["parameters", "values", "RUN", "DATE"], kept)
    carries |= found.carries
    stores = [f"values[{literal(node.path)}, {literal(n)}] = {e}" for n, e in found.outputs.items()]
    if found.manifest and node.inner:
        stores.append(f"values[{literal(node.path)}, None] = {found.manifest}")
    elif found.manifest:  # set inside the block, whose end fills it, also after a failure
        setting = f"values[{literal(node.path)}, None] = {found.manifest}"
        found.lines.insert(1, indent([setting])[0])
    done = f"values[{literal(node.path)}, True] = True"
    todos = _todos(options, [node.path])
    lines = [*todos, *found.imports, *found.lines, *stores, done]
    return f"\n\ndef {names(node.path)}(parameters, values):\n" + "\n".join(indent(lines))


def _todos(options: Options, paths: Iterable[str]) -> list[str]:
    todos = (todo for path in paths for todo in options.todos.get(path, ()))
    return [comment(f"TODO: {todo}") for todo in todos]


def _reached(source: object, node: Node) -> str:
    if isinstance(source, Fact):
        facts = {
            "run_id": "RUN",
            "step": literal(node.path),
            "attempt": "1",
            "logical_date": "DATE",
        }
        return facts[source.name]
    if isinstance(source, Parameter):
        return f"copy.deepcopy(parameters[{literal(source.name)}])"
    if isinstance(source, Output):
        return f"copy.deepcopy(values[{literal(source.step)}, {literal(source.name)}])"
    return ""
