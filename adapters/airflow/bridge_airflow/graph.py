"""The calls in the DAG's own function: tasks in their groups, and the order among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.emit.python import indent, literal
from bridge.emit.remarks import about_order, about_pipeline, branch
from bridge.emit.remarks import lines as remarks
from bridge.emit.remarks import said as quoted
from bridge.errors import AdapterError
from bridge.model import Composite, Conditional, Map, Parallel, Pipeline
from bridge_airflow.composites import CHOOSE, GATHERED, ITEMS, JOINED, has_end, rule
from bridge_airflow.edges import is_group, last
from bridge_airflow.ids import is_many, item_group
from bridge_airflow.places import Place, Spot, is_composite
from bridge_airflow.policies import arguments, default_arguments
from bridge_airflow.settings import shown_name
from bridge_airflow.steps import Steps, is_placeholder, todo_lines

__all__ = ["Graph"]

_DEEPEST = 20
"""How many blocks Python allows inside one another."""


@dataclass
class Graph:
    """Writes the calls; ``uses`` gathers what the file must import of Airflow."""

    steps: Steps
    todos: Mapping[str, Sequence[str]]
    uses: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._edges = self.steps.edges
        self._used = {path for taken in self.steps.takes.values() for path in taken.takes.values()}
        for place, edges in self._edges.items():
            for earlier in edges.before.values():
                self._used.update(place.prefix + path for path in earlier)

    def lines(self) -> list[str]:
        """All calls."""
        outermost = self.steps.places.outermost
        pipeline = outermost.flow.pipeline
        said = (
            [] if shown_name(pipeline) == pipeline.name else [f"pipeline: {quoted(pipeline.name)}"]
        )
        if pipeline.order == "data":
            said += about_order(pipeline, [*outermost.flow.orders[""]])
        return [*remarks(said), *self._pipeline(outermost, pipeline, "", 0)]

    def _pipeline(self, place: Place, pipeline: Pipeline, prefix: str, depth: int) -> list[str]:
        """The calls of a pipeline's steps, in an order in which each finds what it takes."""
        if depth > _DEEPEST:
            path = f"{place.prefix}{prefix}"[:-1]
            raise AdapterError(f"'{path}' is nested too deep for one DAG file")
        lines = []
        for name in place.flow.orders[prefix]:
            path = prefix + name
            node = place.flow.nodes.get(path)
            if node is None or is_composite(node):
                lines += self._composite(place, path, depth)
            else:
                lines += self._task(self.steps.places.spots[place.prefix + path])
        return lines

    # Tasks

    def _task(self, spot: Spot) -> list[str]:
        earlier = self._earlier(spot.place, spot.node.path)
        todos = []
        if is_placeholder(spot):
            todos = todo_lines(self.todos.get(spot.path, ()))
            more = [*self.steps.display(spot), *arguments(spot.node.task)]
            self.steps.note(more)
            todos = [*self.steps.said(spot), *todos]
            call = self._empty(self.steps.ids.part(spot.path), more)
        elif spot.path in self.steps.calls:
            todos = todo_lines(self.todos.get(spot.path, ()))
            call = self.steps.calls[spot.path]
        else:
            call = self._call(spot)
        if spot.path in self.steps.calls and spot.path in self._used:
            call = f"{call}.output"
        result = self.steps.result(spot.path)
        if spot.own_item:
            return [f"{self.steps.results(spot.path)} = {call}"]
        if spot.path not in self._used and not self._is_left(spot):
            return [*todos, f"{earlier} >> {call}" if earlier else call]
        order = [f"{earlier} >> {result}"] if earlier else []
        return [*todos, f"{result} = {call}", *order]

    def _is_left(self, spot: Spot) -> bool:
        """Whether the group for an item gives back the task, for others to wait for."""
        return spot.place.is_item and spot.node.path in last(spot.place)

    def _call(self, spot: Spot) -> str:
        taken = self.steps.takes[spot.path].takes
        name = self.steps.name(spot.path)
        if not spot.own_item:
            return f"{name}({', '.join(taken)})"
        partial = ", ".join(f"{argument}={argument}" for argument, path in taken.items() if path)
        item = self.steps.item(spot.place.mapped)
        items = self._variable_of_items(spot.place.mapped)
        return f"{name}{f'.partial({partial})' if partial else ''}.expand({item}={items})"

    def _empty(self, task_id: str, more: Sequence[str] = ()) -> str:
        self.uses.add("EmptyOperator")
        return f"EmptyOperator({', '.join([f'task_id={literal(task_id)}', *more])})"

    # Composites

    def _composite(self, place: Place, path: str, depth: int) -> list[str]:
        self.uses.add("TaskGroup")
        step = place.flow.steps[path]
        whole = place.prefix + path
        if isinstance(step, Map):
            inner = self._map(self.steps.places.spots[whole], depth)
        elif isinstance(step, Conditional):
            inner = self._conditional(self.steps.places.spots[whole], depth)
        else:
            assert isinstance(step, Parallel)
            inner = self._branches(place, path, step, depth)
        earlier = self._earlier(place, path)
        named = self._group(whole) if earlier or self._stands_for(place, path) else ""
        return [
            *todo_lines(self.todos.get(whole, ())),
            *self._with(whole, step.name, _tooltip(step), named, default_arguments(step)),
            *indent([*self.steps.said_of_step(whole, step), *inner]),
            *([f"{earlier} >> {named}"] if earlier else []),
            *self._barrier(place, path),
        ]

    def _branch(self, place: Place, pipeline: Pipeline, prefix: str, depth: int) -> list[str]:
        """What is said of a pipeline that is inside another, and its calls."""
        said = self._said(place, pipeline, prefix)
        return [*said, *self._pipeline(place, pipeline, prefix, depth)]

    def _said(self, place: Place, pipeline: Pipeline, prefix: str) -> list[str]:
        told = replace(pipeline, description="")  # which is the tooltip of its group
        return remarks(about_pipeline(told, [*place.flow.orders[prefix]]))

    def _stands_for(self, place: Place, path: str) -> bool:
        """Whether the group is what others wait for."""
        is_left = place.is_item and path in last(place)
        return is_group(place, path) and (is_left or place.prefix + path in self._used)

    def _branches(self, place: Place, path: str, step: Composite, depth: int) -> list[str]:
        lines: list[str] = []
        whole = place.prefix + path
        for key, pipeline in step.pipelines().items():
            lines += todo_lines(self.todos.get(f"{whole}.{key}", ()))
            lines += self._with(f"{whole}.{key}", key, pipeline.description)
            lines += indent(remarks([] if key else [branch(step.name, key)]))
            if inner := self.steps.places.inner.get(whole):
                calls = self._branch(inner[key], pipeline, "", depth + 2)
            else:
                calls = self._branch(place, pipeline, f"{path}.{key}.", depth + 2)
            lines += indent(calls)
        return lines

    def _map(self, spot: Spot, depth: int) -> list[str]:
        inner = self.steps.places.inner[spot.path][""]
        said: list[str] = []
        if is_many(spot.node.task.branch):
            mapped = self._mapped_group(spot, inner, depth)
        else:
            said = self._said(inner, inner.flow.pipeline, "")
            mapped = self._pipeline(inner, inner.flow.pipeline, "", depth + 1)
        return [
            *said,
            f"{self._variable_of_items(spot.path)} = {self._own_call(spot, ITEMS)}",
            *mapped,
            *self._end(spot, GATHERED, [self.steps.results(inner.prefix + p) for p in last(inner)]),
        ]

    def _mapped_group(self, spot: Spot, inner: Place, depth: int) -> list[str]:
        """The branch of a map as a function that makes a group for each item."""
        group, item = self.steps.ids.part(item_group(spot.path)), self.steps.item(spot.path)
        wanted = f"{self.steps.wanted(spot.path)}_{group}"
        function = self.steps.names(f"function {spot.path}", wanted)
        tooltip = inner.flow.pipeline.description
        settings = [f"group_id={literal(group)}"] if function != group else []
        settings += [f"tooltip={literal(tooltip)}"] if tooltip else []
        left = self._left(spot, inner)
        results = ", ".join(self.steps.results(path) for path in left)
        self.uses.add("task_group")
        return [
            "",
            f"@task_group({', '.join(settings)})" if settings else "@task_group",
            f"def {function}({item}):",
            *indent(self._branch(inner, inner.flow.pipeline, "", depth)),
            f"    return {', '.join(self._inside(inner, path) for path in left)}",
            "",
            f"{results} = {function}.expand({item}={self._variable_of_items(spot.path)})",
        ]

    def _left(self, spot: Spot, inner: Place) -> list[str]:
        """What the group for an item gives back: all that is gathered, and all that ends it."""
        gathered = self.steps.takes.get(f"{spot.path}\n{GATHERED}")
        paths = [*gathered.takes.values()] if gathered else []
        paths += [inner.prefix + path for path in last(inner)]
        found = dict.fromkeys(paths)
        return [path for path in self.steps.places.spots if path in found]

    def _inside(self, inner: Place, path: str) -> str:
        """The variable of a task or a group anywhere in the branch of a map."""
        step = path.removeprefix(inner.prefix)
        return self._variable(inner, step) if step in inner.flow.steps else self.steps.result(path)

    def _conditional(self, spot: Spot, depth: int) -> list[str]:
        choice = self.steps.names(f"choice {spot.path}", f"{self.steps.wanted(spot.path)}_choice")
        lines = [f"{choice} = {self._own_call(spot, CHOOSE)}"]
        waits = []
        groups = []
        taken = self.steps.takes.get(f"{spot.path}\n{JOINED}")
        for key, inner in self.steps.places.inner[spot.path].items():
            path = f"{spot.path}.{key}"
            groups.append(group := self._group(path, f"{self.steps.wanted(spot.path)}_{key}"))
            pipeline = inner.flow.pipeline
            lines += todo_lines(self.todos.get(path, ()))
            lines += self._with(path, key, pipeline.description, group)
            lines += indent(self._branch(inner, pipeline, "", depth + 2))
            ends = {inner.prefix + end for end in last(inner)}
            if taken is None or not ends <= {*taken.takes.values()}:
                waits.append(group)
        return [
            *lines,
            f"{choice} >> {_listed(groups)}",
            *self._end(spot, JOINED, waits),
        ]

    def _own_call(self, spot: Spot, ending: str) -> str:
        taken = self.steps.takes[f"{spot.path}\n{ending}"].takes
        return f"{self.steps.own(spot.path, ending)}({', '.join(taken)})"

    def _end(self, spot: Spot, ending: str, waits: list[str]) -> list[str]:
        """The last task of a composite, which waits for these beside those that it takes from."""
        if has_end(spot):
            call = self._own_call(spot, ending)
            taken = self.steps.takes[f"{spot.path}\n{ending}"].takes
            waits = [name for name in waits if name not in taken]
        else:
            task_id = self.steps.ids.own(spot.path, ending).rpartition(".")[2]
            call = self._empty(task_id, [f"trigger_rule={literal(rule(ending, spot))}"])
        if ending == GATHERED and spot.place.prefix:
            waits = [self._variable_of_items(spot.path), *waits]
        if not waits and spot.path not in self._used and not self._is_left(spot):
            return [call]
        result = self.steps.result(spot.path)
        return [f"{result} = {call}", *([f"{_listed(waits)} >> {result}"] if waits else [])]

    def _with(
        self, path: str, name: str, tooltip: str, variable: str = "", more: str = ""
    ) -> list[str]:
        more = f", {more}" if more else ""
        if name and name != self.steps.ids.part(path):
            more += f", group_display_name={literal(name)}"
        more += f", tooltip={literal(tooltip)}" if tooltip else ""
        ending = f" as {variable}" if variable else ""
        return [f"with TaskGroup({literal(self.steps.ids.part(path))}{more}){ending}:"]

    def _barrier(self, place: Place, path: str) -> Iterator[str]:
        """One task after a wide group, where many would each wait for all of its tasks."""
        if path in self._edges[place].barriers:
            whole = place.prefix + path
            ended = self._ended(place, path)
            yield f"{ended} = {self._empty(self.steps.ids.more(whole, '_done'))}"
            yield f"{self._variable(place, path)} >> {ended}"

    # Variables

    def _earlier(self, place: Place, path: str) -> str:
        """The expression of what must end before the step, beyond what it takes values from."""
        before = self._edges[place].before.get(path, ())
        return _listed([self._ended(place, earlier) for earlier in before])

    def _ended(self, place: Place, path: str) -> str:
        """The variable of what has ended when the step has."""
        if path in self._edges[place].barriers:
            name = place.flow.steps[path].name
            return self.steps.names(f"done {place.prefix}{path}", f"{name}_done")
        return self._variable(place, path)

    def _variable(self, place: Place, path: str) -> str:
        whole = place.prefix + path
        return self._group(whole) if is_group(place, path) else self.steps.result(whole)

    def _group(self, path: str, wanted: str = "") -> str:
        """The variable of a task group."""
        return self.steps.names(f"group {path}", wanted or self.steps.ids.part(path))

    def _variable_of_items(self, path: str) -> str:
        return self.steps.names(f"items {path}", f"{self.steps.wanted(path)}_items_result")


def _tooltip(step: object) -> str:
    """What is said of the branch of a map that has no group of its own."""
    if isinstance(step, Map) and not is_many(step.branch):
        return step.branch.description
    return ""


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]" if names else ""
