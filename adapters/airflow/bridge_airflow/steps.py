"""A task of the model, or all that a unit holds, as a ``@task`` function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.emit.body import Body, Name, body, kept_notebook, text
from bridge.emit.carried import PACKAGE
from bridge.emit.names import Names
from bridge.emit.python import comment, indent, literal
from bridge.emit.remarks import ENDS, about_step, about_task
from bridge.emit.remarks import lines as lines_of
from bridge.flow import Node, walk
from bridge.model import Composite, NotebookTask, Pipeline, Step, Stub
from bridge.nodes import inside
from bridge.unit import Unit
from bridge.values import Kind
from bridge_airflow.edges import Edges
from bridge_airflow.foreign import foreign_call, read_by_foreign
from bridge_airflow.ids import Ids
from bridge_airflow.places import Places, Spot, is_composite
from bridge_airflow.policies import arguments, idle_retry
from bridge_airflow.reading import Reading, keys
from bridge_airflow.tables import CONTEXT_KEYS, TASK_NAMES

__all__ = ["Steps", "is_placeholder", "todo_lines"]


_SAID = ("after", "image", "overrides", "resources")
"""What is said of a task in Airflow's own words."""


def is_placeholder(spot: Spot) -> bool:
    """Whether the task does nothing at all, so that no function is needed."""
    node = spot.node
    return isinstance(node.task, Stub) and not node.puts and not node.gets and not spot.own_item


@dataclass
class Steps:
    """Makes the functions; ``imports`` and ``carries`` gather what all of them need together.

    ``takes`` has for each function, by the path of its step, what is given to it in the DAG.
    """

    places: Places
    ids: Ids
    names: Names
    todos: Mapping[str, Sequence[str]]
    imports: set[str] = field(default_factory=set)
    carries: set[str] = field(default_factory=set)
    takes: dict[str, Reading] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spots = self.places.spots.values()
        self.uses: set[str] = set()
        self.calls: dict[str, str] = {}
        self.code: dict[str, None] = {}
        self._spread = read_by_foreign(self.places)
        self.edges = {self.places.outermost: Edges(self.places.outermost)}
        for inner in self.places.inner.values():
            self.edges |= {place: Edges(place) for place in inner.values()}
        self._before = {
            place.prefix + path: [place.prefix + earlier for earlier in before]
            for place, edges in self.edges.items()
            for path, before in edges.before.items()
        }
        self._in_lists = set(_in_lists(self.places.outermost.flow.pipeline))
        self._same_name = Counter(spot.node.task.name for spot in spots)

    # Names

    def name(self, path: str) -> str:
        """The function of a task."""
        return self.names(f"task {path}", self.wanted(path))

    def result(self, path: str) -> str:
        """The variable that holds what a task returns, in the DAG and in the tasks it goes to."""
        spot = self.places.spots[path]
        ending = "" if is_placeholder(spot) else "_result"
        if is_composite(spot.node) and not (spot.node.outputs or spot.node.puts):
            ending = "_done"
        return self.names(f"result {path}", self.wanted(path) + ending)

    def results(self, path: str) -> str:
        """The variable that holds what a task returns for all items of a map."""
        return self.names(f"results {path}", f"{self.wanted(path)}_results")

    def item(self, path: str) -> str:
        """The argument that is an item of the map at a path."""
        wanted = self.places.spots[path].node.task.iterate_as
        return self.names(f"item {wanted}", f"{wanted}_item" if wanted in CONTEXT_KEYS else wanted)

    def wanted(self, path: str) -> str:
        """The task's own name, after that of its branch where other tasks are named alike."""
        spot = self.places.spots[path]
        name = spot.node.task.name
        group = path[: -len(name) - 1]
        return f"{self.ids.part(group)}_{name}" if group and self._same_name[name] > 1 else name

    # Functions

    def function(self, spot: Spot) -> list[str]:
        """The lines of the function of a task or a unit."""
        node, reading = spot.node, Reading(self, spot)
        self.takes[spot.path] = reading
        if spot.own_item:
            reading.take_item(spot.place.mapped)
        values = reading.values()
        files = reading.files()
        keep = None
        if _holds_notebook(node):
            reading.context["run_id"] = None
            keep = kept_notebook("run_id")
        made = body(
            spot.place.flow,
            node,
            values,
            files,
            [*reading.arguments(), *TASK_NAMES],
            keep,
            within=self.within(spot, reading) if _is_told(node) else (),
        )
        self._adopt(made, node)
        lines = [*reading.lines, *made.lines, *self._return(node, made)]
        head = self.head(spot.path, [*self.display(spot), *arguments(node.task)])
        return [*self.said(spot), *head, *indent([*made.imports, *(lines or ["pass"])])]

    def foreign(self, spot: Spot) -> None:
        """Note the call that makes an operator of Airflow's own, and the code that it needs."""
        reading = self.takes[spot.path] = Reading(self, spot)
        task_id = self.ids.part(spot.path)
        self.calls[spot.path] = foreign_call(self.places, reading, spot, task_id)
        code = spot.node.task.definition.get("code", {})
        self.imports.update(code.get("imports", ()))
        self.code.update(dict.fromkeys(code.get("definitions", ())))
        self.note(arguments(spot.node.task))

    def head(
        self,
        path: str,
        more: Sequence[str] = (),
        ending: str = "",
        decorator: str = "task",
    ) -> list[str]:
        """The first lines of the function of a step; with ``ending`` of a task of its own."""
        if ending:
            name, task_id = self.own(path, ending), self.ids.own(path, ending).rpartition(".")[2]
            reading = self.takes[f"{path}\n{ending}"]
        else:
            name, task_id = self.name(path), self.ids.part(path)
            reading = self.takes[path]
        settings = [] if name == task_id else [f"task_id={literal(task_id)}"]
        settings += more
        settings += ["multiple_outputs=True"] if path in self._spread else []
        self.note(settings)
        return [
            *([] if ending else todo_lines(self.todos.get(path, ()))),
            f"@{decorator}({', '.join(settings)})" if settings else f"@{decorator}",
            f"def {name}({', '.join([*reading.arguments(), *reading.filled()])}):",
        ]

    def said(self, spot: Spot) -> list[str]:
        """The comments on what neither the code of a task nor its operator shows."""
        if isinstance(spot.node.task, Unit):
            return self.said_of_step(spot.path, spot.node.task, ENDS)
        found = about_task(spot.node, self._without(spot.path, spot.node.task))
        return lines_of([*found, *idle_retry(spot.node.task)])

    def said_of_step(self, path: str, step: Step, *without: str) -> list[str]:
        """The same of a step that is several tasks, or that holds several."""
        return lines_of(about_step(step, [*self._without(path, step), *without]))

    def _without(self, path: str, step: Step) -> list[str]:
        """What there are words of Airflow's own for: not for what is in order anyway."""
        prefix = path.removesuffix(step.name)
        shown = [earlier.removeprefix(prefix) for earlier in self._before.get(path, ())]
        is_shown = path not in self._in_lists and shown == [*step.after]
        return [name for name in _SAID if name != "after" or is_shown]

    def display(self, spot: Spot) -> list[str]:
        """The name of a step where no id of a task can be like it."""
        name = spot.node.task.name
        given = spot.node.task.overrides.get("airflow", {})
        is_same = name == self.ids.part(spot.path) or "task_display_name" in given
        is_named = is_same or isinstance(spot.node.task, Unit)
        return [] if is_named else [f"task_display_name={literal(name)}"]

    def own(self, path: str, ending: str) -> str:
        """The function of a task of the composite's own."""
        return self.names(f"task {path}\n{ending}", f"{self.wanted(path)}_{ending}")

    def within(self, spot: Spot, reading: Reading) -> Name:
        """How the names begin of the steps beside ``spot``, with the number of the item."""
        mapped = spot.place.mapped
        if not mapped:
            return (spot.place.prefix,) if spot.place.prefix else ()
        reading.context["ti"] = None
        return (f"{mapped}.", ("ti.map_index",), spot.place.prefix.removeprefix(mapped))

    def step_name(self, spot: Spot, reading: Reading) -> str:
        """The expression of the name of a step in the record."""
        return text((*self.within(spot, reading), spot.node.path))

    def _adopt(self, made: Body, node: Node) -> None:
        """Let the file import what a body needs of the carried modules."""
        own = []
        for line in made.imports:
            module, _, names = line.removeprefix(f"from {PACKAGE}.").partition(" import ")
            if module not in made.carries:
                own.append(line)
                continue
            for name in names.split(", "):
                if name != "to_json" or node.inner:
                    self.need(module, name)
        made.imports = [*own, ""] if own else []

    def _return(self, node: Node, made: Body) -> list[str]:
        items, perhaps = [], []
        for output in node.outputs:
            value = made.outputs[output.name]
            key = literal(keys(node)[output.name])
            item = f"{key}: {self.returned(output.kind, output.name, value)}"
            if output.certain:
                items.append(item)
                continue
            perhaps += [f"if {value} is not ABSENT:", f"    found[{key}] = {item[len(key) + 2 :]}"]
            self.need("steps", "ABSENT")
        if made.manifest:
            items.append(f"{literal(keys(node)[''])}: {made.manifest}")
        if perhaps:
            return [f"found = {{{', '.join(items)}}}", *perhaps, "return found"]
        return [f"return {{{', '.join(items)}}}"] if items else []

    def returned(self, kind: Kind, name: str, value: str) -> str:
        """The expression of a value as an XCom."""
        if kind is Kind.PICKLED:
            self.need("objects", "save_object")
            return f"save_object({value}, {literal(name)})"
        checked = f", {literal(name)})"
        if value.startswith("to_json(") and value.endswith(checked):
            value = value.removeprefix("to_json(").removesuffix(checked)
        self.need("xcom", "to_xcom")
        return f"to_xcom({value}, {literal(name)})"

    def note(self, settings: Iterable[str]) -> None:
        """Remember what arguments of an operator, or of the DAG, need to be imported."""
        for setting in settings:
            name, _, value = setting.partition("=")
            if name in ("inlets", "outlets", "schedule"):
                self.uses |= {kind for kind in ("Asset", "AssetAlias") if f"{kind}(" in value}
            for kind in ("timedelta", "datetime", "ZoneInfo"):
                self.uses |= (
                    {kind} if value.startswith(kind) or f".astimezone({kind}" in value else set()
                )

    def need(self, module: str, name: str) -> None:
        """Make a name of a carried module available in the file."""
        self.imports.add(f"from {PACKAGE}.{module} import {name}")
        self.carries.add("values" if module == "xcom" else module)


def _in_lists(pipeline: Pipeline) -> Iterator[str]:
    """The paths of the steps whose order is that in which they are listed."""
    found = [("", pipeline)]
    for path, step in walk(pipeline):
        found += [(f"{path}{key}.", p) for key, p in inside(step)]
    for prefix, inner in found:
        if inner.order == "list":
            yield from (prefix + step.name for step in inner.steps)


def _holds_notebook(node: Node) -> bool:
    if not isinstance(node.task, Composite):
        return isinstance(node.task, NotebookTask)
    inside = node.task.pipelines().values()
    return any(isinstance(step, NotebookTask) for p in inside for _, step in walk(p))


def _is_told(node: Node) -> bool:
    """Whether what is written has the names of steps in it."""
    return bool(node.inner) or _holds_notebook(node)


def todo_lines(todos: Iterable[str]) -> list[str]:
    """Comments about what was left out at this place."""
    return [comment(f"TODO: {todo}") for todo in todos]
