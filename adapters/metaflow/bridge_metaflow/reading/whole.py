"""A body as it is, on a namespace that stands for ``self``."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bridge.values import Fact
from bridge_metaflow.reading.current import facts, is_current
from bridge_metaflow.reading.functions import Origin, Output, Signature, signature
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.inputs import Inputs
from bridge_metaflow.reading.reach import Slot
from bridge_metaflow.reading.rewrite import Rewriting, method_text
from bridge_metaflow.reading.structure import Again, Do
from bridge_metaflow.reading.writing import Writing, Written, returned

__all__ = ["Whole"]


class Whole(Writing):
    """Writes such functions."""

    def write(self, do: Do, again: Again | None, reason: str) -> Written:
        """The body as it is, on a namespace."""
        step = do.step
        used = self.used_names(step) | {"self"}
        found = self._own_self(signature(self.all, step.name, used, again), step.name)
        inputs = Inputs(self.all, do, found)
        rewriting = self._kept(do, found, inputs, step)
        rewriting.returns = returned([o.text for o in found.outputs])
        rewriting.early = step.next.call is None
        rewriting.lenient = True
        preamble = [*self._namespace(step, found), *inputs.preamble()]
        text = self.text(rewriting, found, preamble)
        name = self.functions[step.name]
        helpers = [*self.all.uses.of[step.name].helpers]
        return Written(step, name, text, found, reason, helpers, unclear=rewriting.unclear)

    def _own_self(self, found: Signature, step: str) -> Signature:
        """What is given back is taken from the namespace, where it may not be."""
        sure = self.all.uses.of[step].certain | {
            slot.name
            for slot, reach in self.all.versions.reads[step].items()
            if slot.what == "self" and reach.certain
        }
        outputs = []
        for output in found.outputs:
            name = output.origin.name
            new = f"self.{name}" if name in sure else f'getattr(self, "{name}", None)'
            if output.origin.what != "artifact":
                new = output.text.replace(found.own.get(name, name), f"self.{name}")
            outputs.append(Output(output.name, output.kind, new, output.origin))
        found.outputs = outputs
        return found

    def _kept(self, do: Do, found: Signature, inputs: Inputs, step: FlowStep) -> Rewriting:
        def replaced(node: ast.AST) -> str | None:
            if new := inputs.replaced(node):
                return new
            if is_current(node, step.module):
                return self.fact(node, step, found)
            return self.on_self(node)

        return Rewriting(
            step.module,
            step.function,
            replace=replaced,
            call=lambda node: self.called(node, None),
            gone=self.gone(do) - {s for s in step.body if isinstance(s, ast.Delete)},
            instead=self.instead(do, inputs),
            tail=step.function.body[-1] if step.next.call else None,
        )

    def _namespace(self, step: FlowStep, found: Signature) -> Iterator[str]:
        """The lines that make ``self`` of what a step reads."""
        use = self.all.uses.of[step.name]
        own = [
            (slot.name, found.arguments[slot])
            for slot in found.arguments
            if isinstance(slot, Slot) and slot.what == "self"
        ]
        given = [
            f"{name}=Configuration({a.name})" if self.is_configuration(name) else f"{name}={a.name}"
            for name, a in own
            if not a.optional
        ]
        if use.any_read or use.perhaps:
            given += [f"{name}={value}" for name, value in self.constants.items()]
        if "input" in use.special:
            given.append(f"input={self._whole_input(step, found)}")
        each = self.all.innermost(step.name)
        if "index" in use.special:
            number = found.arguments[("number", each.split.name)].name if each else "None"
            given.append(f"index={number}")
        if "foreach_stack" in use.special:
            given.append(f"foreach_stack=lambda: {self.stack(step, found)}")
        asked = facts(self.all.uses, step.name)
        given += [f"{fact}={found.arguments[('fact', fact)].name}" for fact in asked]
        yield f"self = SimpleNamespace({', '.join(given)})"
        for name, argument in own:
            if argument.optional:
                yield f"if {argument.name} is not None:\n    self.{name} = {argument.name}"

    def _whole_input(self, step: FlowStep, found: Signature) -> str:
        each = self.all.innermost(step.name)
        if not each:
            return "None"
        split, over = each.split.name, each.split.next.over
        if ("item", split) in found.arguments:
            return found.arguments[("item", split)].name
        items = found.arguments[Slot("items", over, split)].name
        return f"{items}[{found.arguments[('number', split)].name}]"

    # Caught failures

    def catching(self, do: Do, again: Again | None, caught: tuple[str, int]) -> Written:
        """A function that calls the body, and tells of a failure instead of failing."""
        step = do.step
        var, times = caught
        used = {"self", "error", "failure", self.functions[step.name]}
        found = self._own_self(signature(self.all, step.name, used, again), step.name)
        inner = f"_{self.functions[step.name]}"
        inputs = Inputs(self.all, do, found)
        rewriting = self._kept(do, found, inputs, step)
        rewriting.early, rewriting.lenient = False, True
        rewriting.returns = ""
        arguments = f"self, {step.inputs}" if inputs.rebuilt else "self"
        body = method_text(rewriting, inner, arguments, [])
        found.outputs = [
            Output(o.name, o.kind, "error", Origin("error", var)) if o.origin.name == var else o
            for o in found.outputs
        ]
        attempt = found.add(("fact", "attempt"), "attempt", Fact("attempt")) if times else ""
        lines = [*self._namespace(step, found), *inputs.preamble(), "error = None", "try:"]
        lines.append(f"    {inner}({arguments})")
        lines.append("except Exception as failure:")
        if times:
            lines += [f"    if {attempt} <= {times}:", "        raise"]
        if var:
            lines.append("    error = caught(failure)")
        else:
            lines.append("    print_exception(failure)")
        lines += [returned([o.text for o in found.outputs])]
        indented = "\n".join(f"    {part}" for line in lines for part in line.split("\n") if part)
        name = self.functions[step.name]
        doc = f'    """`{inner}`, of which a failure does not end the run."""\n'
        text = f"{body}\n\ndef {name}({found.head}):\n{doc}{indented}\n"
        return Written(
            step, name, text, found, "a failure is caught", [*self.all.uses.of[step.name].helpers]
        )

    # Methods
