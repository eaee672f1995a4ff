"""Tasks of programs: a function or a command, with all that may be said of it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import fuzz_functions as f

from bridge.findings import Feature
from bridge.model import Catalog, PythonTask, Resources, Retry, ShellTask, Stub, Task
from bridge.testing.programs.making import Making
from bridge.testing.programs.scope import Held, Scope, Sort
from bridge.values import At, Input, constant, fact

__all__ = ["failing", "sets", "task"]

_ANY, _WHOLE, _TEXT, _LIST, _OBJECT = Sort.ANY, Sort.WHOLE, Sort.TEXT, Sort.LIST, Sort.OBJECT


@dataclass(frozen=True)
class Work:
    """A function, what its arguments take, those that it can do without, and what it gives.

    What gives nothing known gives what it gets.
    """

    function: Callable[..., Any]
    takes: Mapping[str, Sort] = field(default_factory=dict)
    spares: Mapping[str, Sort] = field(default_factory=dict)
    gives: Held | None = None


_WORKS = (
    Work(f.same, {"value": _ANY}),
    Work(f.untyped, {"value": _ANY}),
    Work(f.described, {"value": _ANY}, gives=Held(_TEXT)),
    Work(f.added, {"x": _WHOLE}, {"y": _WHOLE}, Held(_WHOLE)),
    Work(f.scaled, {"number": Sort.NUMBER}, {"by": Sort.NUMBER}, Held(Sort.NUMBER)),
    Work(f.negated, {"flag": Sort.FLAG}, gives=Held(Sort.FLAG)),
    Work(f.even, {"value": _ANY}, gives=Held(Sort.FLAG)),
    Work(f.doubled, {"text": _TEXT}, {"times": _WHOLE}, Held(_TEXT)),
    Work(f.maybe, spares={"x": _WHOLE}, gives=Held(_TEXT)),
    Work(
        f.optional,
        spares={"x": _WHOLE, "text": _TEXT, "value": _ANY, "values": _LIST},
        gives=Held(_LIST),
    ),
    Work(f.upto, {"x": _WHOLE}, gives=Held(_LIST, items=_WHOLE)),
    Work(f.halves, {"x": _WHOLE}, gives=Held(_LIST, items=Sort.NUMBER)),
    Work(f.rows, {"x": _WHOLE}, gives=Held(_LIST, items=_LIST)),
    Work(f.words, {"text": _TEXT}, gives=Held(_LIST, items=_TEXT)),
    Work(f.records, {"value": _ANY}, gives=Held(_LIST)),
    Work(f.length, {"values": _LIST}, gives=Held(_WHOLE)),
    Work(f.joined, {"values": _LIST}, {"text": _TEXT}, Held(_TEXT)),
    Work(f.lengthened, {"values": _LIST}, {"value": _ANY}, Held(_WHOLE)),
    Work(f.shaken, {"value": _ANY}, gives=Held(_TEXT)),
    Work(f.boxed, {"value": _ANY}, gives=Held(_OBJECT)),
)
_OF_OBJECTS = (
    Work(f.opened, {"thing": _OBJECT}, gives=Held(_TEXT)),
    Work(f.grown, {"thing": _OBJECT}, {"value": _ANY}, Held(_OBJECT)),
    Work(f.emptied, {"thing": _OBJECT}, gives=Held(_TEXT)),
)
_SETTING: Mapping[Sort, Work] = {
    _ANY: Work(f.same, {"value": _ANY}),
    _WHOLE: Work(f.added, {"x": _WHOLE}),
    _TEXT: Work(f.described, {"value": _ANY}),
    Sort.FLAG: Work(f.even, {"value": _ANY}),
    Sort.NUMBER: Work(f.scaled, {"number": Sort.NUMBER}),
    _LIST: Work(f.upto, {"x": _WHOLE}),
    _OBJECT: Work(f.boxed, {"value": _ANY}),
}


def task(making: Making, scope: Scope, index: int) -> Task:
    """A task that gives something for whatever it gets."""
    makers = [_plain] * 12 + [_pair, _keyed, _rest, _stub, _writes, _writes]
    makers += [_reads] * 6 * bool(scope.files)
    makers += [_shell] * 3 * making.has(Feature.SHELL)
    makers += [_variable] * making.has(Feature.ENVIRONMENT)
    makers += [_facts] * making.has(Feature.INPUTS_FACT)
    makers += [_flaky] * making.has(Feature.INPUTS_FACT, Feature.RETRY)
    return making.pick(makers)(making, scope, index)


def sets(making: Making, scope: Scope, index: int, name: str, sort: Sort) -> Task:
    """A task that sets this very name."""
    work = _SETTING[sort]
    inputs = {}
    for argument, wanted in work.takes.items():
        inputs[argument] = making.input(scope, wanted)[0]
    scope.bind(name, Held(sort))
    return _python(making, index, work.function, inputs, [making.returned(name, sort)])


def failing(making: Making, scope: Scope, index: int) -> Task:
    """A task that may fail; of JSON, what it would set."""
    makers = [_fail_if, _fail, _fail_unless, _misfit, _unfit, _no_file, _no_place]
    makers += [_write_and_fail] * (not scope.item)
    makers += [_exit] * making.has(Feature.SHELL)
    makers += [_last, _last] * making.has(Feature.TERMINATE)
    return making.pick(makers)(making, scope, index)


def _fails(
    making: Making,
    scope: Scope,
    index: int,
    function: Callable[..., Any],
    inputs: Mapping[str, Input],
    **more: Any,
) -> Task:
    """A task that would set a name or two."""
    names = [making.name(scope, _ANY) for _ in range(making.pick([1, 0, 2]))]
    names = list(dict.fromkeys(names))
    for name in names:
        scope.bind(name, Held(_ANY))
    returns = [making.returned(name, _ANY) for name in names]
    return _python(making, index, function, inputs, returns, **more)


def _fail_if(making: Making, scope: Scope, index: int) -> Task:
    name = making.name(scope, _ANY)
    inputs = {"value": making.input(scope, _ANY)[0], "text": constant(making.text())}
    scope.bind(name, Held(_ANY))
    return _python(making, index, f.fail_if, inputs, [making.returned(name, _ANY)])


def _fail(making: Making, scope: Scope, index: int) -> Task:
    return _fails(making, scope, index, f.fail, {"text": constant(making.text())})


def _fail_unless(making: Making, scope: Scope, index: int) -> Task:
    inputs = {"flag": making.input(scope, Sort.FLAG)[0]}
    return _python(making, index, f.fail_unless, inputs, [])


def _misfit(making: Making, scope: Scope, index: int) -> Task:
    return _fails(making, scope, index, f.added, {"x": constant(f"many {making.text()}")})


def _unfit(making: Making, scope: Scope, index: int) -> Task:
    """What it gives is in part no JSON."""
    return _fails(making, scope, index, f.unfit, {"value": making.input(scope, _ANY)[0]})


def _no_file(making: Making, scope: Scope, index: int) -> Task:
    """It puts what is not there, after its work is done."""
    inputs = {"value": making.input(scope, _ANY)[0]}
    catalog = Catalog(put=[f"{making.file()}.none"])
    return _fails(making, scope, index, f.pair, inputs, catalog=catalog)


def _no_place(making: Making, scope: Scope, index: int) -> Task:
    """It reads what is not in a value."""
    if not (places := list(scope.find(_ANY))):
        return _fail(making, scope, index)
    name, path = making.pick(places)
    inputs = {"value": At(name, (*path, "no such place"))}
    return _fails(making, scope, index, f.pair, inputs)


def _write_and_fail(making: Making, scope: Scope, index: int) -> Task:
    path = making.file()
    inputs = {"name": constant(path), "value": making.input(scope, _ANY)[0]}
    catalog = Catalog(put=[path, f"{path}.none"])
    return _fails(making, scope, index, f.write_and_fail, inputs, catalog=catalog)


def _exit(making: Making, scope: Scope, index: int) -> Task:
    command = f"echo {shlex.quote(making.text())} >&2\nexit 3"
    return ShellTask(name=_label(making, index), command=command)


def _last(making: Making, scope: Scope, index: int) -> Task:
    inputs = {"value": making.input(scope, _ANY)[0]}
    return _fails(making, scope, index, f.pair, inputs, terminate_with_failure=True)


# Kinds of tasks


def _plain(making: Making, scope: Scope, index: int) -> Task:
    objects = [name for name, held in scope.names.items() if held.sort is _OBJECT and held.sure]
    work = making.pick(_WORKS + _OF_OBJECTS * 3 * bool(objects))
    inputs, known = _inputs(making, scope, work)
    held = work.gives or Held(known.get("value", Held(_ANY)).sort)
    if held.sort is not _OBJECT and making.chance(8):
        held = Held(_OBJECT)  # any value may travel as an object
    name = making.name(scope, held.sort)
    scope.bind(name, held)
    return _python(making, index, work.function, inputs, [making.returned(name, held.sort)])


def _inputs(making: Making, scope: Scope, work: Work) -> tuple[dict[str, Input], dict[str, Held]]:
    inputs: dict[str, Input] = {}
    known: dict[str, Held] = {}
    for argument, sort in work.takes.items():
        there = scope.names.get(argument)
        if there and there.sure and there.sort.fits(sort) and making.chance(50):
            known[argument] = there
            continue
        inputs[argument], known[argument] = making.input(scope, sort)
    for argument, sort in work.spares.items():
        if making.chance(60):
            inputs[argument] = making.input(scope, sort, sure=False)[0]
    return inputs, known


def _pair(making: Making, scope: Scope, index: int) -> Task:
    given, _ = making.input(scope, _ANY)
    one, other = making.name(scope, _ANY), making.name(scope, _TEXT)
    if one == other:
        other = f"{making.prefix}second{making.unique()}"
    scope.bind(one, Held(_ANY))
    scope.bind(other, Held(_TEXT))
    returns = [making.returned(one, _ANY), making.returned(other, _TEXT)]
    return _python(making, index, f.pair, {"value": given}, returns)


def _keyed(making: Making, scope: Scope, index: int) -> Task:
    given, _ = making.input(scope, _ANY)
    names = [f"{making.prefix}{making.label()}{making.unique()}" for _ in range(2)]
    for name in names:
        scope.bind(name, Held(_LIST))
    return _python(making, index, f.keyed, {"names": constant(names), "value": given}, names)


def _rest(making: Making, scope: Scope, index: int) -> Task:
    inputs: dict[str, Input] = {"start": constant(making.prefix)}
    if making.chance(50):
        inputs[f"{making.prefix}{making.label()}"] = making.input(scope, _ANY, sure=False)[0]
    name = making.name(scope, _ANY)
    scope.bind(name, Held(_ANY))
    return _python(making, index, f.rest, inputs, [making.returned(name, _ANY)])


def _stub(making: Making, scope: Scope, index: int) -> Task:
    return Stub(_label(making, index))


def _writes(making: Making, scope: Scope, index: int) -> Task:
    path = making.file()
    if scope.item:  # items may run at the same time
        inputs: dict[str, Input] = {"folder": constant(path), "value": At(scope.item)}
        catalog = Catalog(put=[f"{path}/*"])
        return _python(making, index, f.write_item, inputs, [], catalog=catalog)
    inputs = {"name": constant(path), "value": making.input(scope, _ANY)[0]}
    scope.files.append(path)
    copied = making.chance(90) or not making.has(Feature.CATALOG_HASH)
    catalog = Catalog(put=[making.pick([path, f"{path}*"])], store_copy=copied)
    if not copied:
        scope.files.remove(path)
    return _python(making, index, f.write, inputs, [], catalog=catalog)


def _reads(making: Making, scope: Scope, index: int) -> Task:
    path = making.pick(scope.files)
    name = making.name(scope, _TEXT)
    scope.bind(name, Held(_TEXT))
    catalog = Catalog(get=[path])
    returns = [making.returned(name, _TEXT)]
    return _python(making, index, f.read, {"name": constant(path)}, returns, catalog=catalog)


def _shell(making: Making, scope: Scope, index: int) -> Task:
    name = making.identifier()
    text = shlex.quote(making.text())
    plain = [n for n, h in scope.names.items() if h.sort is not _OBJECT and _is_plain(n)]
    inputs: dict[str, Input] = {}
    if plain and making.chance(40):
        command = f'export {name}="<${{{making.pick(plain)}}}>"{text}'
    elif making.chance(70):
        inputs = {"a": making.input(scope, _ANY)[0]}
        command = f'export {name}="$a"'
    else:
        command = f"export {name}={text}\n# {{{{ x }}}} %s\nexit"
    scope.bind(name, Held(_ANY))
    returns = [making.returned(name, _ANY)]
    label = _label(making, index)
    return ShellTask(
        name=label, command=command, inputs=inputs, returns=returns, **_policy(making, scope)
    )


def _is_plain(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def _variable(making: Making, scope: Scope, index: int) -> Task:
    variable = f"FUZZ_{making.pick('ABC')}"
    set_there = f"FUZZ_{making.pick('ABC')}"
    name = making.name(scope, _ANY)
    scope.bind(name, Held(_ANY))
    environment = {set_there: making.text()}
    inputs: dict[str, Input] = {"name": constant(variable)}
    returns = [making.returned(name, _ANY)]
    return _python(making, index, f.variable, inputs, returns, environment=environment)


def _facts(making: Making, scope: Scope, index: int) -> Task:
    which = making.pick(["step", "attempt", "run_id", "logical_date"])
    function = f.is_text if which in ("run_id", "logical_date") else f.described
    sort = Sort.FLAG if function is f.is_text else _TEXT
    name = making.name(scope, sort)
    scope.bind(name, Held(sort))
    returns = [making.returned(name, sort)]
    return _python(making, index, function, {"value": fact(which)}, returns)


def _flaky(making: Making, scope: Scope, index: int) -> Task:
    wanted = making.pick([2, 3])
    name = making.name(scope, _WHOLE)
    scope.bind(name, Held(_WHOLE))
    retry = Retry(times=making.pick([2, 3]), delay=making.pick([0.0, 0.01]), backoff=2)
    inputs: dict[str, Input] = {"attempt": fact("attempt"), "wanted": constant(wanted)}
    returns = [making.returned(name, _WHOLE)]
    return _python(making, index, f.flaky, inputs, returns, retry=retry)


# What they share


def _python(
    making: Making,
    index: int,
    function: Callable[..., Any],
    inputs: Mapping[str, Input],
    returns: list[Any],
    **more: Any,
) -> PythonTask:
    given = {**_policy(making, None), **more}
    return PythonTask(
        function=function,
        name=_label(making, index),
        inputs=dict(inputs),
        returns=returns,
        **given,
    )


def _label(making: Making, index: int) -> str:
    return f"{making.label()}{index}"


def _policy(making: Making, scope: Scope | None) -> dict[str, Any]:
    """What else is said of a task, of all that changes no result."""
    if not making.chance(20):
        return {}
    kinds: list[tuple[Feature, str, Any]] = [
        (Feature.RETRY, "retry", Retry(times=making.pick([1, 0, 2]))),
        (Feature.TIMEOUT, "timeout", making.pick([60, 59.5])),
        (Feature.ENVIRONMENT, "environment", {"FUZZ_A": making.text()}),
        (Feature.RESOURCES, "resources", Resources(cpu=1, memory=256)),
        (Feature.DEPENDENCIES, "dependencies", ["numpy>=1.26"]),
        (Feature.IMAGE, "image", "python:3.11-slim"),
        (Feature.SECRETS, "secrets", ["FUZZ_TOKEN"]),
    ]
    return {n: v for feature, n, v in kinds if making.has(feature) and making.chance(25)}
