"""The nodes as tasks, and what becomes of each thing that they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.emit.names import identifier
from bridge.findings import Feature, Level
from bridge.model import PythonTask
from bridge.order import sort
from bridge.values import At, Constant, Fact, Input, Kind, Return
from bridge_kedro.reading.seen import Entry, Fixed, NodeSeen, Project
from bridge_kedro.reading.stores import is_memory
from bridge_kedro.reading.telling import Tell
from bridge_kedro.reading.wrappers import Given, Wrappers

__all__ = ["Steps"]

_WHOLE = "parameters"
_NESTED = "params:"
_TOP = "parameters:"
"""Begins the name of a parameter that is a part of the whole, whatever dots it has."""


@dataclass
class Steps:
    """The tasks of a ``project``, whose datasets have ``names`` of their own."""

    project: Project
    entries: Mapping[str, Entry]
    tell: Tell
    wrappers: Wrappers
    facts: frozenset[str] = frozenset()
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nodes = self.project.nodes
        self._makers = {name: node for node in nodes for name in node.outputs.values()}
        self._titles = dict(_titles(nodes))
        taken = {*self.project.parameters}
        for node in nodes:
            for name in (*_datasets(node), *node.outputs.values()):
                if not _is_parameter(name) and name not in self.names:
                    self.names[name] = _free(name, taken)
                    taken.add(self.names[name])

    def tasks(self) -> list[PythonTask]:
        """The tasks, each after those from which it takes something."""
        nodes = {node.name: node for node in self._sorted()}
        return [self._task(nodes[name]) for name in sort(self._earlier(nodes.values()))]

    def _sorted(self) -> list[NodeSeen]:
        """The nodes as they are written, whichever module happened to be imported first."""
        return sorted(self.project.nodes, key=lambda node: node.place.file if node.place else "")

    def _earlier(self, nodes: Any) -> dict[str, list[str]]:
        made = {_base(name): node.name for name, node in self._makers.items()}
        return {
            node.name: [made[_base(name)] for name in _datasets(node) if _base(name) in made]
            for node in nodes
        }

    def _task(self, node: NodeSeen) -> PythonTask:
        title = self._titles[node.name]
        function, inputs = self._called(node)
        returns = [Return(self.names[name], self._kind(name)) for name in node.outputs.values()]
        self._tell_all(node, returns)
        kept: dict[str, Any] = {"tags": node.tags} if node.tags else {}
        kept |= {"namespace": node.namespace} if node.namespace else {}
        kept |= {"confirms": [self._called_here(n) for n in node.confirms]} if node.confirms else {}
        return PythonTask(
            name=title,
            function=function,
            inputs=inputs,
            returns=returns,
            after=self._after(node),
            overrides={"kedro": kept} if kept else {},
            where=self.tell.where(node.place or node.call.place),
        )

    def _called_here(self, dataset: str) -> str:
        return self.names.get(dataset, dataset)

    def _after(self, node: NodeSeen) -> list[str]:
        """The tasks that write what this one reads under another name of the same dataset."""
        found: dict[str, None] = {}
        for name in _datasets(node):
            for other, maker in self._makers.items():
                if other != name and _base(other) == _base(name):
                    found[self._titles[maker.name]] = None
        return list(found)

    # What is called

    def _called(self, node: NodeSeen) -> tuple[str, dict[str, Input]]:
        """The function of a task, and what its arguments receive."""
        call = node.call
        why = self._trouble(node)
        if not why and call.arguments is not None and self._is_direct(node):
            inputs = {name: self._input(value) for name, value in call.arguments.items()}
            inputs |= {n: Constant(v.value) for n, v in call.defaults.items() if self._is_name(n)}
            return call.reference, _renamed(inputs)
        if why:
            self._say(node, Level.UNSUPPORTED, Feature.PYTHON, "func", why)
        else:
            text = f"'{self.wrappers.module}.py' calls it as the node did"
            self._say(node, Level.EMULATED, Feature.PYTHON, "func", text)
        return self._wrapped(node, why)

    def _trouble(self, node: NodeSeen) -> str:
        """Why a node cannot be a task; empty text when it can."""
        call = node.call
        if not call.reference:
            return f"it is {call.what}, which cannot be imported by name; define it with 'def'"
        values = [*call.fixed, *call.keywords.values()]
        unknown = [v for v in values if isinstance(v, Fixed) and not v.source]
        if unknown:
            return f"it is given {unknown[0].what}, which has no source; make it inside a function"
        added = [name for name in node.outputs.values() if self._is_added_to(name)]
        if call.generates and added:
            return f"it adds to '{added[0]}' piece by piece; give all of it back at once"
        if call.typed and not self._is_direct(node):
            return f"'{call.typed[0]}' takes an object; call it in a function that takes a dict"
        return ""

    def _is_added_to(self, name: str) -> bool:
        entry = self.entries.get(name)
        if entry is None or is_memory(entry):
            return False
        arguments = entry.options.get("fs_args") or {}
        mode = (arguments.get("open_args_save") or {}).get("mode", "")
        return "a" in mode or ".partitions." in entry.kind

    def _is_direct(self, node: NodeSeen) -> bool:
        """Whether the project's function, called with arguments by name, is all that it takes."""
        call = node.call
        if call.arguments is None or call.generates or call.converted:
            return False
        given = call.arguments.values()
        if _WHOLE in given or not all(v.plain for v in given if isinstance(v, Fixed)):
            return False
        if not all(v.plain for n, v in call.defaults.items() if self._is_name(n)):
            return False
        if node.form == "dict":
            by_key = all(key == self.names[name] for key, name in node.outputs.items())
            return by_key and len(node.outputs) > 1
        return node.form != "list" or len(node.outputs) > 1

    def _is_name(self, name: str) -> bool:
        """Whether a value of this name is there, which an argument would get unasked."""
        return name in self.project.parameters or name in self.names.values()

    def _input(self, value: str | Fixed) -> Input:
        if isinstance(value, Fixed):
            return Constant(value.value)
        if value in self.facts:
            return Fact(value)
        if value.startswith(_TOP):
            return At(value.removeprefix(_TOP))
        if not value.startswith(_NESTED):
            return At(self.names[value])
        place = self.project.paths.get(value.removeprefix(_NESTED))
        first, *rest = place or [value.removeprefix(_NESTED)]
        return At(first, tuple(rest))

    def _wrapped(self, node: NodeSeen, missing: str) -> tuple[str, dict[str, Input]]:
        call = node.call
        every = {d: argument for argument, d in (call.arguments or call.keywords).items()
                 if isinstance(d, str)}  # fmt: skip
        wanted: dict[str, str] = {}
        for name in _datasets(node):
            if name == _WHOLE:
                wanted |= {f"{_TOP}{p}": p for p in self.project.parameters}
            else:
                wanted[name] = every.get(name) or name.removeprefix(_NESTED)
        whole = {p: f"{_TOP}{p}" for p in self.project.parameters}

        def given(value: str | Fixed) -> Given:
            return whole if value == _WHOLE else value

        positional: list[str | Fixed] = [*call.fixed, *call.positional]
        reference, arguments = self.wrappers.add(
            node,
            wanted,
            [given(value) for value in positional],
            {name: given(value) for name, value in call.keywords.items()},
            f"the function of {node.name}: {missing}" if missing else "",
        )
        return reference, _renamed({a: self._input(d) for d, a in arguments.items()})

    # What is given back

    def _kind(self, name: str) -> Kind:
        """JSON where the type of a value in memory allows for nothing else."""
        if not is_memory(self.entries.get(name)):
            return Kind.PICKLED
        maker = self._makers[name]
        position = list(maker.outputs.values()).index(name)
        gives = maker.call.gives[position] if self._is_direct(maker) else ""
        asked = [
            node.call.asks.get(argument, gives)
            for node in self.project.nodes
            for argument, dataset in (node.call.arguments or {}).items()
            if dataset == name
        ]
        return Kind.JSON if gives and all(text == gives for text in asked) else Kind.PICKLED

    # What is told

    def _say(
        self, node: NodeSeen, level: Level, feature: Feature, attribute: str, message: str
    ) -> None:
        title = self._titles[node.name]
        text = f"{attribute} of the node '{node.name}': {message}"
        self.tell(level, feature, attribute, text, node.place or node.call.place, title)

    def _tell_all(self, node: NodeSeen, returns: list[Return]) -> None:
        if not self._trouble(node) and self._is_direct(node):
            self._say(node, Level.CARRIED, Feature.PYTHON, "func", node.call.reference)
        for number, value in enumerate(_given(node)):
            self._tell_input(node, number, value)
        for key, name in node.outputs.items():
            self._tell_output(node, key, name, returns)
        if node.given_name:
            self._say(node, Level.CARRIED, Feature.PYTHON, "name", "the task's name")
        if node.namespace:
            text = "the beginning of the task's name, and kept for Kedro"
            self._say(node, Level.CARRIED, Feature.OVERRIDES, "namespace", text)
        for tag in node.tags:
            self._say(node, Level.CARRIED, Feature.OVERRIDES, f"tags[{tag!r}]", "kept for Kedro")
        for name in node.confirms:
            text = "kept for Kedro; elsewhere nothing confirms a dataset, unless a function does"
            self._say(node, Level.APPROXIMATED, Feature.OVERRIDES, f"confirms[{name!r}]", text)
        if node.preview:
            text = "only tools for Kedro ask for it"
            self._say(node, Level.APPROXIMATED, Feature.FOREIGN, "preview_fn", text)

    def _tell_input(self, node: NodeSeen, number: int, value: str | Fixed) -> None:
        if isinstance(value, Fixed):
            attribute = f"partial[{number}]"
            level = Level.CARRIED if value.source else Level.UNSUPPORTED
            self._say(node, level, Feature.INPUTS_CONSTANT, attribute, value.what)
            return
        attribute = f"inputs[{value!r}]"
        if value == _WHOLE:
            text = "put together from all parameters that are declared, none that a run adds"
            self._say(node, Level.EMULATED, Feature.PARAMETERS, attribute, text)
        elif value.startswith(_NESTED):
            known = value.removeprefix(_NESTED) in self.project.paths
            feature = Feature.INPUTS_PATH if "." in value else Feature.PARAMETERS
            text = "a parameter of the run" if known else "no parameter is declared under this name"
            self._say(node, Level.CARRIED if known else Level.UNSUPPORTED, feature, attribute, text)
        elif value in self._makers or value in self.entries or value in self.facts:
            renamed = self.names[value] != value
            text = f"called '{self.names[value]}' here, as a parameter has its name"
            self._say(node, Level.CARRIED, Feature.INPUTS, attribute, text if renamed else value)
        elif any(_base(other) == _base(value) for other in self._makers):
            text = "nothing in the catalog says how it is loaded under this name"
            self._say(node, Level.UNSUPPORTED, Feature.DATASET, attribute, text)
        else:
            text = "neither the catalog nor a node has it; a hook may add it: write it there"
            self._say(node, Level.UNSUPPORTED, Feature.DATASET, attribute, text)

    def _tell_output(self, node: NodeSeen, key: str, name: str, returns: list[Return]) -> None:
        attribute = f"outputs[{name!r}]"
        if not is_memory(self.entries.get(name)):
            self._say(node, Level.CARRIED, Feature.DATASET, attribute, "saved by its dataset")
            return
        kind = next(found.kind for found in returns if found.name == self.names[name])
        if kind is Kind.JSON:
            text = "a JSON value"
        else:
            text = "in memory in Kedro; pickled where tasks run in processes of their own"
        self._say(node, Level.CARRIED, Feature(kind), attribute, text)


def _is_parameter(name: str) -> bool:
    return name == _WHOLE or name.startswith(_NESTED)


def _base(name: str) -> str:
    """A dataset's name without the way in which it is loaded."""
    return name.partition("@")[0]


def _given(node: NodeSeen) -> list[str | Fixed]:
    return [*node.call.fixed, *node.call.positional, *node.call.keywords.values()]


def _datasets(node: NodeSeen) -> list[str]:
    """The datasets that a node takes, each once."""
    return list(dict.fromkeys(value for value in _given(node) if isinstance(value, str)))


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _renamed(inputs: Mapping[str, Input]) -> dict[str, Input]:
    """The inputs that say more than the argument's own name."""
    return {n: value for n, value in inputs.items() if value != At(n)}


def _titles(nodes: list[NodeSeen]) -> Iterator[tuple[str, str]]:
    """A name for each node: its own, else that of its function, with a number where need be."""
    given = {node.name for node in nodes if node.given_name}
    counted: Counter[str] = Counter()
    for node in nodes:
        if node.given_name:
            yield node.name, node.name
            continue
        wanted = identifier(node.call.name)
        title = wanted = f"{node.namespace}.{wanted}" if node.namespace else wanted
        while title in given or counted[title]:
            counted[wanted] += 1
            title = f"{wanted}_{counted[wanted] + 1}"
        counted[title] += 1
        given.add(title)
        yield node.name, title
