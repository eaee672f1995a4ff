"""The pipeline of a flow that was written: a guess, which is right if it is written so again."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.emit.carried import PACKAGE
from bridge.errors import BridgeError, Where
from bridge.findings import Feature, Level
from bridge.model import Dataset, Pipeline
from bridge.recover import parse, remarks
from bridge.recover.remarks import texts
from bridge.recover.source import UnlikeError, comment_of, literal_of
from bridge_metaflow.reading.decorators import of_flow, of_step
from bridge_metaflow.reading.graph import FlowStep, steps
from bridge_metaflow.reading.own.items import ordered
from bridge_metaflow.reading.own.names import Names
from bridge_metaflow.reading.own.shape import Shape
from bridge_metaflow.reading.own.tasks import Tasks
from bridge_metaflow.reading.parameters import givens
from bridge_metaflow.reading.source import FlowSource, Member
from bridge_metaflow.reading.text import Module
from bridge_metaflow.reading.told import Told
from bridge_metaflow.remarks import pipeline_name, text_of

__all__ = ["Guess", "guess", "is_likely"]

_NOT_OURS = (UnlikeError, BridgeError, LookupError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True)
class Guess:
    """A pipeline, and what is told of its source.

    The attributes of the flow are told by the names for which they stand: of values that steps
    set, and of parameters.
    """

    pipeline: Pipeline
    values: Mapping[str, str]
    parameters: Mapping[str, str]
    told: Told


def is_likely(source: FlowSource) -> bool:
    """Whether a flow is laid out as the writer does it, by what it imports or says of itself."""
    text = source.module.text
    return f"from {PACKAGE}." in text or '"""The pipeline \'' in text


def guess(source: FlowSource) -> Guess | None:
    """What the flow was written from, if it can be; whatever is not of that form gives None."""
    try:
        return _Guessing(source).guess()
    except _NOT_OURS:
        return None


class _Guessing:
    def __init__(self, source: FlowSource) -> None:
        given = source.module
        tree = parse(given.text)
        module = Module(given.path, given.shown, given.text, tree, given.name)
        self._node = next(
            n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == source.name
        )
        self._comments = _above(self._node)
        members = {name: Member(name, node, module) for name, node in _members(self._node)}
        self._source = FlowSource(module, self._node, [(module, self._node)], members)
        self._told = Told()

    def guess(self) -> Guess:
        found = steps(self._source)
        names = Names()
        given = givens(self._source, self._told)
        if any(g.kind != "Parameter" for g in given.values()):
            raise UnlikeError("only Parameters are written")
        said = {n: g.said["help"] for n, g in given.items() if "help" in g.said}
        names.of |= {n: literal_of(node) for n, node in said.items()}
        class_said = remarks(self._comments.get("", ()))
        names.learn(found.values(), self._source.module, found)
        told = self._told
        around = of_flow(self._source, {}, told)
        policies = {n: of_step(_without_catch(s), {}, told) for n, s in found.items()}
        tasks = Tasks(self._source, names, policies)
        whole = Shape(found, self._comments, tasks).whole()
        name, description = self._described(class_said)
        pipeline = ordered(whole, class_said)
        overrides = dict(pipeline.overrides)
        if around.kept and "metaflow" not in overrides:
            overrides["metaflow"] = {"decorators": around.kept}
        pipeline = replace(
            pipeline,
            name=name,
            description=description,
            parameters={names.name(n): g.value for n, g in given.items()},
            datasets={**self._datasets(class_said), **tasks.datasets},
            schedule=class_said.get("schedule", around.schedule),
            overrides=overrides,
            where=Where(self._source.module.shown, self._node.lineno),
        )
        for step in found.values():
            self._tell(step)
        parameters = {names.name(n): n for n in given}
        values = {names.name(a): a for a in names.of if a not in given}
        return Guess(pipeline, values, parameters, told)

    def _datasets(self, said: Mapping[str, str]) -> dict[str, Dataset]:
        """Those that no task uses."""
        found = {}
        for key, text in said.items():
            if not key.startswith("dataset "):
                continue
            name = texts(key.removeprefix("dataset "))[0]
            call: Any = ast.parse(f"dataset({text})", mode="eval").body
            options = {k.arg: literal_of(k.value) for k in call.keywords if k.arg}
            for keyword in call.keywords:
                options |= {} if keyword.arg else literal_of(keyword.value)
            credentials = options.pop("credentials", None)
            type_, *path = map(literal_of, call.args)
            found[name] = Dataset(type_, path[0] if path else None, options, credentials)
        return found

    def _described(self, said: Mapping[str, str]) -> tuple[str, str]:
        node = self._node.body[0]
        assert isinstance(node, ast.Expr)
        doc = text_of(ast.get_source_segment(self._source.module.text, node) or "''")
        name = texts(said["pipeline"])[0] if "pipeline" in said else ""
        if "about" in said:
            return name or pipeline_name(self._node.name), texts(said["about"])[0]
        if doc.startswith("The pipeline '") and doc.endswith("'."):
            return doc[14:-2], ""
        return name or pipeline_name(self._node.name), doc

    def _tell(self, step: FlowStep) -> None:
        add = self._told.add
        add(Feature.PYTHON, step.name, "@step", Level.CARRIED, "as it was written", step.where)
        if step.next.call is not None:
            where = step.module.where(step.next.call)
            how = "the pipeline that was written"
            add(Feature.ORDER_AFTER, step.name, "self.next", Level.CARRIED, how, where)
            for keyword in step.next.call.keywords:
                attribute = f"self.next({keyword.arg})"
                add(Feature.ORDER_AFTER, step.name, attribute, Level.CARRIED, how, where)
        for decorator in step.decorators:
            if _is_catch(decorator):
                where = step.module.where(decorator)
                how = "a pipeline for the failure of the task"
                add(Feature.ON_FAILURE, step.name, "@catch", Level.CARRIED, how, where)
                add(Feature.ON_FAILURE, step.name, "@catch(var)", Level.CARRIED, how, where)


def _is_catch(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "catch"


def _without_catch(step: FlowStep) -> FlowStep:
    return replace(step, decorators=[d for d in step.decorators if not _is_catch(d)])


def _members(node: ast.ClassDef) -> list[tuple[str, ast.stmt]]:
    found: list[tuple[str, ast.stmt]] = []
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef):
            found.append((statement.name, statement))
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            found.append((statement.targets[0].id, statement))
        elif comment_of(statement) is None and statement is not node.body[0]:
            raise UnlikeError(f"line {statement.lineno} is no part of a flow")
    return found


def _above(node: ast.ClassDef) -> dict[str, list[str]]:
    """The comments right above each method; those of the class itself by the empty name."""
    found: dict[str, list[str]] = {"": []}
    said: list[tuple[int, str]] = []
    for statement in node.body[1:]:
        comment = comment_of(statement)
        if comment is not None:
            said.append((statement.lineno, comment))
            continue
        line = min(
            [statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", ()))]
        )
        own: list[str] = []
        while isinstance(statement, ast.FunctionDef) and said and said[-1][0] == line - 1:
            line, comment = said.pop()
            own.insert(0, comment)
        if isinstance(statement, ast.FunctionDef):
            found[statement.name] = own
        found[""] += [text for _, text in said]
        said = []
    return found
