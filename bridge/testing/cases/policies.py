"""What else is said of tasks: how often, how long, in what surroundings, on what machine."""

from __future__ import annotations

import conformance_functions as f

from bridge.model import Catalog, Map, Pipeline, Resources, Retry, ShellTask
from bridge.testing.cases.case import TEXT, Case, constants, failed, succeeded, task, times
from bridge.values import fact

__all__ = ["CASES", "TOKEN"]

TOKEN = {"CONFORMANCE_TOKEN": "hush-4711 {{ params.x }} ${HOME} $(touch pwned)"}
"""A secret, the same in quotes of any kind."""

_ATTEMPT = fact("attempt")

CASES: list[Case] = [
    Case(
        "retry",
        "a task that fails is tried again, up to so many times more",
        [
            task(
                f.succeed_at,
                inputs={"attempt": _ATTEMPT, **constants(wanted=3)},
                returns=["ret_third"],
                retry=Retry(times=2),
            ),
            task(
                f.succeed_at,
                "early",
                inputs={"attempt": _ATTEMPT, **constants(wanted=2)},
                returns=["ret_second"],
                retry=Retry(times=3, delay=0.1, backoff=2),
            ),
            task(f.one, returns=["ret_one"], retry=Retry(times=1, delay=60)),
        ],
        values={"ret_third": 3, "ret_second": 2, "ret_one": 1},
        ends=succeeded("succeed_at", attempts=3)
        | succeeded("early", attempts=2)
        | succeeded("one"),
    ),
    Case(
        "retry_given",
        "each attempt is given the values as they were, whatever an earlier one has changed",
        [
            task(f.make_list, returns=["rg_list"]),
            task(
                f.append_at,
                inputs={"values": "rg_list", "attempt": _ATTEMPT, **constants(wanted=2)},
                returns=["rg_seen"],
                retry=Retry(times=1),
            ),
        ],
        values={"rg_list": [1], "rg_seen": [1, 2]},
        ends=succeeded("make_list") | succeeded("append_at", attempts=2),
    ),
    Case(
        "retry_files",
        "of a task that is tried again the files of the last attempt are stored",
        [
            task(
                f.third_try,
                inputs=constants(tally="tries.txt"),
                returns=["rf_tries"],
                catalog=Catalog(put=["tries.txt"]),
                retry=Retry(times=2),
            )
        ],
        values={"rf_tries": 3},
        files={"tries.txt": "xxx"},
        ends=succeeded("third_try", attempts=3),
    ),
    Case(
        "retry_map",
        "each item of a map has attempts of its own",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(
                            f.succeed_at,
                            inputs={"attempt": _ATTEMPT, "wanted": "rm_item"},
                            returns=["rm_attempt"],
                            retry=Retry(times=1),
                        )
                    ]
                ),
                iterate_on="rm_items",
                iterate_as="rm_item",
            )
        ],
        parameters={"rm_items": [1, 2]},
        values={"rm_items": [1, 2], "rm_attempt": [1, 2]},
        ends=succeeded("each.0.succeed_at") | succeeded("each.1.succeed_at", attempts=2),
    ),
    Case(
        "retry_handled",
        "the handler runs when the last attempt has failed",
        [
            task(
                f.fail,
                "risky",
                inputs=constants(value=None),
                retry=Retry(times=1),
                on_failure=Pipeline([task(f.one, returns=["rh_one"])]),
            )
        ],
        values={"rh_one": 1},
        ends=failed("risky", attempts=2) | succeeded("risky.on_failure.one"),
    ),
    Case(
        "timeout",
        "an attempt that takes too long is ended, and the next one made",
        [
            task(
                f.slow_at_first,
                inputs={"attempt": _ATTEMPT},
                returns=["to_attempt"],
                timeout=3,
                retry=Retry(times=1),
            ),
            ShellTask(
                name="command",
                command='if [ "$attempt" = 1 ]; then sleep 60; fi; export to_shell=$attempt',
                inputs={"attempt": _ATTEMPT},
                returns=["to_shell"],
                timeout=3,
                retry=Retry(times=1),
            ),
            task(f.one, returns=["to_one"], timeout=60),
        ],
        values={"to_attempt": 2, "to_shell": 2, "to_one": 1},
        ends=succeeded("slow_at_first", "command", attempts=2) | succeeded("one"),
    ),
    Case(
        "timeout_map",
        "a task in a map that takes too long",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(
                            f.slow_at_first,
                            inputs={"attempt": _ATTEMPT},
                            returns=["tm_attempt"],
                            timeout=3,
                            retry=Retry(times=1),
                        )
                    ]
                ),
                iterate_on="tm_items",
                iterate_as="tm_item",
            )
        ],
        parameters={"tm_items": [None]},
        values={"tm_items": [None], "tm_attempt": [2]},
        ends=succeeded("each.0.slow_at_first", attempts=2),
    ),
    Case(
        "environment",
        "variables of a task are there while it works, and as before afterwards",
        [
            task(
                f.variable,
                "set",
                inputs=constants(name="CONFORMANCE_SET"),
                returns=["en_set"],
                environment={"CONFORMANCE_SET": TEXT},
            ),
            task(
                f.variable, "unset", inputs=constants(name="CONFORMANCE_SET"), returns=["en_unset"]
            ),
            task(
                f.variable,
                "changed",
                inputs=constants(name="CONFORMANCE_AROUND"),
                returns=["en_changed"],
                environment={"CONFORMANCE_AROUND": ""},
            ),
            task(
                f.variable,
                "restored",
                inputs=constants(name="CONFORMANCE_AROUND"),
                returns=["en_restored"],
            ),
            ShellTask(
                name="command",
                command='export en_shell="<$CONFORMANCE_SET>"',
                environment={"CONFORMANCE_SET": TEXT},
                returns=["en_shell"],
            ),
        ],
        environ={"CONFORMANCE_AROUND": "around"},
        values={
            "en_set": TEXT,
            "en_unset": None,
            "en_changed": "",
            "en_restored": "around",
            "en_shell": f"<{TEXT}>",
        },
    ),
    Case(
        "environment_map",
        "variables of a task in a map",
        [
            Map(
                name="each",
                branch=Pipeline(
                    [
                        task(
                            f.variable,
                            inputs={"name": "em_item"},
                            returns=["em_value"],
                            environment={"CONFORMANCE_A": "a", "CONFORMANCE_B": "{{ b }}"},
                        )
                    ]
                ),
                iterate_on="em_items",
                iterate_as="em_item",
            )
        ],
        parameters={"em_items": ["CONFORMANCE_A", "CONFORMANCE_B", "CONFORMANCE_C"]},
        values={
            "em_items": ["CONFORMANCE_A", "CONFORMANCE_B", "CONFORMANCE_C"],
            "em_value": ["a", "{{ b }}", None],
        },
        ends=succeeded(*times("each", 3, "variable")),
    ),
    Case(
        "secrets",
        "a secret reaches the task, and nothing that is written down",
        [
            task(
                f.whisper,
                inputs=constants(name="CONFORMANCE_TOKEN"),
                returns=["sec_length"],
                secrets=["CONFORMANCE_TOKEN"],
            ),
            ShellTask(
                name="command",
                command='echo "$CONFORMANCE_TOKEN"; echo "the token: $CONFORMANCE_TOKEN." >&2\n'
                "export sec_shell=${#CONFORMANCE_TOKEN}",
                secrets=["CONFORMANCE_TOKEN"],
                returns=["sec_shell"],
            ),
        ],
        environ=TOKEN,
        values={
            "sec_length": len(TOKEN["CONFORMANCE_TOKEN"]),
            "sec_shell": len(TOKEN["CONFORMANCE_TOKEN"]),
        },
    ),
    Case(
        "secrets_handled",
        "a secret in the text of a failure that is handled is not written down either",
        [
            task(
                f.blurt,
                inputs=constants(name="CONFORMANCE_TOKEN"),
                secrets=["CONFORMANCE_TOKEN"],
                on_failure=Pipeline([task(f.one, returns=["seh_one"])]),
            )
        ],
        environ=TOKEN,
        values={"seh_one": 1},
        ends=failed("blurt") | succeeded("blurt.on_failure.one"),
    ),
    Case(
        "resources",
        "what a task asks of the machine changes no result",
        [task(f.one, returns=["pr_one"], resources=Resources(cpu=1, memory=512))],
        values={"pr_one": 1},
    ),
    Case(
        "dependencies",
        "what a task depends on changes no result",
        [task(f.one, returns=["pd_one"], dependencies=["numpy>=1.26"])],
        values={"pd_one": 1},
    ),
    Case(
        "cache",
        "that a task may be cached changes no result",
        [task(f.one, returns=["pc_one"], cache=True)],
        values={"pc_one": 1},
    ),
    Case(
        "image",
        "the image of a task changes no result",
        [task(f.one, returns=["pi_one"], image="python:3.11-slim")],
        values={"pi_one": 1},
    ),
    Case(
        "schedule",
        "when a pipeline is to run changes no result",
        [task(f.one, returns=["ps_one"])],
        more={"schedule": "15 3 * * 1-5"},
        values={"ps_one": 1},
    ),
    Case(
        "description",
        "what is said of a pipeline changes no result",
        [task(f.one, returns=["pde_one"])],
        more={"description": TEXT},
        values={"pde_one": 1},
    ),
]
