"""Reads real sources, converts and runs them, and counts: ``python -m bridge.testing.corpus``.

The sources are those that ``cases()`` in ``adapters/NAME/tests/NAME_corpus.py`` gives: for each a
name, its path, and the name of the one meant in it. Every one is tried in a process of its own, for
a limited time. With ``--run`` it is run by its own framework and here, and the results compared.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from bridge.adapter import load
from bridge.engines import LOCAL, SOURCE
from bridge.errors import BridgeError
from bridge.findings import refuse

__all__ = ["Case", "Tried", "cases", "main", "try_out"]

_WIDTH = 100


class Case(NamedTuple):
    """One source of the corpus of an adapter."""

    adapter: str
    name: str
    path: str
    wanted: str = ""


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
            for name, path, wanted in _module(file).cases():
                yield Case(adapter, name, str(Path(path).resolve()), wanted)


def corpora(folder: Path) -> dict[str, Path]:
    """The modules of the corpora below ``folder``, by the adapters' names."""
    files = sorted(folder.glob("adapters/*/tests/*_corpus.py"))
    found = {file.parents[1].name: file for file in files}
    return {name: file.with_name(f"{name}_corpus.py") for name, file in found.items()}


def _module(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def try_out(case: Case, targets: Sequence[str], runs: bool, seconds: float) -> Tried:
    """Try a case in a process of its own."""
    question = json.dumps({"case": case, "targets": targets, "runs": runs})
    with tempfile.TemporaryDirectory(prefix="bridge-corpus-") as folder:
        command = [sys.executable, "-m", "bridge.testing.corpus", "--answer", question]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return Tried(case, {"read": f"took longer than {seconds:g} seconds"}, crashed=True)
    try:
        return Tried(case, json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError):
        last = (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]
        return Tried(case, {"read": f"crashed: {last}"}, crashed=True)


def _answer(case: Case, targets: Iterable[str], runs: bool) -> dict[str, str]:
    """What came of a case, found out in this process."""
    from bridge.compare import verify
    from bridge.flow import analyse
    from bridge.source import Loaded, read_source
    from bridge.translate import check

    read: list[Loaded] = []
    ways = {"read": _why(lambda: read.append(read_source(case.path, case.adapter, case.wanted)))}
    if not read:
        return ways
    (loaded,) = read

    def whole() -> None:
        refuse(loaded.report, "reading loses something")
        analyse(loaded.pipeline)

    def converted(to: str) -> None:
        whole()
        refuse(check(loaded.pipeline, to), f"'{to}' cannot carry it")

    def equal() -> None:
        whole()
        found = verify(loaded.pipeline, [SOURCE, LOCAL], origin=loaded)
        told = [str(run.error["text"]) for run in found.runs if run.error]
        if not found.agree:
            raise BridgeError("; ".join([*map(str, found.differences), *told]))

    ways["whole"] = _why(whole)
    for target in targets:
        ways[target] = _why(lambda to=target: converted(to))
    return ways | ({"equal": _why(equal)} if runs else {})


def _why(action: Any) -> str:
    """Why an action was refused, in a line or so; empty text when it was done."""
    try:
        action()
    except BridgeError as error:
        return " ".join(str(error).split()) or type(error).__name__
    return ""


def table(tried: Sequence[Tried]) -> Iterator[str]:
    """The lines of a table of cases, and how many of them did what."""
    columns = list(dict.fromkeys(way for found in tried for way in found.ways))
    width = max((len(found.case.name) for found in tried), default=0)
    yield "  ".join([f"{'':<{width}}", *columns])
    for found in tried:
        marks = (f"{_mark(found.ways, column):<{len(column)}}" for column in columns)
        yield "  ".join([f"{found.case.name:<{width}}", *marks]).rstrip()
    counts = (f"{_count(tried, column)} {column}" for column in columns)
    yield f"{len(tried)} sources: {', '.join(counts)}"


def _mark(ways: Mapping[str, str], way: str) -> str:
    return "" if way not in ways else "-" if ways[way] else "+"


def _count(tried: Iterable[Tried], way: str) -> int:
    return sum(found.ways.get(way) == "" for found in tried)


def main(words: Sequence[str] | None = None) -> int:
    """Try the corpora and print a table for each; 1 when something crashed or took too long."""
    asked = _asked(words)
    if asked.answer:
        question = json.loads(asked.answer)
        with redirect_stdout(sys.stderr):
            found = _answer(Case(*question["case"]), question["targets"], question["runs"])
        print(json.dumps(found))  # noqa: T201
        return 0
    folder, crashed = Path(asked.folder), False
    adapters = [*corpora(folder)]
    for adapter in asked.adapters or adapters:
        targets = [name for name in adapters if name != adapter]
        tried = []
        for case in cases(folder, [adapter]):
            if asked.only in case.name:
                tried.append(try_out(case, targets, asked.run, asked.seconds))
                print(_told(tried[-1]), file=sys.stderr)  # noqa: T201
        print(f"{adapter}\n", *table(tried), sep="\n", end="\n\n")  # noqa: T201
        crashed |= any(found.crashed for found in tried)
    return int(crashed)


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
    sys.exit(main())
