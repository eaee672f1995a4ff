"""How a run fails."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import (
    Catalog,
    Conditional,
    Map,
    Parallel,
    Pipeline,
    Retry,
    ShellTask,
)
from bridge.testing.cases.case import (
    Case,
    constants,
    failed,
    skipped,
    succeeded,
    task,
)
from bridge.testing.cases.policies import TOKEN
from bridge.values import fact, pickled

__all__ = ["CARRIED", "CASES"]

CARRIED = frozenset(
    ("exit_code", "misfit", "nan", "no_branch", "no_match", "not_exported", "secret_missing")
)
"""The cases that fail in what every export carries."""


_VALUES: list[Case] = [
    Case(
        "misfit",
        "a value that does not fit is an error at the step that would receive it",
        [task(f.increment, inputs=constants(x="many"), returns=["y"])],
        ends=failed("increment"),
        failed=("increment", "ValueError", "'x'"),
    ),
    Case(
        "nan",
        "NaN is refused where it is made",
        [task(f.nan, returns=["not_json"])],
        ends=failed("nan"),
        failed=("nan", "ValueError", 'pickled("not_json")'),
    ),
    Case(
        "unpicklable",
        "what cannot be pickled is refused where it is made",
        [task(f.lock, returns=[pickled("the_lock")])],
        ends=failed("lock"),
        failed=("lock", "", "lock"),
    ),
    Case(
        "not_exported",
        "a declared return that a command did not export is an error",
        [ShellTask(name="command", command="not_exported=1", returns=["not_exported"])],
        ends=failed("command"),
        failed=("command", "ValueError", "not_exported"),
    ),
]

_WORK: list[Case] = [
    Case(
        "no_match",
        "a put without match is an error",
        [task(f.one, catalog=Catalog(put=["none.*"]))],
        ends=failed("one"),
        failed=("one", "FileNotFoundError", "none.*"),
    ),
    Case(
        "put_after_failure",
        "files are stored after a failure too, and the failure is the task's own",
        [task(f.write_and_fail, catalog=Catalog(put=["late.txt", "none.*"]))],
        files={"late.txt": "late"},
        ends=failed("write_and_fail"),
        failed=("write_and_fail", "RuntimeError", "after the file was written"),
    ),
    Case(
        "exit_code",
        "a command that ends with an error fails",
        [ShellTask(name="command", command="echo 'what went wrong' >&2; exit 3")],
        ends=failed("command"),
        failed=("command", "RuntimeError", "what went wrong"),
    ),
    Case(
        "retries_exhausted",
        "when every attempt has failed the last failure is told of",
        [
            task(
                f.succeed_at,
                inputs={"attempt": fact("attempt"), **constants(wanted=9)},
                retry=Retry(times=2),
                returns=["never"],
            ),
            task(f.one, returns=["after"]),
        ],
        ends=failed("succeed_at", attempts=3) | skipped("one"),
        failed=("succeed_at", "RuntimeError", "not at attempt 3"),
    ),
    Case(
        "timed_out",
        "a task that takes too long fails",
        [task(f.slow_at_first, inputs=constants(attempt=1), returns=["never"], timeout=1)],
        ends=failed("slow_at_first"),
        failed=("slow_at_first", "TimeoutError", "timed out after 1 second"),
    ),
    Case(
        "secret_missing",
        "a secret that is not there fails the step that asks for it",
        [task(f.one, secrets=["CONFORMANCE_ABSENT"], returns=["never"])],
        ends=failed("one"),
        failed=("one", "ValueError", "secret 'CONFORMANCE_ABSENT' is not set in the environment"),
    ),
    Case(
        "secret_told",
        "a secret in the text of a failure is not told",
        [task(f.blurt, inputs=constants(name="CONFORMANCE_TOKEN"), secrets=[*TOKEN])],
        environ=TOKEN,
        ends=failed("blurt"),
        failed=("blurt", "RuntimeError", "('the token *** is refused', {'token': '***'})"),
    ),
]

_STRUCTURE: list[Case] = [
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
        ends=succeeded("one", "fork.good.two")
        | failed("fork.bad.fail")
        | skipped("fork.bad.two", "after"),
        failed=("fork.bad.fail", "KeyError", "gone"),
        independent={"independent": 2},
    ),
    Case(
        "item",
        "the failure of an item says which one; the others finish, and the map sets nothing",
        [
            task(f.upto, inputs=constants(n=3), returns=["items"]),
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(f.square, inputs={"x": "item"}, returns=["square"]),
                        task(f.fail_on, "risky", inputs={"x": "item", **constants(bad=1)}),
                        task(f.increment, inputs={"x": "square"}, returns=["never"]),
                    ]
                ),
                iterate_on="items",
                iterate_as="item",
            ),
            task(f.summed, inputs={"numbers": "never"}, returns=["after"]),
        ],
        values={"items": [0, 1, 2]},
        ends=succeeded("upto", "each.0.square", "each.0.risky", "each.0.increment")
        | succeeded("each.1.square", "each.2.square", "each.2.risky", "each.2.increment")
        | failed("each.1.risky")
        | skipped("each.1.increment", "summed"),
        failed=("each.1.risky", "ValueError", "1 is bad"),
    ),
    Case(
        "no_branch",
        "a conditional without a branch for its value fails, and names the value and the keys",
        [
            Conditional(
                name="which",
                parameter="side",
                branches={
                    "left": Pipeline([task(f.one, returns=["x"])]),
                    "right": Pipeline([task(f.two, returns=["x"])]),
                },
            ),
            task(f.increment, inputs={"x": "x"}, returns=["after"]),
        ],
        parameters={"side": "up"},
        values={"side": "up"},
        ends=failed("which") | skipped("which.left.one", "which.right.two", "increment"),
        failed=("which", "ValueError", "'up'"),
    ),
    Case(
        "handler_fails",
        "the run ends as the handler of its pipeline ends",
        [
            task(f.one, returns=["before"]),
            task(f.fail_on, "risky", inputs=constants(x=5, bad=5)),
            task(f.two, "after", returns=["after"]),
        ],
        more={
            "on_failure": Pipeline(
                [
                    task(f.defaulted, "mend", inputs={"absent": "before"}, returns=["mended"]),
                    task(f.fail_on, "worse", inputs={"x": "mended", **constants(bad=1)}),
                    task(f.two, "never", returns=["never"]),
                ]
            )
        },
        values={"before": 1, "mended": 1},
        ends=succeeded("one", "on_failure.mend")
        | failed("risky", "on_failure.worse")
        | skipped("after", "on_failure.never"),
        failed=("on_failure.worse", "ValueError", "1 is bad"),
    ),
    Case(
        "terminated",
        "a step that ends the run with a failure does its work once, stores its files, and fails",
        [
            task(f.one, returns=["before"]),
            task(
                f.write,
                "stop",
                inputs=constants(name="stop.txt", text="stopped"),
                returns=["never"],
                catalog=Catalog(put=["stop.txt"]),
                retry=Retry(times=2),
                terminate_with_failure=True,
            ),
            task(f.two, "after", returns=["after"]),
        ],
        values={"before": 1},
        files={"stop.txt": "stopped"},
        ends=succeeded("one") | failed("stop") | skipped("after"),
        failed=("stop", "Terminated", "'stop' ends the run with a failure"),
    ),
]

CASES: list[Case] = [*_STRUCTURE, *_VALUES, *_WORK]
