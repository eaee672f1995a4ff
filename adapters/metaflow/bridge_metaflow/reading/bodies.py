"""The text of a step's function: its body as the user wrote it, with names in place of ``self.x``.

Where that cannot be done safely the body keeps its ``self``, a namespace with what it reads.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from bridge.values import Fact
from bridge_metaflow.reading.calls import PlainCall, plain_call
from bridge_metaflow.reading.current import FACTS, facts, is_current
from bridge_metaflow.reading.functions import Origin, Output, Signature, Signatures, signature
from bridge_metaflow.reading.graph import FlowStep, is_self
from bridge_metaflow.reading.inputs import Inputs
from bridge_metaflow.reading.rewrite import Rewriting, Unclear, bound, method_text, taken
from bridge_metaflow.reading.structure import Again, Do
from bridge_metaflow.reading.uses import is_method
from bridge_metaflow.reading.versions import Slot

__all__ = ["Bodies", "Written"]


@dataclass
class Written:
    """A step as a function: its name and text, what it takes and gives back.

    ``whole`` says why the body has kept its ``self``; ``helpers`` are the methods it calls. Without
    a text the function is one of the user's, with ``reference`` one of another module. ``task`` is
    the name of the task where that is not the step's.
    """

    step: FlowStep
    name: str
    text: str
    signature: Signature
    whole: str = ""
    helpers: list[str] = field(default_factory=list)
    task: str = ""
    reference: str = ""


@dataclass
class Bodies:
    """Writes the functions; ``functions`` are their names by step, and those of methods."""

    all: Signatures
    functions: dict[str, str]
    constants: dict[str, str]
    caught: dict[str, tuple[str, int]] = field(default_factory=dict)

    def write(self, do: Do, again: Again | None) -> Written | None:
        """The function of a step, or None where it does nothing."""
        step, use = do.step, self.all.uses.of[do.step.name]
        if self._does_nothing(do):
            return None
        if (
            call := None
            if again and not self._counted(step)
            else plain_call(self.all, do, self._gone(do))
        ):
            return self._direct(step, call)
        reason = next((why for _, why in use.whole), "")
        if step.name in self.caught:
            return self._catching(do, again)
        if not reason:
            try:
                return self._plain(do, again)
            except Unclear as error:
                reason = str(error)
        return self._whole(do, again, reason)

    def _counted(self, step: FlowStep) -> bool:
        return step.name in self.all.uses.idioms.counted

    def _direct(self, step: FlowStep, call: PlainCall) -> Written:
        """The user's own function as it is; one of the flow's file stands in the new module."""
        own = any(module is call.found.module for module, _ in self.all.uses.source.classes)
        found = Written(step, call.found.node.name, "", call.signature, task=call.task)
        found.reference = "" if own else call.found.reference
        return found

    def _does_nothing(self, do: Do) -> bool:
        step = do.step
        gone = self._gone(do)
        left = [s for s in step.body if s not in gone and not _is_nothing(s)]
        versions, fan = (
            self.all.versions,
            next((e for e in self.all.uses.splits if e.split is step), None),
        )
        numbers = fan is not None and self.all.uses.by_number(fan)
        return not (
            left
            or versions.outputs[step.name]
            or numbers
            or step.next.condition
            and (step.name in step.next.targets)
        )

    def _gone(self, do: Do) -> set[ast.stmt]:
        """The statements that have no place in a function."""
        name, uses = do.step.name, self.all.uses
        found: set[ast.stmt] = set(do.step.hidden)
        join = uses.joins.get(name)
        if join:
            made = self.all.versions.agreed.get(name, {})
            through = self.all.versions.through.get(name, ())
            found |= {s for n, s in join.through.items() if n in through}
            found |= set() if made else {merge.statement for merge in join.merges}
        for statement in do.step.body:
            if isinstance(statement, ast.Delete) and all(
                isinstance(t, ast.Attribute) and is_self(t.value) and t.attr in uses.of[name].drops
                for t in statement.targets
            ):
                found.add(statement)
        return found

    # Plain

    def _plain(self, do: Do, again: Again | None) -> Written:
        step, uses = do.step, self.all.uses
        used = self._taken(step) - {"self", step.inputs}
        shared = {n for n in uses.of[step.name].loads if self._can_share(step, n)}
        kept = self._kept_variables(step)
        shared |= kept.keys()
        found = signature(self.all, step.name, used - shared, again)
        inputs = Inputs(self.all, do, found)
        rewriting = Rewriting(
            step.module,
            step.function,
            replace=lambda node: self._replaced(node, step, found, inputs),
            call=lambda node: self._called(node, found),
            gone=self._gone(do) | set(kept.values()),
            instead=self._instead(do, inputs),
            tail=step.function.body[-1] if step.next.call else None,
            returns=_returned([o.text for o in found.outputs]),
            early=step.next.call is None,
        )
        starts = self.all.versions.starts.get(step.name, ())
        preamble = [f"{found.own[name]} = None" for name in sorted(starts) if name in found.own]
        preamble += [*self._configurations(found), *self._item(step, found), *inputs.preamble()]
        text = self._text(rewriting, found, preamble)
        name = self.functions[step.name]
        return Written(step, name, text, found, helpers=[*uses.of[step.name].helpers])

    def _text(self, rewriting: Rewriting, found: Signature, preamble: list[str]) -> str:
        """The function; what is found only while the body is looked through is known by then."""
        rewriting.lines([])
        texts = [f"{variable} = {text!r}" for variable, text in found.texts.values()]
        name = self.functions[rewriting.function.name]
        return method_text(rewriting, name, found.head, [*preamble, *texts])

    def _taken(self, step: FlowStep) -> set[str]:
        """The names that mean something in a body."""
        own = set().union(*(taken(statement) for statement in step.function.body))
        helpers = {self.functions[h] for h in self.all.uses.of[step.name].helpers}
        attributes = {n.attr for n in ast.walk(step.function) if isinstance(n, ast.Attribute)}
        constants = {new for name, new in self.constants.items() if name in attributes}
        made = {"SimpleNamespace", "Inputs", "agreed", "range", "len", "list", "getattr"}
        return own | helpers | constants | made

    def _kept_variables(self, step: FlowStep) -> dict[str, ast.stmt]:
        """Statements ``self.x = x`` behind which neither is touched: the variable will do."""
        use, found = self.all.uses.of[step.name], {}
        for number, statement in enumerate(step.body):
            if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
                continue
            target, value = statement.targets[0], statement.value
            if not (isinstance(target, ast.Attribute) and is_self(target.value)):
                continue
            name = target.attr
            if not isinstance(value, ast.Name) or value.id != name or name in use.loads:
                continue
            rest = [s for i, s in enumerate(step.body) if i != number]
            later = {n for s in step.body[number + 1 :] for n in bound(s)}
            if not _reads(rest, name) and name not in later and name in use.certain:
                found[name] = statement
        return found

    def _can_share(self, step: FlowStep, name: str) -> bool:
        """Whether a variable of the same name is set from the attribute, which then has served."""
        use = self.all.uses.of[step.name]
        if name in use.sets or name in use.changes or name in use.helpers:
            return False
        for number, statement in enumerate(step.body):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            if isinstance(target, ast.Name) and target.id == name:
                before = [*step.body[:number]]
                after = [*step.body[number + 1 :]]
                assert isinstance(statement, ast.Assign)
                free = not _mentions(before, name) and not _mentions([statement.value], name)
                return free and not _reads(after, name) and _reads([statement.value], name)
        return False

    def _replaced(
        self, node: ast.AST, step: FlowStep, found: Signature, inputs: Inputs
    ) -> str | None:
        if new := inputs.replaced(node):
            return new
        if is_current(node, step.module):
            return self._fact(node, step, found)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if is_self(node.func.value) and node.func.attr == "foreach_stack":
                return self._stack(step, found)
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return None
        name = node.attr
        if node.value.id == self.all.uses.source.name and name in self.constants:
            return self.constants[name]
        if not is_self(node.value):
            return None
        if name in self.constants:
            return self.constants[name]
        if name == "input":
            return self._input(step, found)
        if name == "index":
            each = self.all.innermost(step.name)
            return found.arguments[("number", each.split.name)].name if each else "None"
        if name in self.all.uses.of[step.name].helpers:
            return self._property(name, found)
        return found.own.get(name) or name

    def _fact(self, node: ast.AST, step: FlowStep, found: Signature) -> str | None:
        assert isinstance(node, ast.Attribute)
        if node.attr in ("step_name", "flow_name"):
            if node.attr not in found.texts:
                text = step.name if node.attr == "step_name" else self.all.uses.source.name
                found.texts[node.attr] = (found.variable(node.attr), text)
            return found.texts[node.attr][0]
        if node.attr in FACTS:
            fact, text = FACTS[node.attr]
            return text.replace(fact, found.arguments[("fact", fact)].name)
        return None

    def _configurations(self, found: Signature) -> Iterator[str]:
        """Configurations are read by attributes as well as by keys."""
        for name, variable in found.own.items():
            if self._is_configuration(name):
                yield f"{variable} = Configuration({variable})"

    def _is_configuration(self, name: str) -> bool:
        given = self.all.uses.given.get(name)
        return given is not None and given.kind == "Config"

    # Items

    def _item(self, step: FlowStep, found: Signature) -> Iterator[str]:
        each = self.all.innermost(step.name)
        use = self.all.uses.of[step.name]
        if each and "input" in use.special and self.all.uses.by_number(each):
            split, over = each.split.name, each.split.next.over
            items = found.arguments[Slot("items", over, split)].name
            number = found.arguments[("number", split)].name
            yield f"{self._input(step, found)} = {items}[{number}]"

    def _input(self, step: FlowStep, found: Signature) -> str:
        each = self.all.innermost(step.name)
        if not each:
            return "None"
        split, over = each.split.name, each.split.next.over
        if ("item", split) in found.arguments:
            return found.arguments[("item", split)].name
        if "input" not in found.own:
            found.own["input"] = found.variable(self.all.names.item(split, over))
        return found.own["input"]

    def _stack(self, step: FlowStep, found: Signature) -> str:
        parts = []
        for each in self.all.uses.around[step.name]:
            split, over = each.split.name, each.split.next.over
            items = found.arguments[Slot("items", over, split)].name
            number = found.arguments[("number", split)].name
            parts.append(f"({number}, len({items}), {items}[{number}])")
        return f"[{', '.join(parts)}]"

    # Methods of the flow

    def _extra(self, helper: str, found: Signature | None) -> str:
        """The arguments by which a method gets what it reads of ``self``."""
        given = []
        for name in helper_arguments(self.all, helper):
            own = found.own.get(name, name) if found else f"self.{name}"
            if name.startswith("="):
                key = ("fact", name[1:])
                own = found.arguments[key].name if found else f"self.{name[1:]}"
            given.append(f"{name.lstrip('=')}={own}")
        return ", ".join(given)

    def _property(self, helper: str, found: Signature | None) -> str:
        member = self.all.uses.source.members[helper]
        if not any(is_method(member, kind) for kind in ("property", "cached_property")):
            if helper_arguments(self.all, helper):
                raise Unclear(f"the method '{helper}' is used as a value")
            return self.functions[helper]
        return f"{self.functions[helper]}({self._extra(helper, found)})"

    def _called(self, node: ast.Call, found: Signature | None) -> tuple[str, str, str] | None:
        function = node.func
        if not (isinstance(function, ast.Attribute) and is_self(function.value)):
            return None
        use = self.all.uses.helper(function.attr)
        member = self.all.uses.source.members.get(function.attr)
        if use is None or member is None or function.attr in self.all.uses.steps:
            return None
        if any(is_method(member, kind) for kind in ("property", "cached_property")):
            return None
        if use.plain:
            return self.functions[function.attr], "", self._extra(function.attr, found)
        return self.functions[function.attr], "self", ""

    def _instead(self, do: Do, inputs: Inputs) -> dict[ast.stmt, str]:
        found = inputs.merged()
        for statement in ast.walk(do.step.function):
            if isinstance(statement, ast.Expr) and _about_card(statement, do.step):
                text = do.step.module.source(statement)
                found[statement] = f'if hasattr(current, "card"): {text}'
        return found

    # Whole

    def _whole(self, do: Do, again: Again | None, reason: str) -> Written:
        """The body as it is, on a namespace."""
        step = do.step
        used = self._taken(step) | {"self"}
        found = self._own_self(signature(self.all, step.name, used, again), step.name)
        inputs = Inputs(self.all, do, found)
        rewriting = self._kept(do, found, inputs, step)
        rewriting.returns = _returned([o.text for o in found.outputs])
        rewriting.early = step.next.call is None
        preamble = [*self._namespace(step, found), *inputs.preamble()]
        text = self._text(rewriting, found, preamble)
        name = self.functions[step.name]
        return Written(step, name, text, found, reason, [*self.all.uses.of[step.name].helpers])

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
                return self._fact(node, step, found)
            return self._on_self(node)

        return Rewriting(
            step.module,
            step.function,
            replace=replaced,
            call=lambda node: self._called(node, None),
            gone=self._gone(do) - {s for s in step.body if isinstance(s, ast.Delete)},
            instead=self._instead(do, inputs),
            tail=step.function.body[-1] if step.next.call else None,
        )

    def _on_self(self, node: ast.AST) -> str | None:
        """What is no attribute of the namespace: a constant, a property, a method as a value."""
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return None
        if node.value.id in ("self", "cls") and node.attr in self.constants:
            return self.constants[node.attr]
        helper = self.all.uses.helper(node.attr) if is_self(node.value) else None
        if helper is None or node.attr in self.all.uses.steps:
            return None
        name, member = self.functions[node.attr], self.all.uses.source.members[node.attr]
        given = self._extra(node.attr, None) if helper.plain else "self"
        if any(is_method(member, k) for k in ("property", "cached_property")):
            return f"{name}({given})"
        return f"partial({name}, {given})" if given else name

    def _namespace(self, step: FlowStep, found: Signature) -> Iterator[str]:
        """The lines that make ``self`` of what a step reads."""
        use = self.all.uses.of[step.name]
        own = [
            (slot.name, found.arguments[slot])
            for slot in found.arguments
            if isinstance(slot, Slot) and slot.what == "self"
        ]
        given = [
            f"{name}=Configuration({a.name})"
            if self._is_configuration(name)
            else f"{name}={a.name}"
            for name, a in own
            if not a.optional
        ]
        for name in self.constants if use.any_read or use.perhaps else ():
            given.append(f"{name}={self.constants[name]}")
        if "input" in use.special:
            given.append(f"input={self._whole_input(step, found)}")
        each = self.all.innermost(step.name)
        if "index" in use.special:
            number = found.arguments[("number", each.split.name)].name if each else "None"
            given.append(f"index={number}")
        if "foreach_stack" in use.special:
            given.append(f"foreach_stack=lambda: {self._stack(step, found)}")
        for fact in facts(self.all.uses, step.name):
            given.append(f"{fact}={found.arguments[('fact', fact)].name}")
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

    def _catching(self, do: Do, again: Again | None) -> Written:
        """A function that calls the body, and tells of a failure instead of failing."""
        step = do.step
        var, times = self.caught[step.name]
        used = {"self", "error", "failure", self.functions[step.name]}
        found = self._own_self(signature(self.all, step.name, used, again), step.name)
        inner = f"_{self.functions[step.name]}"
        inputs = Inputs(self.all, do, found)
        rewriting = self._kept(do, found, inputs, step)
        rewriting.early = False
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
        lines += [_returned([o.text for o in found.outputs])]
        indented = "\n".join(f"    {part}" for line in lines for part in line.split("\n") if part)
        name = self.functions[step.name]
        doc = f'    """`{inner}`, of which a failure does not end the run."""\n'
        text = f"{body}\n\ndef {name}({found.head}):\n{doc}{indented}\n"
        return Written(
            step, name, text, found, "a failure is caught", [*self.all.uses.of[step.name].helpers]
        )

    # Methods

    def method(self, name: str) -> str:
        """A method of the flow as a function of its own."""
        member = self.all.uses.source.members[name]
        function, use = member.function, self.all.uses.helper(name)
        assert use is not None
        names = helper_arguments(self.all, name)
        if use.plain and not is_method(member, "classmethod"):
            return self._plain_method(name, names)

        rewriting = Rewriting(
            member.module, function, self._on_self, call=lambda node: self._called(node, None)
        )
        return method_text(rewriting, self.functions[name], ast.unparse(function.args), [])

    def _plain_method(self, name: str, names: list[str]) -> str:
        member = self.all.uses.source.members[name]
        function = member.function
        used = set().union(*(taken(statement) for statement in function.body)) - {"self"}
        used |= {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)} - {"self"}
        found = Signature(used)
        for attribute in names:
            key = ("fact", attribute[1:]) if attribute.startswith("=") else attribute
            if isinstance(key, str):
                found.own[key] = attribute
                if attribute in used:
                    raise Unclear(f"the method '{name}' has a name '{attribute}' of its own")
            else:
                found.add(key, key[1], Fact(key[1]))

        def replaced(node: ast.AST) -> str | None:
            if is_current(node, member.module):
                assert isinstance(node, ast.Attribute)
                if node.attr in FACTS:
                    fact, text = FACTS[node.attr]
                    return text.replace(fact, found.arguments[("fact", fact)].name)
            if isinstance(node, ast.Attribute) and is_self(node.value):
                if node.attr in self.constants:
                    return self.constants[node.attr]
                if self.all.uses.helper(node.attr) is not None:
                    return self._property(node.attr, found)
                return found.own.get(node.attr)
            return None

        rewriting = Rewriting(
            member.module, function, replaced, call=lambda node: self._called(node, found)
        )
        arguments = _without_self(function.args, [n.lstrip("=") for n in names], member)
        returned = ast.unparse(function.returns) if function.returns else ""
        return method_text(rewriting, self.functions[name], arguments, [], returned)


def helper_arguments(all: Signatures, helper: str) -> list[str]:
    """What a method that only reads takes besides its own arguments; facts begin with ``=``."""
    use = all.uses.helper(helper)
    if use is None or not use.plain:
        return []
    member = all.uses.source.members[helper]
    own = [n for n in use.loads if n not in all.uses.constants]
    nodes = [member.node]
    for name in use.helpers:
        inner = all.uses.source.members.get(name)
        nodes += [inner.node] if inner else []
    asked = [
        FACTS[n.attr][0]
        for node in nodes
        for n in ast.walk(node)
        if isinstance(n, ast.Attribute) and is_current(n, member.module) and n.attr in FACTS
    ]
    return [*own, *(f"={fact}" for fact in dict.fromkeys(asked))]


def _without_self(given: ast.arguments, more: list[str], member: object) -> str:
    """The arguments of a method, without its self and with some more."""
    copy = ast.parse(f"def f({ast.unparse(given)}): pass").body[0]
    assert isinstance(copy, ast.FunctionDef)
    arguments = copy.args
    if arguments.args and arguments.args[0].arg == "self":
        arguments.args.pop(0)
    added = [ast.arg(name) for name in more]
    plain = not (arguments.defaults or arguments.vararg or arguments.kwonlyargs)
    if plain:
        arguments.args += added
    else:
        arguments.kwonlyargs += added
        arguments.kw_defaults += [None for _ in added]
    return ast.unparse(arguments)


def _returned(texts: list[str]) -> str:
    return f"return {', '.join(texts)}" if texts else ""


def _is_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass) or constant


def _mentions(nodes: list[ast.stmt] | list[ast.expr], name: str) -> bool:
    return any(
        isinstance(n, ast.Name) and n.id == name or isinstance(n, ast.arg) and n.arg == name
        for node in nodes
        for n in ast.walk(node)
    )


def _reads(nodes: list[ast.stmt] | list[ast.expr], name: str) -> bool:
    return any(
        isinstance(n, ast.Attribute) and is_self(n.value) and n.attr == name
        for node in nodes
        for n in ast.walk(node)
    )


def _about_card(statement: ast.Expr, step: FlowStep) -> bool:
    return any(
        is_current(node, step.module) and isinstance(node, ast.Attribute) and node.attr == "card"
        for node in ast.walk(statement)
    )
