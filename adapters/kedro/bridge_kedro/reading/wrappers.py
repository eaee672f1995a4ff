"""The functions that stand between a task and a function of the project: ``functions.py``.

Each hands its values to the project's function as its node did, where a task cannot say that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.emit.names import Names
from bridge.emit.python import docstring, finish, imports, indent, literal
from bridge_kedro.reading.seen import Fixed, NodeSeen

__all__ = ["Given", "Wrappers"]

Given = str | Fixed | Mapping[str, str]
"""What is handed on: what a dataset holds, a fixed value, or a dict made of several datasets."""


@dataclass
class Wrappers:
    """The module, called as no other is, as it is written."""

    module: str
    about: str
    _names: Names = field(default_factory=Names)
    _imports: set[str] = field(default_factory=set)
    _written: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The module; empty when nothing needs a function of its own."""
        if not self._written:
            return ""
        head = [docstring(self.about), "\n".join(imports(self._imports))]
        source = "\n\n".join(filter(None, [*head, *self._written]))
        return finish(source, f"{self.module}.py")

    def add(
        self, node: NodeSeen, wanted: Mapping[str, str], positional: list[Given],
        keywords: Mapping[str, Given], missing: str = "",
    ) -> tuple[str, dict[str, str]]:  # fmt: skip
        """Write a function for a node's call; gives its reference, and its arguments by dataset.

        ``wanted`` has for each dataset the name that its argument should have. What is ``missing``
        is what the function says instead of the call.
        """
        name = self._name(node)
        fixed = [value for value in (*positional, *keywords.values()) if isinstance(value, Fixed)]
        uses = [] if missing else [node.call.reference, *(r for f in fixed for r in f.imports)]
        known = {reference: self._imported(reference) for reference in dict.fromkeys(uses)}
        local = Names({"result", "_", *(text.partition(".")[0] for text in known.values())})
        arguments = {dataset: local(dataset, text) for dataset, text in wanted.items()}
        if missing:
            lines = [f"raise NotImplementedError({literal(missing)})"]
        else:
            values = _values(positional, keywords, arguments, known)
            lines = _lines(node, f"{known[node.call.reference]}({', '.join(values)})")
        header = f"def {name}({', '.join(arguments.values())}):"
        self._written.append("\n".join([header, *indent(lines)]))
        return f"{self.module}:{name}", arguments

    def _name(self, node: NodeSeen) -> str:
        """A function's name like its node's, other than that of the function it calls."""
        own = node.call.reference.rpartition(":")[2] or node.call.name
        wanted = node.given_name or node.call.name
        return self._names(f"node {node.name}", f"{wanted}_node" if wanted == own else wanted)

    def _imported(self, reference: str) -> str:
        """The expression of what a reference names, which is imported for it."""
        module, _, qualname = reference.partition(":")
        if module == "builtins":
            return qualname
        top, _, rest = qualname.partition(".")
        name = self._names(f"{module}:{top}", top)
        self._imports.add(f"from {module} import {top}" + ("" if name == top else f" as {name}"))
        return f"{name}.{rest}" if rest else name


def _values(
    positional: list[Given],
    keywords: Mapping[str, Given],
    arguments: Mapping[str, str],
    known: Mapping[str, str],
) -> list[str]:
    """The arguments of the call; those that are no identifiers go by ``**``."""

    def expression(value: Given) -> str:
        if isinstance(value, str):
            return arguments[value]
        if isinstance(value, Fixed):
            return known[value.imports[0]] if value.imports else value.source
        return "{" + ", ".join(f"{literal(k)}: {arguments[d]}" for k, d in value.items()) + "}"

    odd = {name: value for name, value in keywords.items() if not name.isidentifier()}
    found = [expression(value) for value in positional]
    found += [f"{name}={expression(v)}" for name, v in keywords.items() if name not in odd]
    pairs = ", ".join(f"{literal(name)}: {expression(value)}" for name, value in odd.items())
    return [*found, f"**{{{pairs}}}"] if odd else found


def _lines(node: NodeSeen, call: str) -> list[str]:
    """The call, and what it gives in the order of the node's outputs."""
    if node.form == "none":
        return [call]
    keys = list(node.outputs)
    target = "(result,)" if node.form == "list" and len(keys) == 1 else "result"
    found = ", ".join(f"result[{literal(key)}]" for key in keys) if node.form == "dict" else ""
    if node.call.generates:  # of what it gives one after the other, the last is kept
        return [f"*_, {target} = {call}", f"return {found or 'result'}"]
    if (target == "result" and len(keys) == 1) or (not found and target == "result"):
        return [f"return {call}" + (f"[{literal(keys[0])}]" if found else "")]
    return [f"{target} = {call}", f"return {found or 'result'}"]
