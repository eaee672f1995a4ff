"""The pipeline that a project was written from, guessed from its nodes and their functions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bridge import recover
from bridge.model import Pipeline, PythonTask, Step
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
_ASKED = re.compile(r"(cpu|memory|gpu)-([\d.e+-]+?)(?:MB)?")


def module_of(project: Project) -> str:
    """The package in which the writer puts the nodes."""
    return f"{project.package}.pipelines.{project.package}"


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

    def pipeline(self) -> Pipeline:
        """The pipeline, if it is like this."""
        project = self._project
        own = [node for node in project.nodes if not self._is_gather(node)]
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
        around = {tag for found in notes.parallels.values() for tag in _tags(found)}
        asked = [tag for tag in node.tags if _ASKED.fullmatch(tag)]
        tags = [tag for tag in node.tags if tag not in asked and tag not in around]
        kept: dict[str, Any] = {"tags": tags} if tags else {}
        kept |= {"namespace": notes.namespace} if notes.namespace else {}
        kept |= {"confirms": node.confirms} if node.confirms else {}
        overrides = {**({"kedro": kept} if kept else {}), **_overrides(notes.step)}
        found: dict[str, Any] = {"overrides": overrides} if overrides else {}
        if asked:
            pairs = (_ASKED.fullmatch(tag) for tag in asked)
            found["resources"] = Resources(**{p[1]: _number(p[2]) for p in pairs if p})
        return found

    # The functions of nodes.py

    def _own(self, node: NodeSeen) -> _Found:
        written = self._functions.get(node.call.reference.partition(":")[2])
        arguments = node.call.arguments
        if written is None or arguments is None:
            raise UnlikeError(f"'{node.name}' has no function")
        notes = self._notes[node.name]

        def resolve(value: ast.expr) -> Input | None:
            known = isinstance(value, ast.Name) and value.id in arguments
            return self._from(str(arguments[value.id])) if known else None  # type: ignore[attr-defined]

        used = {n.id for n in ast.walk(written) if isinstance(n, ast.Name)}
        waits = [str(dataset) for name, dataset in arguments.items() if name not in used]
        returned = _returned(written)
        pairs = [*zip(node.outputs.values(), returned, strict=False)]
        if recover.is_unit(written.body):
            unit = recover.recover(written.body, notes.prefix, self._imported, resolve, self._text)
            names = {d: unit.names[v.id] for d, v in pairs
                     if isinstance(v, ast.Name) and v.id in unit.names}  # fmt: skip
            steps = unit.steps
            if after := task_said(notes.step).get("after"):
                steps = [replace(steps[0], after=after), *steps[1:]]
            return _Found(steps, names, waits, unit.on_failure, unit.more, unit.datasets)
        named = self._names(node, notes.step)
        known = recover.known(
            written.body,
            self._imported,
            resolve,
            {v.id: named[d] for d, v in pairs if isinstance(v, ast.Name) and d in named},
        )
        said = {**_told(written), **notes.step}
        said.pop("overrides", None)
        metrics = [n for d, n in self._checked(pairs, named) if self._is_metric(d)]
        if metrics:
            said["metrics"] = ", ".join(map(repr, metrics))
        task = recover.recover_task(
            written.body,
            notes.name,
            said,
            known,
            [named[d] for d, v in pairs if d in named and not _is_mark(v)],
            **self._policies(node, notes),
        )
        names = dict(self._checked(pairs, named))
        return _Found([task], names, waits, datasets=known.datasets)

    def _checked(
        self, pairs: Sequence[tuple[str, ast.expr]], named: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """The datasets of a task's values, each with the name by which it is checked or known."""
        for dataset, value in pairs:
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "to_json":
                yield dataset, ast.literal_eval(value.args[1])
            elif isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
                yield dataset, value.slice.value
            elif not _is_mark(value) and dataset in named:
                yield dataset, named[dataset]

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


def _told(written: ast.FunctionDef) -> Remarks:
    """What comments in a function say."""
    found = (comment_of(statement) for statement in written.body)
    return recover.remarks([text for text in found if text is not None])


def _tags(said: Mapping[str, Any]) -> list[str]:
    given = said.get("overrides", {}).get("kedro", {}).get("tags", [])
    return [given] if isinstance(given, str) else list(given)


def _overrides(said: Remarks) -> Mapping[str, Any]:
    """What is written on a step for other frameworks."""
    found: Mapping[str, Any] = step_said(said).get("overrides", {})
    return found


def _number(text: str) -> float:
    found = float(text)
    return int(found) if found == int(found) else found


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
