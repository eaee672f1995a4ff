"""What all functions of steps have in common, however their bodies are written."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from bridge_metaflow.reading.current import FACTS, is_current
from bridge_metaflow.reading.functions import Signature, Signatures
from bridge_metaflow.reading.graph import FlowStep, deleted, is_self
from bridge_metaflow.reading.inputs import Inputs
from bridge_metaflow.reading.reach import Slot
from bridge_metaflow.reading.rewrite import Rewriting, UnclearError, method_text, taken
from bridge_metaflow.reading.structure import Do
from bridge_metaflow.reading.uses import is_method

__all__ = ["PROPERTIES", "Writing", "Written", "helper_arguments", "returned"]

PROPERTIES = ("property", "cached_property")


@dataclass
class Written:
    """A step as a function: its name and text, what it takes and gives back.

    ``whole`` says why the body has kept its ``self``; ``helpers`` are the methods it calls. Without
    a text the function is one of the user's, with a ``reference`` one of another module. ``task``
    is the name of the task where that is not the step's. ``unclear`` is text in which names of the
    flow have stayed.
    """

    step: FlowStep
    name: str
    text: str
    signature: Signature
    whole: str = ""
    helpers: list[str] = field(default_factory=list)
    task: str = ""
    reference: str = ""
    unclear: ast.AST | None = None


@dataclass
class Writing:
    """``functions`` are the names of functions by step and method, ``constants`` of constants.

    The latter by their attributes of the class.
    """

    all: Signatures
    functions: dict[str, str]
    constants: dict[str, str]

    def gone(self, do: Do) -> set[ast.stmt]:
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
                for t in deleted(statement)
            ):
                found.add(statement)
        return found

    # Plain

    def text(self, rewriting: Rewriting, found: Signature, preamble: list[str]) -> str:
        """The function; what is found only while the body is looked through is known by then."""
        rewriting.lines([])
        texts = [f"{variable} = {text!r}" for variable, text in found.texts.values()]
        name = self.functions[rewriting.function.name]
        return method_text(rewriting, name, found.head, [*preamble, *texts])

    def used_names(self, step: FlowStep) -> set[str]:
        """The names that mean something in a body."""
        own = set().union(*(taken(statement) for statement in step.function.body))
        helpers = {self.functions[h] for h in self.all.uses.of[step.name].helpers}
        attributes = {n.attr for n in ast.walk(step.function) if isinstance(n, ast.Attribute)}
        constants = {new for name, new in self.constants.items() if name in attributes}
        made = {"SimpleNamespace", "Inputs", "agreed", "range", "len", "list", "getattr"}
        return own | helpers | constants | made

    def fact(self, node: ast.AST, step: FlowStep, found: Signature) -> str | None:
        """The text for something that ``current`` is asked; None where there is nothing for it."""
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

    def is_configuration(self, name: str) -> bool:
        """Whether an attribute is a configuration."""
        given = self.all.uses.given.get(name)
        return given is not None and given.kind == "Config"

    def stack(self, step: FlowStep, found: Signature) -> str:
        """The text for ``self.foreach_stack()``."""
        parts = []
        for each in self.all.uses.around[step.name]:
            split, over = each.split.name, each.split.next.over
            items = found.arguments[Slot("items", over, split)].name
            number = found.arguments[("number", split)].name
            parts.append(f"({number}, len({items}), {items}[{number}])")
        return f"[{', '.join(parts)}]"

    # Methods of the flow

    def extra(self, helper: str, found: Signature | None) -> str:
        """The arguments by which a method gets what it reads of ``self``."""
        given = []
        for name in helper_arguments(self.all, helper):
            own = found.own.get(name, name) if found else f"self.{name}"
            if name.startswith("="):
                key = ("fact", name[1:])
                own = found.arguments[key].name if found else f"self.{name[1:]}"
            given.append(f"{name.lstrip('=')}={own}")
        return ", ".join(given)

    def property_call(self, helper: str, found: Signature | None) -> str:
        """The text for a property, or for a method that is not called there."""
        member = self.all.uses.source.members[helper]
        if not any(is_method(member, kind) for kind in PROPERTIES):
            if helper_arguments(self.all, helper):
                raise UnclearError(f"the method '{helper}' is used as a value")
            return self.functions[helper]
        return f"{self.functions[helper]}({self.extra(helper, found)})"

    def called(self, node: ast.Call, found: Signature | None) -> tuple[str, str, str] | None:
        """What is called for a method of the flow, and what it is given first and last."""
        function = node.func
        if not (isinstance(function, ast.Attribute) and is_self(function.value)):
            return None
        use = self.all.uses.helper(function.attr)
        member = self.all.uses.source.members.get(function.attr)
        if use is None or member is None or function.attr in self.all.uses.steps:
            return None
        if any(is_method(member, kind) for kind in PROPERTIES):
            return None
        if use.plain:
            return self.functions[function.attr], "", self.extra(function.attr, found)
        return self.functions[function.attr], "self", ""

    def on_self(self, node: ast.AST) -> str | None:
        """What is no attribute of the namespace: a constant, a property, a method as a value."""
        if not (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)):
            return None
        if node.value.id in ("self", "cls") and node.attr in self.constants:
            return self.constants[node.attr]
        helper = self.all.uses.helper(node.attr) if is_self(node.value) else None
        if helper is None or node.attr in self.all.uses.steps:
            return None
        name, member = self.functions[node.attr], self.all.uses.source.members[node.attr]
        given = self.extra(node.attr, None) if helper.plain else "self"
        if any(is_method(member, k) for k in PROPERTIES):
            return f"{name}({given})"
        return f"partial({name}, {given})" if given else name

    def instead(self, do: Do, inputs: Inputs) -> dict[ast.stmt, str]:
        """Statements with the text that takes their place."""
        found = inputs.merged()
        for statement in ast.walk(do.step.function):
            if isinstance(statement, ast.Expr) and _about_card(statement, do.step):
                text = do.step.module.source(statement)
                found[statement] = f'if hasattr(current, "card"): {text}'
        return found

    # Whole


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


def returned(texts: list[str]) -> str:
    """A return statement; empty text where there is nothing to return."""
    return f"return {', '.join(texts)}" if texts else ""


def _about_card(statement: ast.Expr, step: FlowStep) -> bool:
    return any(
        is_current(node, step.module) and isinstance(node, ast.Attribute) and node.attr == "card"
        for node in ast.walk(statement)
    )
