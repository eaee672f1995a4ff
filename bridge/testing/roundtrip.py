"""Whether what an adapter writes is read back as the pipeline that it was written from.

``python -m bridge.testing.roundtrip --on NAME --count 200 --seed 1`` tries the conformance cases
and random programs, and tells what comes back as something else.
"""

from __future__ import annotations

import sys
import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

from bridge.adapter import Source, load
from bridge.emit.pipeline import statements
from bridge.errors import BridgeError, TranslationError
from bridge.flow import Flow
from bridge.model import Pipeline
from bridge.testing.agreement import lacking, sample
from bridge.testing.cases import FAILING, PASSING
from bridge.translate import write

__all__ = ["changes", "known", "main", "never_run", "returned"]


def returned(pipeline: Pipeline, adapter: str, folder: Path) -> Pipeline:
    """What the adapter reads of what it writes of a pipeline into ``folder``, which is new.

    Raises TranslationError for a pipeline that it does not support.
    """
    write(pipeline, adapter, folder)
    known = load(adapter)
    files = [p for p in (folder, *sorted(folder.rglob("*.py"))) if known.recognises(p)]
    return known.read(Source(files[0])).pipeline


def changes(before: Pipeline, after: Pipeline) -> list[str]:
    """The lines of Python in which two pipelines differ; none if they are equal."""
    if before == after:
        return []
    written, read = (statements(p).splitlines() for p in (before, after))
    found = list(unified_diff(written, read, n=0, lineterm=""))[2:]
    return found or [f"-{before!r}", f"+{after!r}"]


def known(adapter: str, count: int, seed: int) -> Iterator[tuple[str, Pipeline]]:
    """The conformance cases, and so many random programs, each by its name."""
    for case in (*PASSING, *FAILING):
        yield case.name, case.pipeline
    for i, program in enumerate(sample(count, seed, lacking(adapter))):
        yield f"program {i}", program


def never_run(flow: Flow) -> Iterator[str]:
    """The steps that never run since one before them ends the pipeline, at any depth.

    They are written nowhere, so they cannot be read back.
    """
    yield from flow.dead
    for node in flow.nodes.values():
        for inner in (*node.inner.values(), *([node.handler] if node.handler else [])):
            yield from never_run(inner)
    if flow.handler:
        yield from never_run(flow.handler)


def main(given: Sequence[str] | None = None) -> int:
    """The command; gives 1 when anything comes back as something else."""
    parser = ArgumentParser(prog="python -m bridge.testing.roundtrip", description=__doc__)
    parser.add_argument("--on", required=True, help="the adapter")
    parser.add_argument("--count", type=int, default=0, help="how many random programs")
    parser.add_argument("--seed", type=int, default=1, help="another number, other programs")
    parser.add_argument("--only", default="", help="only those whose names contain this")
    parser.add_argument("--lines", type=int, default=6, help="how many lines to show of each")
    arguments = parser.parse_args(given)
    counts: Counter[str] = Counter()
    for name, pipeline in known(arguments.on, arguments.count, arguments.seed):
        if arguments.only in name:
            found, lines = _tried(pipeline, arguments.on)
            counts[found] += 1
            if found != "equal":
                _print(f"{found}: {name}", *lines[: arguments.lines])
    _print(", ".join(f"{number} {found}" for found, number in counts.items()))
    return 1 if {*counts} - {"equal", "refused"} else 0


def _tried(pipeline: Pipeline, adapter: str) -> tuple[str, list[str]]:
    with tempfile.TemporaryDirectory(prefix="roundtrip-") as folder:
        try:
            lines = changes(pipeline, returned(pipeline, adapter, Path(folder) / "project"))
        except TranslationError as refused:
            return "refused", str(refused).splitlines()[:2]
        except BridgeError as error:
            return "unreadable", [str(error)]
    return ("different" if lines else "equal"), lines


def _print(*lines: str) -> None:
    print(*lines, sep="\n    ", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
