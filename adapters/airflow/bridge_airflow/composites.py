"""The tasks that a composite has of its own: before what is in it, and after."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.emit.body import reach
from bridge.emit.python import indent, literal
from bridge.expressions import Expression, spreads
from bridge.flow import Output, Read
from bridge.model import Conditional, Map
from bridge.signatures import Argument
from bridge.values import Kind
from bridge_airflow.ids import is_many
from bridge_airflow.places import Place, Result, Spot, control
from bridge_airflow.reading import Reading, keys
from bridge_airflow.steps import Steps

__all__ = ["CHOOSE", "GATHERED", "ITEMS", "JOINED", "after", "before", "has_end", "rule"]

ITEMS, GATHERED = "items", "gathered"
CHOOSE, JOINED = "choose", "joined"
"""The tasks of a map, and of a conditional."""

_RULES = {GATHERED: "none_failed", JOINED: "none_failed_min_one_success"}


def has_end(spot: Spot) -> bool:
    """Whether what a composite leaves behind needs a function, and not only a task to wait for."""
    return bool(spot.node.outputs) or spot.node.puts


def rule(ending: str, spot: Spot) -> str:
    """When the last task of a composite runs.

    A map over nothing has skipped its tasks. In a branch that is not taken all of them are, and
    what was to be the items.
    """
    return _RULES[JOINED] if spot.place.prefix else _RULES[ending]


def before(steps: Steps, spot: Spot) -> list[str]:
    """The lines of the function that a composite begins with."""
    return _BEFORE[type(spot.node.task)](steps, spot) if _ends(spot) else []


def after(steps: Steps, spot: Spot) -> list[str]:
    """The lines of the function that a composite ends with, if it leaves anything behind."""
    ending = _ends(spot)
    if not (ending and has_end(spot)):
        return []
    reading = steps.takes[f"{spot.path}\n{ending}"] = Reading(steps, spot)
    body = _AFTER[ending](steps, spot, reading)
    more = [f"trigger_rule={literal(rule(ending, spot))}"]
    return [*steps.head(spot.path, more, ending), *indent(body)]


def _ends(spot: Spot) -> str:
    return {Map: GATHERED, Conditional: JOINED}.get(type(spot.node.task), "")


def _items(steps: Steps, spot: Spot) -> list[str]:
    reading = steps.takes[f"{spot.path}\n{ITEMS}"] = Reading(steps, spot)
    found = _control(reading, spot)
    steps.need("steps", "each")
    steps.need("xcom", "to_xcom")
    item = steps.item(spot.path)
    name = literal(spot.node.task.iterate_as)
    each = f"each({literal(spot.path)}, {found})"
    body = f"return [to_xcom({item}, {name}) for {item} in {each}]"
    return [*steps.head(spot.path, [], ITEMS), *indent([body])]


def _control(reading: Reading, spot: Spot) -> str:
    read = control(spot.node)
    assert read
    return reach(read, reading.expression(read))


def _gathered(steps: Steps, spot: Spot, reading: Reading) -> list[str]:
    inner = steps.places.inner[spot.path][""]
    lines: list[str] = []
    items: list[str] = []
    for output in spot.node.outputs:
        left = inner.flow.sets[output.name]
        origin = steps.places.find(inner, left)
        assert isinstance(origin, Result)
        value = _list(steps, spot, reading, origin, left)
        if spot.node.task.reducer is not None:
            value = _reduced(steps, spot, value, lines)
        key = literal(keys(spot.node)[output.name])
        items.append(f"{key}: {steps.returned(output.kind, output.name, value)}")
    if spot.node.puts:
        steps.need("files", "merged")
        items.append(f"{literal(keys(spot.node)[''])}: merged({_manifests(steps, spot, reading)})")
    return [*dict.fromkeys(lines), f"return {{{', '.join(items)}}}"]


def _list(steps: Steps, spot: Spot, reading: Reading, origin: Result, left: Output) -> str:
    """The values of a name over all items that have set it."""
    results = _results(steps, spot, reading, origin.path)
    key = literal(keys(steps.places.spots[origin.path].node)[origin.name])
    value = f"result[{key}]"
    if left.kind is Kind.PICKLED:
        steps.need("objects", "load_object")
        value = f"load_object({value})"
    return f"[{value} for result in {results}{'' if left.certain else f' if {key} in result'}]"


def _results(steps: Steps, spot: Spot, reading: Reading, path: str) -> str:
    """The results of a task of the branch for all items."""
    name = reading.take(path, steps.results(path))
    if not is_many(spot.node.task.branch):
        return name
    steps.need("xcom", "of_items")
    return f"of_items({name})"


def _reduced(steps: Steps, spot: Spot, values: str, lines: list[str]) -> str:
    reducer = spot.node.task.reducer
    values = f"*{values}" if spreads(reducer) else values
    if isinstance(reducer, Expression):
        return f"({reducer.text})({values})"
    top, _, rest = reducer.qualname.partition(".")
    lines += [f"from {reducer.module} import {top} as reducer", ""]
    return f"reducer{f'.{rest}' if rest else ''}({values})"


def _manifests(steps: Steps, spot: Spot, reading: Reading) -> str:
    """All manifests, those of an item after one another."""
    paths = steps.places.putting(steps.places.inner[spot.path][""])
    key = {p: literal(keys(steps.places.spots[p].node)[""]) for p in paths}
    found = [_results(steps, spot, reading, path) for path in paths]
    if len(paths) == 1:
        return f"result[{key[paths[0]]}] for result in {found[0]}"
    names = ", ".join(f"of_{i}" for i in range(len(paths)))
    each = ", ".join(f"of_{i}[{key[path]}]" for i, path in enumerate(paths))
    return f"files for {names} in zip({', '.join(found)}) for files in ({each})"


def _choose(steps: Steps, spot: Spot) -> list[str]:
    reading = steps.takes[f"{spot.path}\n{CHOOSE}"] = Reading(steps, spot)
    step: Conditional = spot.node.task
    found = _control(reading, spot)
    steps.need("steps", "choose")
    groups = {key: steps.ids[f"{spot.path}.{key}"] for key in step.branches}
    if step.default:
        groups["default"] = steps.ids[f"{spot.path}.default"]
    more = ", default=True" if step.default else ""
    head = steps.head(spot.path, [], CHOOSE, "task.branch")
    return [
        *head,
        f"    groups = {literal(groups)}",
        f"    return groups[choose({literal(spot.path)}, {found}, groups{more})]",
    ]


def _joined(steps: Steps, spot: Spot, reading: Reading) -> list[str]:
    """What the branch that was taken has set; its first result tells that it was."""
    branches = steps.places.inner[spot.path]
    told: list[tuple[str, list[str]]] = []
    otherwise: list[str] = []
    for inner in branches.values():
        flag = next(_holders(steps, inner), "")
        lines = _left(steps, spot, reading, inner)
        if flag:
            told.append((reading.take(flag), lines))
        else:
            otherwise = lines
    if len(told) == len(branches):
        _, otherwise = told.pop()
    lines = ["# Only the tasks of the branch that was taken have results."] if told else []
    for result, returned in told:
        lines += [f"if {result} is not None:", *indent(returned)]
    return [*lines, *otherwise]


def _holders(steps: Steps, inner: Place) -> Iterator[str]:
    """The tasks of a branch that have something to leave behind."""
    for left in inner.flow.sets.values():
        origin = steps.places.find(inner, left)
        if isinstance(origin, Result):
            yield origin.path
    yield from steps.places.putting(inner)


def _left(steps: Steps, spot: Spot, reading: Reading, inner: Place) -> list[str]:
    """What a conditional leaves behind if this branch was taken."""
    before = {read.argument.name: read for read in spot.node.reads}
    items, perhaps = [], []
    for output in spot.node.outputs:
        name, key = output.name, literal(keys(spot.node)[output.name])
        if left := inner.flow.sets.get(name):
            read = Read(Argument(name), left)
            ways = [(inner, read)]
            if not left.certain and name in before:
                ways.insert(0, (spot.place, before[name]))
        elif name in before:
            ways = [(spot.place, before[name])]
        else:
            continue
        for place, way in ways:
            value, there = _passed(steps, reading, place, way)
            if there:
                perhaps += [f"if {there}:", f"    found[{key}] = {value}"]
            else:
                items.append(f"{key}: {value}")
    if spot.node.puts:
        steps.need("files", "merged")
        found = [reading.at(Result(path, "")) for path in steps.places.putting(inner)]
        manifest = found[0] if len(found) == 1 else f"merged([{', '.join(found)}])"
        items.append(f"{literal(keys(spot.node)[''])}: {manifest}")
    if perhaps:
        return [f"found = {{{', '.join(items)}}}", *perhaps, "return found"]
    return [f"return {{{', '.join(items)}}}"]


def _passed(steps: Steps, reading: Reading, place: Place, read: Read) -> tuple[str, str]:
    """A value as it is handed on, and the condition under which it is there, if any."""
    origin = steps.places.find(place, read.source)
    kind = getattr(read.source, "kind", Kind.JSON)
    if not isinstance(origin, Result):
        value = reading.expression(read, place)
    else:
        value = reading.at(origin)
    value = value if kind is Kind.PICKLED else steps.returned(kind, read.argument.name, value)
    if read.certain or not isinstance(origin, Result):
        return value, ""
    result, _, key = reading.at(origin).partition("[")
    return value, f"{key.removesuffix(']')} in {result}"


_BEFORE = {Map: _items, Conditional: _choose}
_AFTER = {GATHERED: _gathered, JOINED: _joined}
