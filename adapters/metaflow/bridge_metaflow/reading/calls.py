"""Steps that only call a function of the user's own: the task is that function."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from bridge.emit.carried import PACKAGE
from bridge.values import At, Constant, Fact, Input, Kind
from bridge_metaflow.reading.current import is_current
from bridge_metaflow.reading.functions import Argument, Origin, Output, Signature, Signatures
from bridge_metaflow.reading.graph import FlowStep
from bridge_metaflow.reading.idioms import attribute, called
from bridge_metaflow.reading.library import Found, imported
from bridge_metaflow.reading.reach import Def, Slot
from bridge_metaflow.reading.structure import Do

__all__ = ["PlainCall", "plain_call"]

_OWN_COMMENT = re.compile(r"# (Only read here: goes on as it was stored|The branches of .*)\.")
_PLAIN = (str, int, float, bool, type(None))


@dataclass
class PlainCall:
    """A function of the user's, and what it is given and gives back; ``task`` is its name."""

    found: Found
    task: str
    signature: Signature


def plain_call(all: Signatures, do: Do, gone: set[ast.stmt]) -> PlainCall | None:
    """The call that a step is, if it is nothing else and nothing of what it says is lost."""
    step = do.step
    body = [s for s in step.body if s not in gone]
    imports = [s for s in body if isinstance(s, ast.ImportFrom | ast.Import)]
    left = [s for s in body if s not in imports and not isinstance(s, ast.Pass)]
    made = _statement(left, imported(imports))
    if made is None or not _comments_are_ours(step):
        return None
    call, targets, json = made
    fitted = called(call, "call") if imported(imports).get("call", ("",))[0] else None
    function = fitted.args[0] if fitted and fitted.args else call.func
    found = all.uses.library.find(step.module, function, imported(imports))
    if found is None or not found.module.name or found.module.name.startswith(PACKAGE):
        return None
    task = _task_name(step, found)
    outputs = all.versions.outputs[step.name]
    if not task or sorted(targets) != sorted(outputs):
        return None
    given = _Arguments(all, do, found).given(call, fitted is not None)
    if given is None:
        return None
    result = Signature(set(), {name: Argument(name, value) for name, value in given.items()})
    for name in targets:
        kind = all.kind(name)
        if imported(imports).get("to_json"):
            kind = Kind.JSON if name in json else Kind.PICKLED
        output = all.versions.name(Def(step.name, name))
        result.outputs.append(Output(output, kind, name, Origin("artifact", name)))
    return PlainCall(found, task, result)


Made = tuple[ast.Call, list[str], set[str]]


def _statement(body: list[ast.stmt], bound: dict[str, tuple[str, str]]) -> Made | None:
    """A call, the attributes that its result is for, and those of them that are made JSON."""
    if not body or any(not isinstance(s, ast.Assign | ast.Expr) for s in body):
        return None
    first = body[0]
    if isinstance(first, ast.Expr):
        plain = len(body) == 1 and isinstance(first.value, ast.Call)
        return (first.value, [], set()) if plain else None  # type: ignore[return-value]
    assert isinstance(first, ast.Assign)
    if len(first.targets) != 1:
        return None
    value, is_json = _unwrapped(first.value)
    apart = called(value, "unpack")
    value = apart.args[0] if apart and apart.args else value
    if not isinstance(value, ast.Call):
        return None
    target = first.targets[0]
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    names = [attribute(part) for part in parts]
    if all(names):
        if len(body) > 1:
            return None
        return value, names, set(names) if is_json else set()
    if not all(isinstance(part, ast.Name) for part in parts) or is_json:
        return None
    return _handed_on(value, [p.id for p in parts if isinstance(p, ast.Name)], body[1:])


def _handed_on(call: ast.Call, variables: list[str], body: list[ast.stmt]) -> Made | None:
    """Variables, each of which becomes one attribute."""
    of: dict[str, str] = {}
    json: set[str] = set()
    for statement in body:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            return None
        target, value = statement.targets[0], statement.value
        several = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        pairs = zip(target.elts, value.elts, strict=False) if several else [(target, value)]  # type: ignore[attr-defined]
        for one, given in pairs:
            inner, is_json = _unwrapped(given)
            name = attribute(one)
            if not name or not isinstance(inner, ast.Name) or inner.id in of:
                return None
            of[inner.id] = name
            json |= {name} if is_json else set()
    if set(of) != set(variables):
        return None
    return call, [of[variable] for variable in variables], json


def _unwrapped(node: ast.expr) -> tuple[ast.expr, bool]:
    call = called(node, "to_json")
    return (call.args[0], True) if call and call.args else (node, False)


def _comments_are_ours(step: FlowStep) -> bool:
    """Whether the body has no comment that would be lost."""
    function = step.function
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)])
    found = [
        *step.module.comments(first, function.end_lineno or first),
        *step.module.comments_above(first),
    ]
    return all(_OWN_COMMENT.fullmatch(text) for text in found)


def _task_name(step: FlowStep, found: Found) -> str:
    """The name of the task; empty text where a docstring says more than that and would be lost."""
    doc = ast.get_docstring(step.function) or ""
    known = (ast.get_docstring(found.node) or "").partition("\n")[0]
    match = re.fullmatch(r"Task '(.*)'(?:\.|: (.*))", doc)
    name, rest = (match[1], match[2] or "") if match else (step.name, doc)
    loop = re.fullmatch(
        r"(?:Loop '.*?': )?'(.*?)',(?: until '.*',)? \d+ times at most(?:, counted as '.*')?\.",
        rest,
    )
    if loop:
        return loop[1]
    return name if rest in ("", known) else ""


@dataclass
class _Arguments:
    """What a function is given by a call, as inputs of a task."""

    all: Signatures
    do: Do
    found: Found
    inputs: dict[str, Input] = field(default_factory=dict)

    def given(self, call: ast.Call, fitted: bool) -> dict[str, Input] | None:
        """By the names of the arguments; None for what a task cannot say."""
        arguments = self.found.node.args
        if arguments.vararg or arguments.kwarg or any(k.arg is None for k in call.keywords):
            return None
        names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        values = call.args[1:] if fitted else call.args
        pairs: dict[str, ast.expr] = dict(zip(names, values, strict=False))
        pairs |= {str(k.arg): k.value for k in call.keywords}
        if len(values) > len(names) or not pairs.keys() <= {*self.found.arguments}:
            return None
        for name, value in pairs.items():
            one = self._input(value)
            if one is None:
                return None
            self.inputs[name] = one
        return self.inputs if self._left_out(pairs) else None

    def _left_out(self, pairs: dict[str, ast.expr]) -> bool:
        """Whether arguments that have their default could be given nothing else."""
        known = {self.all.versions.name(Def("", n)) for n in self.all.uses.given}
        known |= {
            self.all.versions.name(Def(step, n))
            for step, names in self.all.versions.outputs.items()
            for n in names
        }
        defaults = _defaults(self.found)
        for name in self.found.arguments:
            if name not in pairs and name in known:
                value = defaults.get(name)
                if not isinstance(value, ast.Constant) or not isinstance(value.value, _PLAIN):
                    return False
                self.inputs[name] = Constant(value.value)
        return True

    def _input(self, node: ast.expr) -> Input | None:
        if fact := self._fact(node):
            return fact
        path: list[Any] = []
        base = node
        while isinstance(base, ast.Subscript) and isinstance(base.slice, ast.Constant):
            path.insert(0, base.slice.value)
            base = base.value
        copy = called(base, "deepcopy")
        base = copy.args[0] if copy and copy.args else base
        name = self._name(base)
        if name:
            return At(name, tuple(path)) if not path or self._is_json(base) else None
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError):
            return None
        return Constant(value) if _is_plain(value) else None

    def _fact(self, node: ast.expr) -> Fact | None:
        plus = isinstance(node, ast.BinOp) and ast.unparse(node).endswith(".retry_count + 1")
        inner = node.left if plus and isinstance(node, ast.BinOp) else node
        if not is_current(inner, self.do.step.module):
            return None
        assert isinstance(inner, ast.Attribute)
        wanted = {"run_id": "run_id"} if not plus else {"retry_count": "attempt"}
        return Fact(wanted[inner.attr]) if inner.attr in wanted else None

    def _name(self, node: ast.expr) -> str:
        """The name in the pipeline of what an expression reads."""
        reads = self.all.versions.reads[self.do.step.name]
        join = self.all.uses.joins.get(self.do.step.name)
        if join and node in join.picks and not join.rest:
            branch, name = join.picks[node]
            slot = Slot("branch", name, branch) if branch else Slot("self", name)
            return self.all.name_of(reads[slot]) if slot in reads else ""
        name = attribute(node)
        if name == "input":
            each = self.all.innermost(self.do.step.name)
            if each is None or self.all.uses.by_number(each):
                return ""
            return self.all.names.item(each.split.name, each.split.next.over)
        slot = Slot("self", name)
        return self.all.name_of(reads[slot]) if slot in reads and reads[slot].certain else ""

    def _is_json(self, node: ast.expr) -> bool:
        name = attribute(node)
        return name == "input" or self.all.kind(name) is Kind.JSON


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_plain(v) for k, v in value.items())
    return type(value) in _PLAIN


def _defaults(found: Found) -> dict[str, ast.expr]:
    given = found.node.args
    names = [a.arg for a in (*given.posonlyargs, *given.args)]
    pairs = dict(zip(reversed(names), reversed(given.defaults), strict=False))
    pairs |= {
        a.arg: d for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d is not None
    }
    return pairs
