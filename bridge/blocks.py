"""What a composite that runs as a whole leaves behind: the names it sets, and how surely."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bridge.errors import Problem
from bridge.model import Composite, Conditional, Loop, Map, Parallel, Pipeline
from bridge.nodes import Flow, Read
from bridge.order import Order
from bridge.scope import Border, Given, Output, Puts, Source
from bridge.signatures import Argument
from bridge.values import Kind

__all__ = [
    "Left",
    "leaves",
    "names_left",
    "never_run",
    "puts_of",
    "runs_as_whole",
    "shared",
    "taken",
]

Outside = Callable[[str], Source | None]


@dataclass
class Left:
    """What a composite sets, and the names that keep their old value when it sets them not."""

    outputs: list[Output] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def runs_as_whole(step: Composite, flat: bool) -> bool:
    """Whether a composite is one node: all but branches without a handler of failures in them."""
    whole = not (flat and isinstance(step, Parallel)) or step.terminate_with_failure
    return whole or handles_failure(step)


def handles_failure(step: Composite) -> bool:
    """Whether a failure in a composite may be handled short of the pipelines inside those in it."""
    if step.on_failure:
        return True
    return any(p.on_failure or any(map(_handles, p.steps)) for p in step.pipelines().values())


def _handles(step: object) -> bool:
    if isinstance(step, Parallel):
        return handles_failure(step)
    return bool(getattr(step, "on_failure", None))


def leaves(step: Composite, path: str, inner: Mapping[str, Flow], outside: Outside) -> Left:
    """What ``step`` leaves behind in the scope around it, in which ``outside`` finds names."""
    left = Left()
    names = dict.fromkeys(name for flow in inner.values() for name in flow.sets)
    for name in names:
        found = [flow.sets[name] for flow in inner.values() if name in flow.sets]
        if isinstance(step, Map):
            left.outputs.append(Output(path, name, found[0].kind))
            continue
        source = outside(name)
        certain = _is_certain(step, inner, name)
        kinds = [f.kind for f in found[_last_sure(step, found) :]]
        if source is not None and (not certain or _is_carried(step, inner, name)):
            left.kept += [] if certain else [name]
            certain = certain or getattr(source, "certain", True)
            kinds.append(source.kind if isinstance(source, Output | Given) else Kind.JSON)
        if _are_mixed(kinds):
            message = f"'{name}' is an object in one way through '{path}' and JSON in another"
            left.problems.append(Problem(message, step.where))
        left.outputs.append(Output(path, name, _kind(kinds), certain))
    return left


def _are_mixed(kinds: Sequence[Kind]) -> bool:
    return Kind.PICKLED in kinds and any(kind is not Kind.PICKLED for kind in kinds)


def _kind(kinds: Sequence[Kind]) -> Kind:
    """How a value travels that is there on several ways: as a metric, if it is one on any."""
    return Kind.METRIC if Kind.METRIC in kinds else kinds[0]


def _last_sure(step: Composite, found: Sequence[Output]) -> int:
    """Which of the branches that set a name is the first whose value may be the one that stays."""
    sure = [i for i, output in enumerate(found) if output.certain]
    return sure[-1] if isinstance(step, Parallel) and sure else 0


def _is_certain(step: Composite, inner: Mapping[str, Flow], name: str) -> bool:
    sure = [name in flow.sets and flow.sets[name].certain for flow in inner.values()]
    return all(sure) if isinstance(step, Conditional) else any(sure)


def _is_carried(step: Composite, inner: Mapping[str, Flow], name: str) -> bool:
    return isinstance(step, Loop) and name in inner[""].given


def names_left(flow: Flow, own: Mapping[str, Source]) -> Iterator[Output | Problem]:
    """What a pipeline has set when it has ended well, whichever way it took to its end."""
    normal = {n: s for n, s in own.items() if isinstance(s, Output)}
    ways = list(_ways(flow))
    if not ways:
        yield from normal.values()
        return
    names = dict.fromkeys([*normal, *(name for way in ways for name in way)])
    for name in names:
        found = [way[name] for way in [normal, *ways] if name in way]
        certain = all(name in way and way[name].certain for way in [normal, *ways])
        kinds = [f.kind for f in found]
        yield Output(found[0].step, name, _kind(kinds), certain)
        if _are_mixed(kinds):
            text = (
                f"'{name}' is an object in one way through '{flow.pipeline.name}', JSON in another"
            )
            yield Problem(text, flow.pipeline.where)


def _ways(flow: Flow) -> Iterator[Mapping[str, Output]]:
    """What is set on each way that a handled failure opens."""
    before: dict[str, Output] = {}
    for node in flow.nodes.values():
        if node.handler:
            yield {**(before if flow.pipeline.order == "list" else {}), **node.handler.sets}
        before |= {output.name: output for output in node.outputs}
    if flow.handler:
        yield flow.handler.sets


def never_run(pipeline: Pipeline, order: Order) -> dict[str, str]:
    """The steps that never run, since one they wait for ends the pipeline; by that one's name."""
    ends = {s.name for s in pipeline.steps if s.terminate_with_success}
    dead: dict[str, str] = {}
    for name, earlier in order.items():
        by = [e if e in ends else dead.get(e, "") for e in earlier]
        if any(by):
            dead[name] = next(filter(None, by))
    return dead


def shared(
    path: str, names: Mapping[str, Iterable[str]], puts: Mapping[str, Iterable[str]]
) -> Iterator[str]:
    """Warnings of names and files on which branches, by their keys, do not keep apart."""
    setter: dict[str, str] = {}
    files = Puts()
    for key, own in names.items():
        for name in own:
            if name in setter:
                yield (
                    f"'{name}' is set by branches '{setter[name]}' and '{key}' of '{path}'; "
                    f"the value of '{key}' wins"
                )
            setter[name] = key
        for pattern in puts[key]:
            for other in files.find(pattern):
                yield (
                    f"branches '{other}' and '{key}' of '{path}' both put '{pattern}'; "
                    f"the file of '{key}' wins"
                )
        files.add(key, puts[key])


def taken(border: Border) -> list[Read]:
    """What a composite takes from outside, by name."""
    return [
        Read(Argument(name, required=getattr(source, "certain", True)), source)
        for name, source in border.given.items()
    ]


def puts_of(flow: Flow) -> list[str]:
    """The globs that the tasks of a flow put, and the pipelines inside them."""
    found: list[str] = []
    for node in flow.nodes.values():
        found += node.catalog.put
        for inner in (*node.inner.values(), *((node.handler,) if node.handler else ())):
            found += puts_of(inner)
    return found + (puts_of(flow.handler) if flow.handler else [])
