"""Which attributes of ``self`` a body reads and sets, and which of them it reads first."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from bridge_metaflow.reading.changes import Called, Change, changes
from bridge_metaflow.reading.graph import deleted, is_next

__all__ = ["Helper", "Reason", "Use", "use_of"]

Helper = Callable[[str], "Use | None"]
"""What a method or property of the flow does, by its name; None of what is an attribute."""

Reason = tuple[ast.AST, str]

_SPECIAL = {"input", "index", "foreach_stack"}


@dataclass
class Use:
    """How a body uses ``self``.

    ``reads`` are attributes read where they may not have been set by the body, ``loads`` all that
    are read anywhere, ``sets`` those that it may set, ``certain`` those that it has set at its
    end. ``changes`` are made in place. ``perhaps`` are asked for by hasattr or getattr. ``drops``
    are deleted at the end, so that they go on as they came. ``special`` are input, index and
    foreach_stack; ``helpers`` the methods and properties that are used.

    ``whole`` are reasons for which the body cannot be written without a ``self``; with ``any_read``
    and ``any_set`` attributes are read or set that have no name in the source.
    """

    reads: dict[str, ast.AST] = field(default_factory=dict)
    loads: dict[str, ast.AST] = field(default_factory=dict)
    sets: dict[str, ast.AST] = field(default_factory=dict)
    certain: set[str] = field(default_factory=set)
    changes: dict[str, Change] = field(default_factory=dict)
    perhaps: set[str] = field(default_factory=set)
    drops: set[str] = field(default_factory=set)
    special: set[str] = field(default_factory=set)
    helpers: dict[str, ast.AST] = field(default_factory=dict)
    whole: list[Reason] = field(default_factory=list)
    any_read: list[Reason] = field(default_factory=list)
    any_set: list[Reason] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        """Whether it only reads, so that it can be a function of what it reads."""
        return not (self.whole or self.sets or self.changes or self.special)


def use_of(
    body: Sequence[ast.stmt],
    me: str,
    helper: Helper,
    called: Called,
    function: Callable[[ast.expr], Use | None] = lambda call: None,
) -> Use:
    """How statements use ``me``; ``function`` tells how one of the module uses what it is given."""
    found = _Reading(me, helper, function)
    state = found.block(body, frozenset())
    for end in found.returns:
        state = _both(state, end)
    use = found.use
    use.certain = set(use.sets) if state is None else set(state)
    for name, change in changes(body, me, called).items():
        if name.startswith("self.") and name.removeprefix("self.") not in _SPECIAL:
            use.changes.setdefault(name.removeprefix("self."), change)
    return use


State = frozenset[str] | None
"""The attributes that are set by now; None behind a return or a raise."""


class _Reading:
    """The walk through a body, in the order in which it runs."""

    def __init__(self, me: str, helper: Helper, function: Callable[[ast.expr], Use | None]) -> None:
        self.use = Use()
        self._me, self._helper, self._function = me, helper, function
        self.returns: list[State] = []
        self._inner = 0

    def block(self, statements: Iterable[ast.stmt], state: State) -> State:
        for statement in statements:
            state = self._statement(statement, state)
        return state

    def _statement(self, node: ast.stmt, state: State) -> State:
        handler = getattr(self, f"_{type(node).__name__.lower()}", None)
        if handler:
            return handler(node, state)  # type: ignore[no-any-return]
        state = self._expressions(node, state)
        if isinstance(node, ast.Return) and not self._inner:
            self.returns.append(state)
        stops = isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue)
        return None if stops else state

    def _assign(self, node: ast.Assign, state: State) -> State:
        state = self._expression(node.value, state)
        for target in node.targets:
            state = self._target(target, state)
        return state

    def _annassign(self, node: ast.AnnAssign, state: State) -> State:
        if node.value is None:
            return state
        return self._target(node.target, self._expression(node.value, state))

    def _augassign(self, node: ast.AugAssign, state: State) -> State:
        name = self._attribute(node.target)
        if name:
            self._read(name, node.target, state)
        state = self._expression(node.value, state)
        return self._target(node.target, state)

    def _delete(self, node: ast.Delete, state: State) -> State:
        for target in deleted(node):
            name = self._attribute(target)
            if name and self._helper(name) is None:
                self.use.drops.add(name)
                self.use.loads.setdefault(name, target)
                if name in self.use.sets or self._inner:
                    self._whole(target, f"self.{name} is set and deleted")
            else:
                state = self._expression(target, state)
        return state

    def _target(self, target: ast.expr, state: State) -> State:
        if isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                state = self._target(part, state)
            return state
        if isinstance(target, ast.Starred):
            return self._target(target.value, state)
        name = self._attribute(target)
        if not name:
            return self._expression(target, state)
        self.use.sets.setdefault(name, target)
        self.use.drops.discard(name)
        if self._inner:
            self._whole(target, f"an inner function sets self.{name}")
            return state
        return None if state is None else state | {name}

    # Statements with others in them

    def _if(self, node: ast.If, state: State) -> State:
        state = self._expression(node.test, state)
        return _both(self.block(node.body, state), self.block(node.orelse, state))

    def _while(self, node: ast.While, state: State) -> State:
        state = self._expression(node.test, state)
        self.block(node.body, state)
        return self.block(node.orelse, state)

    def _for(self, node: ast.For, state: State) -> State:
        state = self._expression(node.iter, state)
        self.block(node.body, self._target(node.target, state))
        return self.block(node.orelse, state)

    def _with(self, node: ast.With, state: State) -> State:
        before = state
        for item in node.items:
            state = self._expression(item.context_expr, state)
            if item.optional_vars:
                state = self._target(item.optional_vars, state)
        after = self.block(node.body, state)
        swallows = any("suppress" in ast.unparse(i.context_expr) for i in node.items)
        return before if swallows else after

    def _try(self, node: ast.Try, state: State) -> State:
        after = self.block(node.body, state)
        found = self.block(node.orelse, after)
        for handler in node.handlers:
            found = _both(found, self.block(handler.body, state))
        if node.finalbody:
            end = self.block(node.finalbody, state)
            added = (end or frozenset()) - (state or frozenset())
            found = None if end is None or found is None else found | added
        return found

    _trystar = _try

    def _match(self, node: ast.Match, state: State) -> State:
        state = self._expression(node.subject, state)
        found = state
        for case in node.cases:
            found = _both(found, self.block(case.body, state))
        return found

    def _functiondef(self, node: ast.FunctionDef, state: State) -> State:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            state = self._expression(default, state)
        return self._within(node.body, state)

    _asyncfunctiondef = _functiondef

    def _classdef(self, node: ast.ClassDef, state: State) -> State:
        return self._within(node.body, state)

    def _within(self, body: Iterable[ast.stmt], state: State) -> State:
        """Code that runs later, if ever."""
        self._inner += 1
        self.block(body, state)
        self._inner -= 1
        return state

    # Expressions

    def _expressions(self, node: ast.AST, state: State) -> State:
        for child in ast.iter_child_nodes(node):
            state = self._expression(child, state)
        return state

    def _expression(self, node: ast.AST, state: State) -> State:
        if isinstance(node, ast.stmt):
            return self._statement(node, state)
        if isinstance(node, ast.Lambda):
            self._expressions(node, state)
            return state
        if isinstance(node, ast.Call):
            return self._call(node, state)
        if isinstance(node, ast.BoolOp | ast.IfExp):
            first = node.values[0] if isinstance(node, ast.BoolOp) else node.test
            state = self._expression(first, state)
            self._expressions(node, state)
            return state
        name = self._attribute(node)
        if name:
            return self._read(name, node, state)
        if isinstance(node, ast.Name) and node.id == self._me:
            self._dynamic(node, "self is handed on as a whole")
            return state
        return self._expressions(node, state)

    def _attribute(self, node: ast.AST) -> str:
        """The name of the attribute of ``self`` that a node is, if it is one."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.attr if node.value.id == self._me else ""
        return ""

    def _read(self, name: str, node: ast.AST, state: State) -> State:
        if name in _SPECIAL:
            self.use.special.add(name)
            return state
        if name in ("__dict__", "__class__"):
            self._dynamic(node, f"self.{name} is used")
            return state
        inner = self._helper(name)
        if inner is not None:
            self.use.helpers.setdefault(name, node)
            return self._merge(inner, state)
        self.use.loads.setdefault(name, node)
        if state is not None and name not in state:
            self.use.reads.setdefault(name, node)
        return state

    def _merge(self, inner: Use, state: State) -> State:
        """What a method of the flow does with the same ``self``."""
        use = self.use
        for name, node in inner.reads.items():
            if state is not None and name not in state:
                use.reads.setdefault(name, node)
        use.loads = {**inner.loads, **use.loads}
        use.sets = {**use.sets, **inner.sets}
        use.changes = {**inner.changes, **use.changes}
        use.perhaps |= inner.perhaps
        use.special |= inner.special
        use.helpers = {**inner.helpers, **use.helpers}
        use.any_read += inner.any_read
        use.any_set += inner.any_set
        if not inner.plain:
            use.whole += [w for w in inner.whole if w not in use.whole] or [
                (node, "a method of the flow sets attributes")
                for node in [*inner.sets.values()][:1]
            ]
        return None if state is None else state | frozenset(inner.certain)

    def _call(self, node: ast.Call, state: State) -> State:
        if is_next(node):
            return state
        function = node.func
        first = node.args[0] if node.args else None
        about_me = isinstance(first, ast.Name) and first.id == self._me
        if about_me and isinstance(function, ast.Name):
            return self._about(node, function.id, state)
        for part in (*node.args, *(k.value for k in node.keywords)):
            state = self._expression(part, state)
        return self._expression(function, state)

    def _about(self, node: ast.Call, function: str, state: State) -> State:
        """A call that is given ``self`` first: one that asks for an attribute, or a function."""
        for part in (*node.args[1:], *(k.value for k in node.keywords)):
            state = self._expression(part, state)
        name = node.args[1] if len(node.args) > 1 else None
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            attribute = name.value
            if function in ("getattr", "hasattr"):
                self._whole(node, f"{function}(self, {attribute!r}) asks for an attribute")
                if function == "hasattr" or len(node.args) > 2:
                    self.use.perhaps.add(attribute)
                return self._read(attribute, node, state)
            if function == "setattr":
                self._whole(node, f"setattr(self, {attribute!r}, ...) sets an attribute")
                self.use.sets.setdefault(attribute, node)
                return None if state is None or self._inner else state | {attribute}
        known = self._function(node.func)
        if known is not None:
            self._whole(node, f"'{function}' is given self")
            return self._merge(known, state)
        reads = function in ("getattr", "hasattr", "vars", "dir")
        self._dynamic(node, f"{function}(self, ...) has no name in it", reads, not reads)
        if function == "vars":
            self.use.any_set.append((node, "vars(self) may be changed"))
        return state

    def _dynamic(self, node: ast.AST, why: str, reads: bool = True, sets: bool = True) -> None:
        self._whole(node, why)
        self.use.any_read += [(node, why)] if reads or sets else []
        self.use.any_set += [(node, why)] if sets else []

    def _whole(self, node: ast.AST, why: str) -> None:
        if all(known is not node for known, _ in self.use.whole):
            self.use.whole.append((node, why))


def _both(one: State, other: State) -> State:
    if one is None or other is None:
        return other if one is None else one
    return one & other
