"""Reads real sources, converts and runs them, and counts: ``python -m bridge.testing.corpus``.

The sources are those that ``cases()`` in ``adapters/NAME/tests/NAME_corpus.py`` gives: for each a
name, its path, the name of the one meant in it and, perhaps, what kind of source it is. Every one
is tried in a process of its own, for a limited time. With ``--run`` it is run by its own framework
and here, and the results compared.

Where a framework takes long to start, the module may try the cases ``together(cases, targets,
runs)``, one after the other in one process: it yields for each what ``ways`` gives.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Timer
from typing import Any, NamedTuple

from bridge.adapter import load
from bridge.engines import LOCAL, SOURCE
from bridge.errors import BridgeError
from bridge.findings import Report, refuse
from bridge.model import Pipeline

__all__ = ["Case", "NotRunError", "Tried", "cases", "main", "try_out", "ways"]

_WIDTH = 100
_NOT_RUN = "not run: "


class Case(NamedTuple):
    """One source of the corpus of an adapter; those of a ``kind`` are counted apart too."""

    adapter: str
    name: str
    path: str
    wanted: str = ""
    kind: str = ""


class NotRunError(BridgeError):
    """Why a source is not run, though it can be converted."""


@dataclass
class Tried:
    """What came of a case: for each thing that was tried the reason why not, empty if it did.

    ``read`` is the first of them, then comes every engine that it was converted for, and
    ``equal``.
    """

    case: Case
    ways: dict[str, str] = field(default_factory=dict)
    crashed: bool = False


def cases(folder: Path, adapters: Sequence[str] = ()) -> Iterator[Case]:
    """The corpora below ``folder``, of all adapters that read or of those named."""
    for adapter, file in corpora(folder).items():
        if adapter in adapters or (not adapters and load(adapter).reads):
            for name, path, wanted, *kind in _module(file).cases():
                yield Case(adapter, name, str(Path(path).resolve()), wanted, *kind)


def corpora(folder: Path) -> dict[str, Path]:
    """The modules of the corpora below ``folder``, by the adapters' names."""
    files = sorted(folder.glob("adapters/*/tests/*_corpus.py"))
    found = {file.parents[1].name: file for file in files}
    return {name: file.with_name(f"{name}_corpus.py") for name, file in found.items()}


def _module(file: Path) -> Any:
    known = sys.modules.get(file.stem)
    if known and known.__file__ == str(file):
        return known
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def try_out(
    cases: Sequence[Case], targets: Sequence[str], runs: bool, seconds: float, file: str = ""
) -> Iterator[Tried]:
    """Try cases in a process of their own, those after one that it did not survive in another.

    ``seconds`` is the limit for each, ``file`` the corpus that tries them together.
    """
    left = list(cases)
    while left:
        question = {"cases": left, "targets": targets, "runs": runs, "file": file}
        with tempfile.TemporaryDirectory(prefix="bridge-corpus-") as folder:
            answers = _Answers(question, Path(folder), seconds)
            for found in answers:
                yield Tried(left.pop(0), found)
                if not left:
                    return
            yield Tried(left.pop(0), {"read": answers.why()}, crashed=True)


class _Answers:
    """The answers of a process to what it is asked, as they come."""

    def __init__(self, question: Mapping[str, Any], folder: Path, seconds: float) -> None:
        self._question, self._folder, self._seconds = question, folder, seconds
        self._is_late = False

    def __iter__(self) -> Iterator[dict[str, str]]:
        command = [sys.executable, "-m", __spec__.name, "--answer", json.dumps(self._question)]
        with (
            (self._folder / "said").open("w") as said,
            subprocess.Popen(
                command, cwd=self._folder, stdout=subprocess.PIPE, stderr=said, text=True
            ) as process,
        ):
            assert process.stdout
            try:
                while line := self._line(process):
                    yield json.loads(line)
            finally:
                process.kill()
            self._code = process.wait()

    def _line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout

        def stop() -> None:
            self._is_late = True
            process.kill()

        timer = Timer(self._seconds, stop)
        timer.start()
        try:
            return process.stdout.readline()
        finally:
            timer.cancel()

    def why(self) -> str:
        """Why there is no further answer."""
        if self._is_late:
            return f"took longer than {self._seconds:g} seconds"
        lines = (self._folder / "said").read_text().strip().splitlines()
        return f"crashed: {lines[-1] if lines else f'ended with code {self._code}'}"


def _answer(question: Mapping[str, Any]) -> None:
    """Write what comes of cases, found out in this process, as lines to where it writes now."""
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what is read and run may write what it likes
    asked = [Case(*case) for case in question["cases"]]
    targets, runs = question["targets"], question["runs"]
    file = question["file"]
    together = _module(Path(file)).together if file else _one_by_one
    for found in together(asked, targets, runs):
        print(json.dumps(found), file=told, flush=True)


def _one_by_one(
    cases: Sequence[Case], targets: Sequence[str], runs: bool
) -> Iterator[dict[str, str]]:
    from bridge.compare import verify
    from bridge.source import Loaded, read_source

    for case in cases:
        read: list[Loaded] = []

        def source(case: Case = case, read: list[Loaded] = read) -> tuple[Pipeline, Report]:
            read.append(read_source(case.path, case.adapter, case.wanted))
            return read[0].pipeline, read[0].report

        def equal(read: list[Loaded] = read) -> None:
            found = verify(read[0].pipeline, [SOURCE, LOCAL], origin=read[0])
            told = [str(run.error["text"]) for run in found.runs if run.error]
            if not found.agree:
                raise BridgeError("; ".join([*map(str, found.differences), *told]))

        yield ways(source, targets, equal if runs else None)


def ways(
    read: Callable[[], tuple[Pipeline, Report]],
    targets: Iterable[str],
    equal: Callable[[], None] | None,
) -> dict[str, str]:
    """What comes of a source: for each thing that is tried why not, empty if it could be done.

    ``equal`` compares runs, and raises BridgeError where they differ.
    """
    from bridge.flow import analyse
    from bridge.translate import check

    found: list[tuple[Pipeline, Report]] = []
    tried = {"read": _why(lambda: found.append(read()))}
    if not found:
        return tried
    pipeline, report = found[0]

    def whole() -> None:
        refuse(report, "reading loses something")
        analyse(pipeline)

    def converted(to: str) -> None:
        whole()
        refuse(check(pipeline, to), f"'{to}' cannot carry it")

    tried["whole"] = _why(whole)
    for target in targets:
        tried[target] = _why(partial(converted, target))
    if equal:
        tried["equal"] = tried["whole"] or _why(equal)
    return tried


def _why(action: Callable[[], None]) -> str:
    """Why an action was refused, in a line or so; empty text when it was done."""
    try:
        action()
    except NotRunError as error:
        return f"{_NOT_RUN}{error}"
    except BridgeError as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def table(tried: Sequence[Tried]) -> Iterator[str]:
    """The lines of a table of cases, and how many of them, and of each kind, did what."""
    columns = list(dict.fromkeys(way for found in tried for way in found.ways))
    width = max((len(found.case.name) for found in tried), default=0)
    yield "  ".join([f"{'':<{width}}", *columns])
    for found in tried:
        marks = (f"{_mark(found.ways, column):<{len(column)}}" for column in columns)
        yield "  ".join([f"{found.case.name:<{width}}", *marks]).rstrip()
    yield _counted("sources", tried, columns)
    for kind in dict.fromkeys(found.case.kind for found in tried if found.case.kind):
        yield _counted(kind, [found for found in tried if found.case.kind == kind], columns)
    for found in tried:
        if (why := found.ways.get("equal", "")).startswith(_NOT_RUN):
            yield f"{found.case.name} {why}"


def _counted(what: str, tried: Sequence[Tried], columns: Iterable[str]) -> str:
    counts = (f"{sum(t.ways.get(way) == '' for t in tried)} {way}" for way in columns)
    return f"{len(tried)} {what}: {', '.join(counts)}"


def _mark(ways: Mapping[str, str], way: str) -> str:
    if way not in ways:
        return ""
    return "+" if not ways[way] else " " if ways[way].startswith(_NOT_RUN) else "-"


def main(words: Sequence[str] | None = None) -> int:
    """Try the corpora and print a table for each; 1 when something crashed or took too long."""
    asked = _asked(words)
    if asked.answer:
        _answer(json.loads(asked.answer))
        return 0
    folder, crashed = Path(asked.folder), False
    files = corpora(folder)
    for adapter in asked.adapters or files:
        targets = [name for name in files if name != adapter]
        tried = []
        for found in _tried(folder, adapter, targets, asked):
            tried.append(found)
            print(_told(found), file=sys.stderr)  # noqa: T201
        print(f"{adapter}\n", *table(tried), sep="\n", end="\n\n")  # noqa: T201
        crashed |= any(found.crashed for found in tried)
    return int(crashed)


def _tried(folder: Path, adapter: str, targets: Sequence[str], asked: Namespace) -> Iterator[Tried]:
    chosen = [case for case in cases(folder, [adapter]) if asked.only in case.name]
    file = corpora(folder).get(adapter)
    if file and hasattr(_module(file), "together"):
        yield from try_out(chosen, targets, asked.run, asked.seconds, str(file.resolve()))
        return
    for case in chosen:
        yield from try_out([case], targets, asked.run, asked.seconds)


def _told(found: Tried) -> str:
    wrong = [f"{way}: {why}" for way, why in found.ways.items() if why]
    lines = [line if len(line) < _WIDTH * 4 else f"{line[: _WIDTH * 4]}..." for line in wrong]
    return "\n    ".join([f"{found.case.adapter} {found.case.name}", *lines])


def _asked(words: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="bridge.testing.corpus", description=__doc__)
    parser.add_argument("adapters", nargs="*", help="the adapters whose sources are read (all)")
    parser.add_argument("--run", action="store_true", help="run what can be read, and compare")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases with this in their name")
    parser.add_argument("--seconds", type=float, default=300, help="the limit for each (300)")
    parser.add_argument("--folder", default=".", help="where the adapters are (here)")
    parser.add_argument("--answer", help="of use to itself alone")
    return parser.parse_args(words)


if __name__ == "__main__":
    # The one module of this name, whose exceptions the corpora raise.
    sys.exit(importlib.import_module(__spec__.name).main())
