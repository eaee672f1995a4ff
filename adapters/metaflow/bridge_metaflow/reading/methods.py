"""The methods of a flow as functions."""

from __future__ import annotations

import ast

from bridge.values import Fact
from bridge_metaflow.reading.current import FACTS, is_current
from bridge_metaflow.reading.functions import Signature
from bridge_metaflow.reading.graph import is_self
from bridge_metaflow.reading.rewrite import Rewriting, UnclearError, method_text, taken
from bridge_metaflow.reading.uses import is_method
from bridge_metaflow.reading.writing import Writing, helper_arguments

__all__ = ["Methods"]


class Methods(Writing):
    """Writes them: with what they read as arguments, or with a ``self`` that they change."""

    def write(self, name: str) -> str:
        """A method of the flow as a function of its own."""
        member = self.all.uses.source.members[name]
        function, use = member.function, self.all.uses.helper(name)
        assert use is not None
        names = helper_arguments(self.all, name)
        if use.plain and not is_method(member, "classmethod"):
            return self._plain_method(name, names)

        rewriting = Rewriting(
            member.module, function, self.on_self, call=lambda node: self.called(node, None)
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
                    raise UnclearError(f"the method '{name}' has a name '{attribute}' of its own")
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
                    return self.property_call(node.attr, found)
                return found.own.get(node.attr)
            return None

        rewriting = Rewriting(
            member.module, function, replaced, call=lambda node: self.called(node, found)
        )
        arguments = _without_self(function.args, [n.lstrip("=") for n in names], member)
        returned = ast.unparse(function.returns) if function.returns else ""
        return method_text(rewriting, self.functions[name], arguments, [], returned)


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
