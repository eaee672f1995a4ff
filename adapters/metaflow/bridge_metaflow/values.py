"""How a step reaches what it reads: artifacts, Parameters, items, facts of the run, manifests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

from bridge.emit.body import Name, reach, text
from bridge.flow import Flow, Given, Output, Parameter, Read
from bridge.model import Loop, Map, Parallel
from bridge.values import Fact
from bridge_metaflow.places import Item, Place, parts
from bridge_metaflow.plan import Plan, can_change, changeable

__all__ = ["Values"]


@dataclass
class Values:
    """The expressions of values; ``imports`` becomes what they need of Metaflow."""

    plan: Plan
    imports: set[str] = field(default_factory=set)

    def of(self, place: Place, read: Read) -> str:
        """The expression of what is read, without the path into it."""
        if place.around and isinstance(place.around.node.task, Loop):
            carried = self._carried(place, place.around, read)
            if carried:
                return carried
        source, flow = self.plan.places.origin(place.flow, read.source)
        if isinstance(source, Item):
            return self.item(place, source.map)
        if isinstance(source, Fact):
            return self.fact(place, source.name)
        if isinstance(source, Parameter):
            return f"self.{self.plan.names.parameters[source.name]}"
        if not isinstance(source, Output):
            return ""
        artifact = self.plan.names.artifact(flow, source)
        return f"self.{artifact}" if read.certain else f'getattr(self, "{artifact}", ABSENT)'

    def _carried(self, place: Place, loop: Place, read: Read) -> str:
        """What an iteration may have from the one before, else from before the loop."""
        name = getattr(read.source, "name", "")
        output = next((o for o in loop.node.outputs if o.name == name), None)
        if output is None or not isinstance(read.source, Given):
            return ""
        target = self.plan.names.artifact(loop.flow, output)
        if name not in place.flow.given:
            return f'getattr(self, "{target}", ABSENT)'
        outside = self.of(loop, replace(read, source=place.flow.given[name]))
        if outside == f"self.{target}" or "ABSENT" in outside:
            return outside
        return f'getattr(self, "{target}", {outside})'

    @cached_property
    def uncertain(self) -> set[str]:
        """The artifacts that may not be there."""
        return {
            self.plan.names.artifact(place.flow, output)
            for place in self.plan.places.all
            for output in place.node.outputs
            if not output.certain
        }

    def item(self, place: Place, of: Place) -> str:
        """The item of a map around a place, of which only the innermost is at hand, or a number."""
        if isinstance(of.node.task, Loop):
            return f"self.{self.index(of)}"
        return "self.input" if place.maps[-1] is of else f"self.{self.kept_item(of)}"

    def kept_item(self, of: Place) -> str:
        """The artifact in which the item of a map is kept for the maps inside."""
        return self.plan.names.own(of, "item", of.node.task.iterate_as)

    def index(self, loop: Place) -> str:
        """The artifact of the number of a loop's iteration."""
        return self.plan.names.own(loop, "index", loop.node.task.index_as)

    def keeps_item(self, of: Place) -> bool:
        """Whether anything inside needs the item of a map where it is not at hand."""
        return any(
            self.plan.places.origin(place.flow, read.source)[0] == Item(of)
            and (place.maps[-1] is not of or _lists(place, read))
            for place in self.plan.places.inside(of)
            for read in place.node.reads
            if isinstance(read.source, Given)
        )

    def fact(self, place: Place, name: str) -> str:
        """A fact of the run."""
        if name == "step":
            return text((*self.begins(place), place.node.path))
        if name == "logical_date":
            return f"self.{self.plan.names.logical_date()}"
        self.imports.add("current")
        return "current.run_id" if name == "run_id" else "current.retry_count + 1"

    def begins(self, place: Place) -> Name:
        """What a step's name begins with, with the number of each item as it is known there."""
        return tuple(
            part if isinstance(part, str) else (self._number(place, part),) for part in place.begins
        )

    def _number(self, place: Place, depth: int) -> str:
        of = place.repeats[depth]
        if isinstance(of.node.task, Loop):
            return f"self.{self.index(of)}"
        innermost = depth == len(place.maps) - 1
        return "self.index" if innermost else f"self.foreach_stack()[{depth}][0]"

    def name(self, place: Place) -> str:
        """The name of a step in the record of a run."""
        return text((*self.begins(place), place.node.path))

    def control(self, place: Place) -> str:
        """What decides how a composite runs."""
        control = place.node.control
        assert control
        read = next(r for r in place.node.reads if r.argument.name == control.argument.name)
        return reach(control, self.of(place, read))

    # Lists of maps

    def list_of(self, place: Place) -> str:
        """The attribute over which a map goes: where its list is, if that stays as it is there."""
        found = self.control(place).removeprefix("self.")
        inside = self.plan.places.inside(place)
        names = self.plan.names
        set_there = {names.artifact(p.flow, o) for p in inside for o in p.node.outputs}
        plain = found.isidentifier() and found != "input"
        if plain and found not in set_there:
            return found
        if found == "input":
            return self.kept_item(place.maps[-1])
        return names.own(place, "items")

    def only_read(self, place: Place) -> list[str]:
        """The artifacts that a step has read, and could have changed in doing so."""
        plan = self.plan
        found = changeable(plan.places, plan.names, place)
        for read in place.node.reads:
            source, _ = plan.places.origin(place.flow, read.source)
            if not isinstance(source, Item) or isinstance(source.map.node.task, Loop):
                continue
            if can_change(plan.places, place, read):
                own = source.map is place.maps[-1]
                found.append(self.list_of(source.map) if own else self.kept_item(source.map))
        return [a for a in dict.fromkeys(found) if a not in plan.names.parameters.values()]

    # Files

    def files(self, place: Place) -> list[str]:
        """The manifests from which a step may get files, an expression for each step before it."""
        found = []
        for path in place.node.files_from:
            several = self._manifests(place.flow, path, True)
            found.append(several[0] if len(several) == 1 else f"*[{', '.join(several)}]")
        return found

    def _manifests(self, flow: Flow, path: str, certain: bool) -> list[str]:
        if not path:
            around = self.plan.places.around(flow)
            assert around
            return [m for p in flow.given_files for m in self._manifests(around.flow, p, certain)]
        place = self.plan.places(flow, path)
        if parts(place.node) and not isinstance(place.node.task, Map):
            return self.inside(place, certain and isinstance(place.node.task, Parallel))
        name = self.plan.names.own(place, "files")
        certain = certain and not place.node.handler
        return [f"self.{name}" if certain else f'getattr(self, "{name}", None)']

    def inside(self, place: Place, certain: bool) -> list[str]:
        """The manifests of what is inside a composite, which may not all be there."""
        return [
            expression
            for flow in parts(place.node).values()
            for path, node in flow.nodes.items()
            if node.puts
            for expression in self._manifests(flow, path, certain)
        ]


def _lists(place: Place, read: Read) -> bool:
    """Whether what is read is the very list over which a map goes."""
    control = place.node.control
    if control is None or control.path or not isinstance(place.node.task, Map):
        return False
    return control.argument.name == read.argument.name
