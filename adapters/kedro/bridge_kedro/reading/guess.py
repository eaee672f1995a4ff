"""The pipeline that a project was written from, guessed from its nodes and their functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bridge import recover
from bridge.emit.remarks import several
from bridge.model import Pipeline, PythonTask, Step
from bridge.order import sort
from bridge.policies import Dataset, Resources
from bridge.recover import Remarks, UnlikeError
from bridge.recover.remarks import pipeline_said, step_said, task_said, texts
from bridge.recover.source import comment_of
from bridge.values import FACTS, At, Fact, Input, Kind, Return
from bridge_kedro.reading.notes import Notes, notes_of
from bridge_kedro.reading.scopes import Child, assembled
from bridge_kedro.reading.seen import Entry, NodeSeen, Project

__all__ = ["Guess", "module_of"]

_FOLDERS = ("data/02_intermediate", "data/06_models", "data/08_reporting")
_ABOUT = "The pipeline '{}'."
_SCHEDULE = re.compile(r"```\n(.+) cd path/to/this/folder && kedro run\n```")
_ASKED = re.compile(r"(cpu|gpu)-[\d.]+(e[+-]?\d+)?|memory-\d+MB")


def module_of(project: Project) -> str:
    """The package in which the writer puts the nodes."""
    return f"{project.package}.pipelines.{project.package}"


_Given = Sequence[tuple[str, ast.expr]]
"""The datasets that a node gives, and the expressions of what its function returns for them."""


@dataclass
class _Found:
    """What a node was written for: a task, or all that is in a unit.

    ``names`` are those of its values, by their datasets; ``waits`` the datasets of its arguments
    that its function does not use.
    """

    steps: list[Step]
    names: dict[str, str]
    waits: list[str] = field(default_factory=list)
    on_failure: Pipeline | None = None
    more: Mapping[str, Any] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)


class Guess:
    """What the project at ``root`` was written from. Raises UnlikeError where none can be."""

    def __init__(self, project: Project, root: Path) -> None:
        self._project, self._root = project, root
        folder = root / project.src / module_of(project).replace(".", "/")
        nodes = folder / "nodes.py"
        self._text = nodes.read_text("utf-8") if nodes.exists() else ""
        tree = recover.parse(self._text)
        self._functions = {f.name: f for f in tree.body if isinstance(f, ast.FunctionDef)}
        self._imported = recover.imported(tree)
        self._entries = {entry.name: entry for entry in project.entries}
        self._makers = {n: node for node in project.nodes for n in node.outputs.values()}
        self._found: dict[str, _Found] = {}
        text = (folder / "pipeline.py").read_text("utf-8")
        self._on_top, self._notes = notes_of(text, project.nodes)
        self._parallels = {
            p: s for notes in self._notes.values() for p, s in notes.parallels.items()
        }

    def pipeline(self) -> Pipeline:
        """The pipeline, if it is like this."""
        project = self._project
        own = [node for node in project.nodes if not self._is_gather(node)]
        self._in_turn()
        found = [self._node(node) for node in own]
        said = pipeline_said(self._on_top)
        gathers = {d: self._taken(n) for n in project.nodes for d in n.outputs.values()
                   if self._is_gather(n)}  # fmt: skip
        children = [
            Child(
                self._notes[node.name],
                one.steps,
                taken={*self._taken(node)},
                given={*node.outputs.values()},
                waits=one.waits,
                more=one.more,
            )
            for node, one in zip(own, found, strict=True)
        ]
        steps, order = assembled(children, said.pop("order", ""), gathers)
        handled = found[0] if len(found) == 1 and found[0].on_failure else None
        schedule = _SCHEDULE.search((self._root / "README.md").read_text("utf-8"))
        about = project.about if project.about != _ABOUT.format(project.name) else ""
        datasets = {e.name: _dataset(e) for e in project.entries if not _is_value(e)}
        for one in found:
            datasets |= one.datasets
        return Pipeline(
            handled.steps if handled else steps,
            name=project.name,
            parameters=project.parameters,
            datasets=datasets,
            order=handled.more.get("order", "list") if handled else order,
            schedule=schedule[1] if schedule else None,
            on_failure=handled.on_failure if handled else None,
            **{"description": about, **said},
        )

    def _in_turn(self) -> None:
        """Find out what every node was written for, those first from which others take values."""
        nodes = {node.name: node for node in self._project.nodes if not self._is_gather(node)}
        makers = {dataset: n.name for dataset, n in self._makers.items() if n.name in nodes}
        earlier = {
            name: [makers[dataset] for dataset in self._taken(node) if dataset in makers]
            for name, node in nodes.items()
        }
        for name in sort(earlier):
            self._node(nodes[name])

    def _is_gather(self, node: NodeSeen) -> bool:
        return node.call.reference == f"{module_of(self._project)}.nodes:gather"

    def _taken(self, node: NodeSeen) -> list[str]:
        return [
            *node.call.positional,
            *(v for v in node.call.keywords.values() if isinstance(v, str)),
        ]

    # Nodes

    def _node(self, node: NodeSeen) -> _Found:
        if node.name not in self._found:
            own = node.call.reference.startswith(f"{module_of(self._project)}.nodes:")
            self._found[node.name] = self._own(node) if own else self._plain(node)
        return self._found[node.name]

    def _plain(self, node: NodeSeen) -> _Found:
        """A node that calls the user's own function."""
        arguments = node.call.arguments
        if arguments is None or not all(isinstance(v, str) for v in arguments.values()):
            raise UnlikeError(f"'{node.name}' gives its function what is no dataset")
        notes = self._notes[node.name]
        told = task_said(notes.step)
        asked = told.pop("inputs", {})
        inputs = {n: self._from(str(v)) for n, v in arguments.items()}
        kept = {n: v for n, v in inputs.items() if v != At(n)} | asked
        names = self._names(node, notes.step)
        kinds = self._kinds(notes.step)
        step = PythonTask(
            name=notes.name,
            function=node.call.reference,
            inputs=kept,
            returns=[Return(n, kinds.get(n, Kind.PICKLED)) for n in names.values()],
            **{**told, **self._policies(node, notes)},
        )
        return _Found([step], names)

    def _names(self, node: NodeSeen, said: Remarks) -> dict[str, str]:
        """The names of a task's values by their datasets, as far as these tell."""
        datasets = list(node.outputs.values())
        if "returns" not in said:
            return {name: name for name in datasets}
        return dict(zip(datasets, texts(said["returns"]), strict=False))

    def _kinds(self, said: Remarks) -> dict[str, Kind]:
        kinds = dict.fromkeys(texts(said.get("json", "")), Kind.JSON)
        return kinds | dict.fromkeys(texts(said.get("metrics", "")), Kind.METRIC)

    def _from(self, dataset: str) -> At | Fact:
        """What a dataset holds; what nobody makes may be a fact of the run."""
        if dataset == "parameters":
            return At("")
        if dataset.startswith("params:"):
            path = self._project.paths.get(dataset.removeprefix("params:"))
            if path is None:
                raise UnlikeError(f"there is no parameter '{dataset}'")
            return At(path[0], tuple(path[1:]))
        if dataset in self._makers:
            return At(self._node(self._makers[dataset]).names.get(dataset, dataset))
        is_fact = dataset not in self._entries and dataset in FACTS
        return Fact(dataset) if is_fact else At(dataset)

    def _policies(self, node: NodeSeen, notes: Notes) -> dict[str, Any]:
        """What is told of a step by its node's tags and namespace."""
        around = {tag for place in notes.places for tag in _tags(self._parallels.get(place, {}))}
        asked = [tag for tag in node.tags if _ASKED.fullmatch(tag)]
        tags = [tag for tag in node.tags if tag not in asked and tag not in around]
        kept: dict[str, Any] = {"tags": tags} if tags else {}
        kept |= {"namespace": notes.namespace} if notes.namespace else {}
        kept |= {"confirms": node.confirms} if node.confirms else {}
        overrides = {**({"kedro": kept} if kept else {}), **_overrides(notes.step)}
        found: dict[str, Any] = {"overrides": overrides} if overrides else {}
        if asked:
            numbers: dict[str, Any] = dict(map(_asked, asked))
            found["resources"] = Resources(**numbers)
        return found

    # The functions of nodes.py

    def _own(self, node: NodeSeen) -> _Found:
        written = self._functions.get(node.call.reference.partition(":")[2])
        arguments = node.call.arguments
        if written is None or arguments is None:
            raise UnlikeError(f"'{node.name}' has no function")

        def resolve(value: ast.expr) -> Input | None:
            if not isinstance(value, ast.Name) or value.id not in arguments:
                return None
            return self._from(str(arguments[value.id]))

        given = [*zip(node.outputs.values(), _returned(written), strict=False)]
        found = self._unit if recover.is_unit(written.body) else self._task
        used = {n.id for n in ast.walk(written) if isinstance(n, ast.Name)}
        waits = [str(dataset) for name, dataset in arguments.items() if name not in used]
        return replace(found(node, written.body, resolve, given), waits=waits)

    def _unit(
        self, node: NodeSeen, body: list[ast.stmt], resolve: recover.Resolve, given: _Given
    ) -> _Found:
        """All that is carried out by a function that tells of steps."""
        notes = self._notes[node.name]
        unit = recover.recover(body, notes.prefix, self._imported, resolve, self._text)
        variables = [(dataset, v.id) for dataset, v in given if isinstance(v, ast.Name)]
        names = {dataset: unit.names[v] for dataset, v in variables if v in unit.names}
        first, *others = unit.steps
        if "after" in notes.step:
            first = replace(first, after=texts(notes.step["after"]))
        return _Found(
            [first, *others],
            names,
            on_failure=unit.on_failure,
            more=unit.more,
            datasets=unit.datasets,
        )

    def _task(
        self, node: NodeSeen, body: list[ast.stmt], resolve: recover.Resolve, given: _Given
    ) -> _Found:
        """The task that a function carries out."""
        notes = self._notes[node.name]
        told = self._names(node, notes.step)
        own = [(told[d], v) for d, v in given if d in told and not _is_mark(v)]
        variables = {v.id: name for name, v in own if isinstance(v, ast.Name)}
        known = recover.known(body, self._imported, resolve, variables)
        names = dict(self._checked(given, told))
        said = {key: text for key, text in (_told(body) | notes.step).items() if key != "overrides"}
        if metrics := [name for dataset, name in names.items() if self._is_metric(dataset)]:
            said["metrics"] = several(metrics)
        task = recover.recover_task(
            body, notes.name, said, known, [n for n, _ in own], **self._policies(node, notes)
        )
        return _Found([task], names, datasets=known.datasets)

    def _checked(self, given: _Given, told: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """The datasets of a task's values, each with the name by which it is checked or known."""
        for dataset, value in given:
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "to_json":
                yield dataset, ast.literal_eval(value.args[1])
            elif isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
                yield dataset, str(value.slice.value)
            elif not _is_mark(value) and dataset in told:
                yield dataset, told[dataset]

    def _is_metric(self, dataset: str) -> bool:
        """Whether a value is kept where metrics are."""
        entry = self._entries.get(dataset)
        return bool(entry) and _is_value(entry) and _path(entry).startswith(_FOLDERS[2])  # type: ignore[arg-type]


def _returned(written: ast.FunctionDef) -> list[ast.expr]:
    last = written.body[-1]
    if not isinstance(last, ast.Return) or last.value is None:
        return []
    return list(last.value.elts) if isinstance(last.value, ast.Tuple) else [last.value]


def _is_mark(value: ast.expr) -> bool:
    """Whether it is what tells that a node has ended, or the manifest of its files."""
    if isinstance(value, ast.Attribute):
        return value.attr == "manifest"
    return isinstance(value, ast.Constant) and value.value is True


def _told(body: Sequence[ast.stmt]) -> Remarks:
    """What comments in a function say."""
    found = (comment_of(statement) for statement in body)
    return recover.remarks([text for text in found if text is not None])


def _tags(said: Mapping[str, Any]) -> list[str]:
    given = said.get("overrides", {}).get("kedro", {}).get("tags", [])
    return [given] if isinstance(given, str) else list(given)


def _overrides(said: Remarks) -> Mapping[str, Any]:
    """What is written on a step for other frameworks."""
    found: Mapping[str, Any] = step_said(said).get("overrides", {})
    return found


def _asked(tag: str) -> tuple[str, float]:
    """What is asked of the machine by a tag, and how much."""
    name, _, text = tag.removesuffix("MB").partition("-")
    number = float(text)
    return name, int(number) if number == int(number) else number


def _path(entry: Entry) -> str:
    return str(entry.options.get(entry.path_key))


def _is_value(entry: Entry) -> bool:
    """Whether the writer keeps a value in such a file."""
    path = entry.options.get("filepath", "")
    written = {f"{folder}/{entry.name}{end}" for folder in _FOLDERS for end in (".json", ".pkl")}
    return list(entry.options) == ["filepath"] and path in written


def _dataset(entry: Entry) -> Dataset:
    options = dict(entry.options)
    path = options.pop(entry.path_key, None) if entry.path_key else None
    return Dataset(entry.kind, path, options, options.pop("credentials", None))
