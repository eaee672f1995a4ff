"""How a run fails."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Catalog, Parallel, Pipeline, ShellTask
from bridge.testing.cases.case import Case, constants, task
from bridge.values import pickled

__all__ = ["CASES"]

CASES: list[Case] = [
    Case(
        "exception",
        "a failed run says which step failed and how; what depends on it does not run",
        [
            task(f.one, returns=["before"]),
            Parallel(
                name="fork",
                branches={
                    "bad": Pipeline([task(f.fail), task(f.two, returns=["never"])]),
                    "good": Pipeline([task(f.two, returns=["independent"])]),
                },
            ),
            task(f.two, "after", returns=["after"]),
        ],
        values={"before": 1},
        failed=("fork.bad.fail", "KeyError", "gone"),
        independent={"independent": 2},
    ),
    Case(
        "misfit",
        "a value that does not fit is an error at the step that would receive it",
        [task(f.increment, inputs=constants(x="many"), returns=["y"])],
        failed=("increment", "ValueError", "'x'"),
    ),
    Case(
        "nan",
        "NaN is refused where it is made",
        [task(f.nan, returns=["not_json"])],
        failed=("nan", "ValueError", 'pickled("not_json")'),
    ),
    Case(
        "unpicklable",
        "what cannot be pickled is refused where it is made",
        [task(f.lock, returns=[pickled("the_lock")])],
        failed=("lock", "", "lock"),
    ),
    Case(
        "no_match",
        "a put without match is an error",
        [task(f.one, catalog=Catalog(put=["none.*"]))],
        failed=("one", "FileNotFoundError", "none.*"),
    ),
    Case(
        "put_after_failure",
        "files are stored after a failure too, and the failure is the task's own",
        [task(f.write_and_fail, catalog=Catalog(put=["late.txt", "none.*"]))],
        failed=("write_and_fail", "RuntimeError", "after the file was written"),
    ),
    Case(
        "not_exported",
        "a declared return that a command did not export is an error",
        [ShellTask(name="command", command="not_exported=1", returns=["not_exported"])],
        failed=("command", "ValueError", "not_exported"),
    ),
    Case(
        "exit_code",
        "a command that ends with an error fails",
        [ShellTask(name="command", command="echo 'what went wrong' >&2; exit 3")],
        failed=("command", "RuntimeError", "what went wrong"),
    ),
]
