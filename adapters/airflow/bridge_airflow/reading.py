"""What one task takes: results of other tasks, the item of a map, and the context of its run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from bridge.emit.body import HELPERS
from bridge.emit.names import Names
from bridge.emit.python import literal
from bridge.flow import Node, Read
from bridge.model import ForeignTask
from bridge.scope import Stored
from bridge.values import Constant, Fact, Kind
from bridge_airflow.params import reach_parameter
from bridge_airflow.places import Item, Place, Places, Result, Spot
from bridge_airflow.tables import CONTEXT, FILLED, RESERVED_KEYS, TASK_NAMES

__all__ = ["Reading", "keys"]

_MANIFEST = "files"


def keys(node: Node) -> dict[str, str]:
    """The keys in the dict that is the task's XCom, by the name returned; of its files, by ''."""
    names = [output.name for output in node.outputs]
    found = {name: name for name in names if name not in RESERVED_KEYS}
    for name in [*(n for n in names if n not in found), *([""] if node.puts else [])]:
        key = name or _MANIFEST
        while key in found.values() or key in RESERVED_KEYS:
            key += "_"
        found[name] = key
    return found


class Steps(Protocol):
    """Who makes the functions."""

    places: Places

    def result(self, path: str) -> str:
        """The variable that holds what a task returns."""

    def item(self, path: str) -> str:
        """The argument that is an item of the map at a path."""

    def need(self, module: str, name: str) -> None:
        """Make a name of a carried module available in the file."""

    def step_name(self, spot: Spot, reading: Reading) -> str:
        """The expression of the name of a step in the record."""


class Reading:
    """The arguments of one function, gathered as expressions over them are made.

    ``takes`` has for each argument the path of the step whose result it is, or nothing for the
    item of a map; ``context`` is what Airflow fills in; ``lines`` are to stand before the others.
    """

    def __init__(self, steps: Steps, spot: Spot) -> None:
        self.takes: dict[str, str] = {}
        self.context: dict[str, None] = {}
        self.lines: list[str] = []
        self._steps = steps
        self._spot = spot

    def arguments(self) -> list[str]:
        """The arguments that the DAG gives."""
        return [*self.takes]

    def filled(self) -> list[str]:
        """The arguments that Airflow fills in."""
        return [written for name, written in FILLED.items() if name in self.context]

    def values(self) -> dict[str, str]:
        """The expression of the source of all that is read, by argument."""
        found = {}
        for read in self._spot.node.reads:
            if not isinstance(read.source, Constant | Stored):
                found[read.argument.name] = self.expression(read)
        if self._spot.node.inner:
            self._load_once(found)
        return found

    def _load_once(self, values: dict[str, str]) -> None:
        """Let what is used more than once be loaded before."""
        names = Names([*HELPERS, *TASK_NAMES, *self.takes, *self.context])
        for read in self._spot.node.reads:
            argument = read.argument.name
            if getattr(read.source, "kind", None) is Kind.PICKLED:
                variable = names(argument)
                self.lines.append(f"{variable} = {values[argument]}")
                values[argument] = variable

    def expression(self, read: Read, place: Place | None = None) -> str:
        """The expression of the source of what is read in a flow, else in that of the task."""
        place = place or self._spot.place
        origin = self._steps.places.find(place, read.source)
        if isinstance(origin, Result):
            kind = getattr(read.source, "kind", Kind.JSON)
            return self._loaded(origin, read.certain, kind is Kind.PICKLED)
        if isinstance(origin, Item):
            return self.take_item(origin.path)
        if isinstance(origin, Fact):
            return self._fact(origin)
        self.context["params"] = None
        return reach_parameter(place.flow, self._spot.node, read)

    def _loaded(self, origin: Result, certain: bool, pickled: bool) -> str:
        found = self.at(origin)
        if pickled:
            self._steps.need("objects", "load_object")
        if isinstance(self._steps.places.spots[origin.path].node.task, ForeignTask):
            return found
        if certain:
            return f"load_object({found})" if pickled else found
        self._steps.need("steps", "ABSENT")
        result, _, key = found.partition("[")
        key = key.removesuffix("]")
        if pickled:
            return f"(load_object({found}) if {key} in {result} else ABSENT)"
        return f"{result}.get({key}, ABSENT)"

    def at(self, origin: Result) -> str:
        """The expression of a value, a reference or a manifest, as it stands in the XCom."""
        node = self._steps.places.spots[origin.path].node
        if isinstance(node.task, ForeignTask):
            return self.take(origin.path)  # an operator hands on one value, and no dict of several
        return f"{self.take(origin.path)}[{literal(keys(node)[origin.name])}]"

    def take(self, path: str, name: str = "") -> str:
        """The argument that is the result of a step, under this name if one is given."""
        name = name or self._steps.result(path)
        self.takes[name] = path
        return name

    def take_item(self, path: str) -> str:
        """The argument that is the item of a map."""
        name = self._steps.item(path)
        self.takes[name] = ""
        return name

    def files(self) -> list[str]:
        """The expressions of the manifests of files that the task may get."""
        place, node = self._spot.place, self._spot.node
        found = [self._manifests(self._steps.places.putters(place, [p])) for p in node.files_from]
        if not node.inner:
            return list(dict.fromkeys(manifest for manifests in found for manifest in manifests))
        return [m[0] if len(m) == 1 else f"*[{', '.join(m)}]" for m in found]

    def _manifests(self, paths: Iterable[str]) -> list[str]:
        return [self.at(Result(path, "")) for path in paths]

    def _fact(self, fact: Fact) -> str:
        if fact.name == "step":
            return self._steps.step_name(self._spot, self)
        argument, expression = CONTEXT[fact.name]
        self.context[argument] = None
        return expression
