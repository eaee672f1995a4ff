"""The inputs of a join as its function has them: plain names, or built up again."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from bridge_metaflow.reading.functions import Signature, Signatures
from bridge_metaflow.reading.joins import JoinUse
from bridge_metaflow.reading.reach import Slot
from bridge_metaflow.reading.structure import Do, Each

__all__ = ["Inputs"]


@dataclass
class Inputs:
    """What takes the place of ``inputs`` in the body of a step; nothing where it joins nothing."""

    all: Signatures
    do: Do
    found: Signature

    @property
    def use(self) -> JoinUse | None:
        """How the body uses its inputs."""
        return self.all.uses.joins.get(self.do.step.name)

    @property
    def rebuilt(self) -> bool:
        """Whether the body needs them as a whole."""
        return bool(self.use and self.use.rest)

    def _name(self, slot: Slot) -> str:
        return self.found.arguments[slot].name

    def _known(self, slot: Slot) -> bool:
        return slot in self.found.arguments

    def replaced(self, node: ast.AST) -> str | None:
        """The text for a plain use of the inputs."""
        use = self.use
        if use is None or use.rest:
            return None
        if node in use.picks:
            branch, name = use.picks[node]
            if branch:
                return self._name(Slot("branch", name, branch))
            listed = Slot("list", name)
            return f"{self._name(listed)}[0]" if self._known(listed) else self._own(name)
        if node in use.lists:
            name = self._name(Slot("list", use.lists[node]))
            return name if isinstance(node, ast.ListComp) else f"({name})"
        return None

    def _own(self, name: str) -> str:
        return self.found.own[name]

    def merged(self) -> dict[ast.stmt, str]:
        """What takes the place of merge_artifacts."""
        made = self.all.versions.agreed.get(self.do.step.name, {})
        if not self.use or not self.use.merges or not made:
            return {}
        lines = []
        for name, slots in made.items():
            values = [self._name(slot) for slot in slots]
            given = values[0] if slots[0].what == "list" else f"[{', '.join(values)}]"
            output = self.found.outputs
            target = next(o.text for o in output if o.origin.name == name)
            if target.startswith("getattr(self"):
                target = f"self.{name}"
            lines.append(f'{target} = agreed("{name}", {given})')
        found = {merge.statement: "" for merge in self.use.merges}
        found[self.use.merges[0].statement] = "\n    ".join(lines)
        return found

    def preamble(self) -> list[str]:
        """The lines that build the inputs up again."""
        if not self.use or not self.use.rest:
            return []
        name = self.do.step.inputs
        if isinstance(self.do.joins, Each):
            return [f"{name} = {self._items()}"]
        parts = []
        for step in self.all.uses.inputs_of(self.do):
            given = [
                f"{slot.name}={argument.name}"
                for slot, argument in self.found.arguments.items()
                if isinstance(slot, Slot) and slot.what == "branch" and slot.of == step.name
            ]
            parts.append(f"{step.name}={self._space}({', '.join(given)})")
        return [f"{name} = Inputs({', '.join(parts)})"]

    @property
    def _space(self) -> str:
        """What holds the values of one input: all of them, or those that are there."""
        reads = self.all.versions.reads[self.do.step.name]
        sure = all(r.certain for s, r in reads.items() if s.what in ("list", "branch"))
        return "SimpleNamespace" if sure else "present"

    def _items(self) -> str:
        lists = [s for s in self.found.arguments if isinstance(s, Slot) and s.what == "list"]
        assert self.use
        outer = [n for n in self.use.asked if n in self.found.own and self._outside(n)]
        assert isinstance(self.do.joins, Each)
        if not lists:
            over = self.do.joins.split.next.over
            given = ", ".join(f"{n}={self.found.own[n]}" for n in outer)
            items = self.found.arguments[Slot("items", over, self.do.joins.split.name)].name
            return f"[{self._space}({given}) for _ in {items}]"
        each = {slot.name: f"{slot.name}_" for slot in lists}
        parts = [f"{name}={one}" for name, one in each.items()]
        parts += [f"{n}={self.found.own[n]}" for n in outer]
        names = [self._name(slot) for slot in lists]
        source = names[0] if len(names) == 1 else f"zip({', '.join(names)}, strict=True)"
        return f"[{self._space}({', '.join(parts)}) for {', '.join(each.values())} in {source}]"

    def _outside(self, name: str) -> bool:
        """Whether it is an attribute of the items that they have from before the split."""
        return Slot("self", name) in self.found.arguments
