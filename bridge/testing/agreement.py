"""Random programs run here and on an engine, and their records compared to the letter.

Programs that succeed can run side by side, as branches of one pipeline, since an engine takes
seconds to start.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bridge.adapter import load
from bridge.compare import run_on
from bridge.findings import Feature, Level, Support, attributes
from bridge.flow import walk
from bridge.model import Parallel, Pipeline
from bridge.record import Run
from bridge.runner import SUPPORT, run_local
from bridge.testing.programs import programs

__all__ = [
    "Agreement",
    "agreement",
    "lacking",
    "parting",
    "run_here",
    "run_there",
    "sample",
    "surrounded",
    "together",
]

TOKEN = "hush-0815 $(touch pwned) {{ x }}"
"""What the secret of programs is set to."""

_RUNS = (Level.NATIVE, Level.EMULATED)


def lacking(engine: str) -> frozenset[Feature]:
    """The features that programs for an engine must do without."""
    support = SUPPORT if engine == "local" else load(engine).support
    return frozenset(f for f in Feature if support[f].level not in _RUNS)


def sample(
    count: int, number: int, without: Collection[Feature] = (), fails: bool | None = None
) -> list[Pipeline]:
    """So many different programs, always the same for the same ``number``.

    Where ``fails`` is False all of them succeed.
    """
    found: dict[str, Pipeline] = {}
    tries = 0
    while len(found) < count:
        _gather(found, count, number * 1_000 + tries, without, fails)
        tries += 1
    return list(found.values())


def _gather(
    found: dict[str, Pipeline],
    count: int,
    number: int,
    without: Collection[Feature],
    fails: bool | None,
) -> None:
    @seed(number)
    @settings(
        max_examples=max(2 * (count - len(found)), 10),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def gather(data: st.DataObject) -> None:
        program = data.draw(programs(f"c{len(found)}_", without, fails))
        if len(found) < count:
            found.setdefault(_shape(program), program)

    gather()


def _shape(program: Pipeline) -> str:
    """What sorts of steps there are, and how they are nested: programs of one shape are alike."""
    steps = ((len(path.split(".")), step) for path, step in walk(program))
    found = ((depth, type(s).__name__, getattr(s, "function", "")) for depth, s in steps)
    return f"{program.order} {list(found)}"


def together(programs: Sequence[Pipeline]) -> Pipeline:
    """One pipeline that runs the programs side by side.

    Branches in which failures are handled are carried out differently from those without.
    """
    parameters: dict[str, Any] = {}
    groups: dict[str, dict[str, Pipeline]] = {}
    for i, program in enumerate(programs):
        parameters |= program.parameters
        handles = any(a.feature is Feature.ON_FAILURE for a in attributes(program))
        group = groups.setdefault("handling" if handles else "fuzz", {})
        group[f"c{i}"] = replace(program, parameters={}, schedule=None)
    steps = [Parallel(name=name, branches=branches) for name, branches in groups.items()]
    return Pipeline(steps, "fuzz", parameters=parameters)


# Runs


@contextmanager
def surrounded() -> Iterator[None]:
    """With the variables in the environment that programs need, and none that they set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUZZ_TOKEN", TOKEN)
        for name in "ABC":
            patch.delenv(f"FUZZ_{name}", raising=False)
        yield


def run_here(pipeline: Pipeline, folder: Path, given: Mapping[str, Any] | None = None) -> Run:
    """The record of a run in this process, all that it leaves in ``folder``."""
    work = folder / "work"
    work.mkdir(parents=True)
    with surrounded(), pytest.MonkeyPatch.context() as patch, (folder / "log").open("w") as log:
        patch.chdir(work)
        patch.setenv("BRIDGE_HOME", str(folder / "home"))
        patch.delenv("BRIDGE_STORE", raising=False)
        patch.setattr("sys.stderr", log)
        return run_local(pipeline, given)


def run_there(
    pipeline: Pipeline, engine: str, folder: Path, given: Mapping[str, Any] | None = None
) -> Run:
    """The record of the engine; where it gives none, one that says why."""
    try:
        with surrounded():
            return run_on(pipeline, engine, given or {}, folder)
    except Exception as error:  # whatever a writer or an engine may die of
        told = {"step": "", "attempt": 0, "type": type(error).__name__, "text": str(error)}
        return Run("", engine, "failed", error=told)


@dataclass
class Agreement:
    """The records made here and there, and what is ``wrong``: nothing where they agree."""

    here: Run
    there: Run
    wrong: list[str]


def agreement(pipeline: Pipeline, engine: str, folder: Path, late: bool = False) -> Agreement:
    """Run a pipeline here and on an engine, and see where the records part.

    If its parameters come ``late``, they are given to the run instead of being declared. The
    ``folder`` stays only where something is wrong; text of the user that was taken for a command
    is wrong too, and so is a secret that can be read.
    """
    given = dict(pipeline.parameters) if late else {}
    if late:
        pipeline = replace(pipeline, parameters={n: _void(v) for n, v in given.items()})
    here = run_here(pipeline, folder / "here", given)
    there = run_there(pipeline, engine, folder / "there", given)
    for run, name in ((here, "here"), (there, "there")):
        if run.error:
            run.error["text"] = run.error["text"].replace(str(folder / name), "")
    support = SUPPORT if engine == "local" else load(engine).support
    wrong = [*parting(here, there, _leave(pipeline, given, here, support)), *_spilt(folder)]
    if not wrong:
        shutil.rmtree(folder, ignore_errors=True)
    return Agreement(here, there, wrong)


def _void(value: Any) -> Any:
    """Another value of the same type."""
    return value if value is None else type(value)()


def _spilt(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        if path.name == "pwned":
            yield f"executed: text of the user has been taken for a command ({path})"
        if path.is_file() and TOKEN.split()[0].encode() in path.read_bytes():
            yield f"secret: it stands in {path}"


# Records

_BESIDE = {Feature.PARALLEL, Feature.MAP, Feature.ORDER_DATA}
_WHOLE = {Feature.MAP, Feature.ON_FAILURE, Feature.CONDITIONAL, Feature.LOOP}
_NO_PLACE = "that is not there"


@dataclass(frozen=True)
class Leave:
    """What an engine may leave out of its record, by its nature.

    What runs ``beside`` a failure need not be finished; the ``values`` of a task in which many
    steps are carried out are lost when it fails, so that the names keep those they ``began`` with.
    """

    beside: bool = False
    values: bool = False
    began: Mapping[str, Any] = field(default_factory=dict)


def _leave(
    pipeline: Pipeline, given: Mapping[str, Any], here: Run, support: Mapping[Feature, Support]
) -> Leave:
    """What the engine may leave out, of a pipeline that ended ``here`` so."""
    said = {attribute.feature for attribute in attributes(pipeline)}
    failed = any(step.status == "failed" for step in here.steps)
    alone = support[Feature.FAILURE_INDEPENDENT].level in _RUNS
    whole = any(support[f].level is Level.EMULATED for f in said & _WHOLE)
    beside = failed and not said.isdisjoint(_BESIDE) and (whole or not alone)
    values = here.status == "failed" and Feature.ON_FAILURE in said
    return Leave(beside, beside or values, {**pipeline.parameters, **given})


def parting(here: Run, there: Run, leave: Leave = Leave()) -> Iterator[str]:
    """Each thing in which two records differ, its kind first."""
    if here.status != there.status:
        yield f"status: {here.status}, {there.on}: {there.status} {there.error or ''}"
        return
    yield from _errors(here, there, leave)
    for kind in ("parameters", "metrics", "objects", "files"):
        yield from _values(kind, here, there, leave)
    yield from _steps(here, there, leave)


def _errors(here: Run, there: Run, leave: Leave) -> Iterator[str]:
    if not here.error or not there.error:
        return
    failed = {step.name for step in here.steps if step.status == "failed"}
    if leave.beside and there.error["step"] in failed - {here.error["step"]}:
        return
    # Where a value has no such place an export says so in the words of Python.
    same = ("step", "attempt") if _NO_PLACE in here.error["text"] else tuple(here.error)
    for name in same:
        if there.error[name] != here.error[name]:
            yield f"error: {name} {here.error[name]!r}, {there.on}: {there.error[name]!r}"


def _values(kind: str, here: Run, there: Run, leave: Leave) -> Iterator[str]:
    one, other = getattr(here, kind), getattr(there, kind)
    may_lack = leave.beside if kind == "files" else leave.values
    for name in dict.fromkeys([*one, *other]):
        values = [_exact(held[name]) if name in held else "nothing" for held in (one, other)]
        lacks = name not in other or values[1] == _exact(leave.began.get(name, _UNSET))
        if values[0] != values[1] and not (may_lack and lacks):
            yield f"{kind}: {name!r} is {values[0]}, {there.on}: {values[1]}"


_UNSET = "no parameter has this value"


def _exact(value: Any) -> str:
    """A value as JSON text, by which 1 is neither 1.0 nor true."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _steps(here: Run, there: Run, leave: Leave) -> Iterator[str]:
    one = {step.name: (step.status, step.attempts) for step in here.steps}
    other = {step.name: (step.status, step.attempts) for step in there.steps}
    if len(other) < len(there.steps):
        yield f"steps: {there.on} tells of one twice"
    for name in dict.fromkeys([*one, *other]):
        ends = one.get(name), other.get(name)
        if ends[0] == ends[1] or (leave.beside and ends[1] in (None, ("skipped", 0))):
            continue
        yield f"steps: {name!r} {ends[0]}, {there.on}: {ends[1]}"
