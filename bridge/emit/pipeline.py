"""A pipeline as the Python that a person would have written for it."""

from __future__ import annotations

import ast
import json
import keyword
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from bridge.emit.names import Names, identifier
from bridge.emit.python import comment, docstring, finish
from bridge.errors import ModelError
from bridge.expressions import Expression
from bridge.frozen import Frozen
from bridge.model import Composite, Pipeline, PythonTask, Step, Stub, Task
from bridge.references import Reference, refer
from bridge.values import At, Constant, Fact, Kind, Return

__all__ = ["module", "statements"]

_FIRST = (
    *("name", "description", "parameter", "iterate_on", "iterate_as", "max_iterations"),
    *("function", "notebook", "command", "framework", "definition", "inputs", "returns"),
)
_LAST = ("order", "reducer", "branch", "branches", "default", "steps", "on_failure")
_LINES = ",\n"
_MAIN = 'if __name__ == "__main__":\n    pipeline.execute()'


def module(pipeline: Pipeline, todos: Mapping[str, Sequence[str]] | None = None) -> str:
    """The text of ``pipeline.py``, which imports the functions and makes an equal pipeline.

    ``todos`` are sentences that stand as comments at a step, by its path (empty: the pipeline).
    """
    writing = _Writing(todos or {}, imports=True)
    made = writing.made(pipeline)
    about = docstring(pipeline.description or f"The pipeline {pipeline.name}.")
    parts = [about, writing.head(), *writing.definitions, made, _MAIN]
    return finish("\n\n".join(filter(None, parts)), "pipeline.py")


def statements(pipeline: Pipeline) -> str:
    """Statements to be pasted, which name functions by text and import but what they use."""
    writing = _Writing({}, imports=False)
    made = writing.made(pipeline)
    return finish("\n\n".join([writing.head(), *writing.definitions, made]), "pipeline")


class _Writing:
    def __init__(self, todos: Mapping[str, Sequence[str]], imports: bool) -> None:
        self.definitions: list[str] = []
        self._todos = dict(todos)
        self._imports = imports
        self._used: set[str] = set()
        self._functions: dict[str, dict[str, str]] = {}
        self._defined: dict[str, str] = {}
        self._names = Names({"pipeline", *_public()})

    def made(self, pipeline: Pipeline) -> str:
        """The statement that makes it all; before it stands what there is no other place for."""
        text = f"pipeline = {self._pipeline(pipeline, '')}"
        return "".join([*map(self._todo, [*self._todos]), text])

    def head(self) -> str:
        """The imports of all that was written so far."""
        lines = [f"from bridge import {', '.join(sorted(self._used))}", ""]
        for name, tops in sorted(self._functions.items()):
            plain = sorted(top for top, alias in tops.items() if alias == top)
            lines += [f"from {name} import {', '.join(plain)}"] if plain else []
            others = sorted((top, alias) for top, alias in tops.items() if alias != top)
            lines += [f"from {name} import {top} as {alias}" for top, alias in others]
        return "\n".join(lines).rstrip()

    def _todo(self, path: str) -> str:
        lines = [comment(f"TODO: {todo}") for todo in self._todos.pop(path, ())]
        return "".join(f"{line}\n" for line in lines)

    def _call(self, name: str, arguments: Sequence[str]) -> str:
        self._used.add(name)
        return f"{name}({', '.join(arguments)})"

    # Pipelines and steps

    def _pipeline(self, pipeline: Pipeline, prefix: str) -> str:
        said = dict(_said(pipeline))
        steps = [f"{self._todo(prefix + s.name)}{self._step(s, prefix)}" for s in said["steps"]]
        end = ",\n" if len(steps) > 1 else "\n"  # a comma there keeps each on a line of its own
        said["steps"] = f"[\n{_LINES.join(steps)}{end}]"
        if inner := said.get("on_failure"):
            said["on_failure"] = self._inside(inner, f"{prefix}on_failure", "on_failure")
        written = ("steps", "on_failure")
        texts = {n: v if n in written else self._text(v) for n, v in said.items()}
        if len(texts) == 1:
            return self._call("Pipeline", [texts["steps"]])
        ordered = sorted(texts, key=_rank)
        return self._call("Pipeline", [f"{name}={texts[name]}" for name in ordered])

    def _inside(self, pipeline: Pipeline, path: str, name: str) -> str:
        """A pipeline inside another: in its place when it is small, else by a name of its own."""
        only = pipeline.steps[0]
        if len(pipeline.steps) == 1 and isinstance(only, Task) and not only.on_failure:
            if pipeline == only.as_pipeline():
                todo = self._todo(f"{path}.{only.name}")
                return f"{todo}{self._step(only, f'{path}.')}.as_pipeline()"
            return self._pipeline(pipeline, f"{path}.")
        return self._define(self._pipeline(pipeline, f"{path}."), name)

    def _define(self, text: str, name: str) -> str:
        """The name that stands for an expression, which is written once."""
        if text not in self._defined:
            self._defined[text] = self._names(text, identifier(name, ascii_only=True))
            self.definitions.append(f"{self._defined[text]} = {text}")
        return self._defined[text]

    def _step(self, step: Step, prefix: str) -> str:
        path = prefix + step.name
        said = dict(_said(step))
        if isinstance(step, PythonTask) and step.name == step.reference.name:
            del said["name"]
        if isinstance(step, Stub):
            said |= _extra(said.pop("extra", {}))
        inner = self._branches(step, path)
        texts = {name: inner.get(name) or self._argument(step, name, said[name]) for name in said}
        ordered = sorted(texts, key=_rank)
        return self._call(type(step).__name__, [f"{name}={texts[name]}" for name in ordered])

    def _branches(self, step: Step, path: str) -> dict[str, str]:
        """The arguments of a step that are pipelines."""
        found = {}
        if isinstance(step, Composite):
            for name in ("branch", "default"):
                if inner := getattr(step, name, None):
                    key = "" if name == "branch" else f".{name}"
                    found[name] = self._inside(inner, path + key, f"{step.name}{key}")
            if branches := getattr(step, "branches", None):
                pairs = [
                    f"{key!r}: {self._inside(inner, f'{path}.{key}', f'{step.name} {_word(key)}')}"
                    for key, inner in branches.items()
                ]
                found["branches"] = f"{{{', '.join(pairs)}}}"
        if step.on_failure:
            name = f"after {step.name} failed"
            found["on_failure"] = self._inside(step.on_failure, f"{path}.on_failure", name)
        return found

    # Values

    def _argument(self, step: Step, name: str, value: Any) -> str:
        if name == "inputs":
            return self._inputs(value)
        if name == "command" and self._imports and "\n" in value[:-1] and (text := _block(value)):
            return self._define(text, step.name.upper())
        return self._text(value)

    def _inputs(self, inputs: Mapping[str, Any]) -> str:
        if all(given == At(name) for name, given in inputs.items()):
            return repr(list(inputs))
        plain = {n: g.name if isinstance(g, At) and not g.path else g for n, g in inputs.items()}
        return self._text(plain)

    def _text(self, value: Any) -> str:
        if isinstance(value, Reference):
            return self._function(value)
        if isinstance(value, Expression):
            return repr(value.text)
        if isinstance(value, Return):
            named = value.kind is Kind.JSON
            return repr(value.name) if named else self._made(value.kind, value.name)
        if isinstance(value, At):
            return self._made("at", value.name, *value.path)
        if isinstance(value, Fact | Constant):
            held = value.name if isinstance(value, Fact) else value.value
            return self._made(type(value).__name__.lower(), held)
        if isinstance(value, Frozen):
            given = [f"{name}={self._text(v)}" for name, v in _said(value)]
            return self._call(type(value).__name__, given)
        if isinstance(value, Mapping):
            pairs = [f"{self._text(k)}: {self._text(v)}" for k, v in value.items()]
            return f"{{{', '.join(pairs)}}}"
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self._text, value))}]"
        return repr(value)

    def _made(self, maker: str, *given: Any) -> str:
        return self._call(str(maker), [self._text(value) for value in given])

    def _function(self, reference: Reference) -> str:
        """The function by its own name, imported, where that leads back to the same reference."""
        if not self._imports or not _is_itself(reference):
            return repr(str(reference))
        top, _, rest = reference.qualname.partition(".")
        name = self._names(f"function {reference.module}:{top}", top)
        self._functions.setdefault(reference.module, {})[top] = name
        return f"{name}.{rest}" if rest else name


def _public() -> Sequence[str]:
    import bridge

    return bridge.__all__


def _is_itself(reference: Reference) -> bool:
    try:
        return refer(reference.load()) == reference
    except ModelError:
        return False


def _said(value: Frozen) -> Iterator[tuple[str, Any]]:
    """The fields of an object that are not as they are when nothing is said."""
    for f in fields(value):
        found = getattr(value, f.name)
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        if f.compare and (type(found) is not type(default) or found != default):
            yield f.name, found


def _rank(name: str) -> tuple[int, int]:
    """Where an argument stands among those of its call."""
    if name in _FIRST:
        return 0, _FIRST.index(name)
    return (2, _LAST.index(name)) if name in _LAST else (1, 0)


def _extra(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What else is written on a stub, as arguments where each can be one."""
    known = {f.name for f in fields(Stub)}
    plain = all(k.isidentifier() and not keyword.iskeyword(k) and k not in known for k in extra)
    return dict(extra) if plain else {"extra": extra}


def _word(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key)


def _block(text: str) -> str:
    """Text of several lines between triple quotes; empty where it cannot stand there as it is."""
    found = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    found = f'"""\\\n{found}"""'
    try:
        same = all(c.isprintable() or c in "\n\t" for c in text) and ast.literal_eval(found) == text
    except SyntaxError:
        return ""
    return found if same else ""
