"""The bodies of steps as plain functions, with what each takes and gives back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bridge.values import At, Fact, Input, Kind
from bridge_metaflow.reading.current import facts
from bridge_metaflow.reading.names import FlowNames
from bridge_metaflow.reading.reach import Def, Reach, Slot
from bridge_metaflow.reading.sorts import is_json
from bridge_metaflow.reading.structure import Again, Each
from bridge_metaflow.reading.uses import Uses
from bridge_metaflow.reading.versions import Versions

__all__ = ["Argument", "Origin", "Output", "Signature", "Signatures", "signature"]


@dataclass(frozen=True)
class Origin:
    """Where a run of the flow itself has a value: an artifact, or something made of one."""

    what: str
    name: str
    keys: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Output:
    """A name that a task gives back: its text in the function, and where the flow has it."""

    name: str
    kind: Kind
    text: str
    origin: Origin


@dataclass(frozen=True)
class Argument:
    """What a function takes, and what it receives."""

    name: str
    given: Input
    optional: bool = False


@dataclass
class Signature:
    """What the function of a step takes and gives back; its arguments are kept by what is read.

    ``taken`` are the names that anything else in the body has, ``own`` those of the attributes of
    ``self``, ``texts`` variables of the body with the text that they hold.
    """

    taken: set[str]
    arguments: dict[Any, Argument] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)
    own: dict[str, str] = field(default_factory=dict)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)

    def variable(self, wanted: str) -> str:
        """A name that nothing else in the function has."""
        used = self.taken | {a.name for a in self.arguments.values()} | set(self.own.values())
        used |= {name for name, _ in self.texts.values()}
        while wanted in used:
            wanted += "_"
        return wanted

    def add(self, key: Any, wanted: str, given: Input, optional: bool = False) -> str:
        """An argument, once for each key; gives its name."""
        if key not in self.arguments:
            self.arguments[key] = Argument(self.variable(wanted), given, optional)
        return self.arguments[key].name

    @property
    def head(self) -> str:
        """The arguments as they stand in the definition."""
        found = sorted(self.arguments.values(), key=lambda a: a.optional)
        return ", ".join(f"{a.name}=None" if a.optional else a.name for a in found)

    @property
    def inputs(self) -> dict[str, Input]:
        """What the arguments receive, of those that do not receive the value of their own name."""
        found = sorted(self.arguments.values(), key=lambda a: a.optional)
        return {a.name: a.given for a in found if a.given != At(a.name)}


@dataclass
class Signatures:
    """Makes them, from what is known of the flow."""

    uses: Uses
    versions: Versions
    names: FlowNames
    conditions: set[str]

    def kind(self, attribute: str) -> Kind:
        """How the values of an attribute travel."""
        known = attribute in self.conditions or is_json(self.uses.sort(attribute))
        return Kind.JSON if known else Kind.PICKLED

    def name_of(self, reach: Reach) -> str:
        """The name of a value in the pipeline."""
        return self.versions.name(next(iter(reach.values)))

    def behind(self, step: str, attribute: str) -> str:
        """The name in the pipeline of an attribute as it is behind a step."""
        reach = self.versions.after[step].get(attribute)
        return self.name_of(reach) if reach else attribute

    def innermost(self, step: str) -> Each | None:
        """The map that a step is in."""
        around = self.uses.around[step]
        return around[-1] if around else None


def signature(all: Signatures, step: str, taken: set[str], again: Again | None) -> Signature:
    """The signature of a step; ``taken`` are names that its body uses for something else."""
    found = Signature(set(taken))
    reads, use = all.versions.reads[step], all.uses.of[step]
    outputs = all.versions.outputs[step]
    for slot, reach in reads.items():
        if slot.what == "self":
            given = At(all.name_of(reach))
            found.own[slot.name] = found.add(slot, slot.name, given, not reach.certain)
    for name in outputs:
        if name not in found.own:
            found.own[name] = found.variable(name)
    for slot, reach in reads.items():
        if slot.what != "self":
            optional = slot.what == "branch" and not reach.certain
            found.add(slot, _wanted(slot, found, reads), At(all.name_of(reach)), optional)
    each = all.innermost(step)
    if each:
        _items(all, found, use.special, all.uses.around[step])
    for fact in facts(all.uses, step):
        found.add(("fact", fact), fact, Fact(fact))
    for name in outputs:
        origin = Origin("artifact", name)
        pipeline_name = all.versions.name(Def(step, name))
        found.outputs.append(Output(pipeline_name, all.kind(name), found.own[name], origin))
    found.outputs += _extra(all, found, step, again)
    return found


def _wanted(slot: Slot, found: Signature, reads: dict[Slot, Any]) -> str:
    """The name that an argument is to have, beside those of the attributes of ``self``."""
    alone = sum(other.name == slot.name for other in reads) == 1 and slot.name not in found.own
    if slot.what == "branch":
        return slot.name if alone else f"{slot.of}__{slot.name}"
    return slot.name if alone or slot.what == "items" else f"{slot.name}_list"


def _items(all: Signatures, found: Signature, special: set[str], around: list[Each]) -> None:
    """The items that a step is one of, or their numbers."""
    for each in around:
        split, over = each.split.name, each.split.next.over
        inner = each is around[-1]
        if all.uses.by_number(each):
            if "foreach_stack" in special or (inner and special & {"input", "index"}):
                number = all.names.number(split, over)
                found.add(("number", split), number, At(number))
        elif inner and "input" in special:
            item = all.names.item(split, over)
            found.add(("item", split), item, At(item))


def _extra(all: Signatures, found: Signature, step: str, again: Again | None) -> Iterator[Output]:
    """What a step gives back beside attributes: numbers of items, whether a loop is over."""
    following = all.uses.steps[step].next
    fan = next((e for e in all.uses.splits if e.split.name == step), None)
    if fan and all.uses.by_number(fan):
        text = f"list(range(len({found.own.get(following.over, following.over)})))"
        name = all.names.numbers(step, following.over)
        yield Output(name, Kind.JSON, text, Origin("numbers", following.over))
    if again and step not in all.uses.idioms.counted:
        value = found.own.get(following.condition, following.condition)
        keys = again.keys
        text = f"{value} not in {tuple(keys)!r}" if len(keys) > 1 else f"{value} != {keys[0]!r}"
        if keys[0] is True and len(keys) == 1:
            text = f"not {value}"
        elif keys[0] is False and len(keys) == 1:
            text = f"bool({value})"
        origin = Origin("over", following.condition, tuple(keys))
        yield Output(all.names.over(step), Kind.JSON, text, origin)
