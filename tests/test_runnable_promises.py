"""What the ``runnable`` SDK 0.50 documents and does not do is done here."""
# ruff: noqa: UP045 - people still write Optional

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Optional

import numpy as np
import pandas as pd
import pytest
import runnable_functions as functions

from bridge import (
    Catalog,
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    pickled,
)
from bridge.errors import StepError

pytestmark = pytest.mark.usefixtures("here")


@dataclass
class Place:
    name: str


def kinds(
    flag: bool, none: Optional[str], either: int | str, one: Literal["a", "b"], any_: Any, p: Place
) -> list[Any]:
    return [flag, none, either, one, any_, p.name]


def table() -> Any:
    return pd.DataFrame({"a": [1]})


def nan() -> float:
    return math.nan


def integer() -> Any:
    return np.int64(3)


def sort_key(p: str) -> str:
    return p.upper()


def toss(x_y: int) -> bool:
    return x_y > 1


def secret() -> int:
    return len(os.environ["TOKEN"])


def tell_secret() -> None:
    print("the token is", os.environ["TOKEN"])
    raise RuntimeError(f"not {os.environ['TOKEN']}")


def task(function: Any, name: str = "", **more: Any) -> PythonTask:
    return PythonTask(function=function, name=name, **more)


def run(*steps: Any, **parameters: Any) -> Any:
    return Pipeline(steps=list(steps)).execute(parameters=parameters)


def each(branch: PythonTask | Pipeline, on: str = "xs", **more: Any) -> Map:
    inner = branch if isinstance(branch, Pipeline) else branch.as_pipeline()
    return Map(name=f"each {on}", branch=inner, iterate_on=on, iterate_as="chunk", **more)


@pytest.mark.parametrize(
    "items", [[], ["a.b", "c"], [1.5, 2.5], [{"a": [1]}], [[1, 2], []], [None, True]]
)
def test_a_map_takes_any_list(items):
    assert run(each(task(functions.same, returns=["y"])), xs=items)["y"] == items


def test_objects_of_a_map_are_those_of_its_items():
    found = run(
        each(task(functions.boxed, returns=[pickled("box")])),
        task(functions.unboxed, returns=["all"]),
        xs=[1, 2, 3],
    )
    assert found["all"] == [1, 2, 3]


def test_a_file_named_like_an_object_stays(here):
    (here / "box.dill").write_text("mine")
    run(task(functions.boxed, returns=[pickled("box")]), chunk=1)
    assert (here / "box.dill").read_text() == "mine"
    assert sorted(path.name for path in here.iterdir()) == [".bridge", "box.dill"]


def test_branches_see_what_is_around_them_and_work_in_one_another():
    inner = Pipeline(
        steps=[
            task(functions.chunks, returns=["inner"]),
            Map(
                name="m",
                branch=task(functions.tenfold, returns=["y"]).as_pipeline(),
                iterate_on="inner",
                iterate_as="chunk",
            ),
            Parallel(name="p", branches={"a": task(functions.total, "t").as_pipeline()}),
        ]
    )
    assert run(each(inner), xs=["a", "b"])["y"] == [[10, 20], [10, 20]]


@pytest.mark.parametrize(("x", "expected"), [(1, "no"), (2, "yes")])
def test_a_conditional_takes_any_key_and_any_name(x, expected):
    either = Conditional(
        name="c",
        parameter="is_so",
        branches={
            "True": ShellTask(name="s", command="export y=yes", returns=["y"]).as_pipeline(),
            "not_so": Stub(name="never").as_pipeline(),
        },
        default=ShellTask(name="s", command="export y=no", returns=["y"]).as_pipeline(),
    )
    assert run(task(toss, returns=["is_so"]), either, x_y=x, y="")["y"] == expected


def test_a_value_without_a_branch_is_told():
    either = Conditional(name="c", parameter="p", branches={"a": Stub(name="s").as_pipeline()})
    with pytest.raises(StepError, match=r"'c' failed .* 'b'; there are 'a'") as caught:
        run(either, p="b")
    assert caught.value.run.status == "failed"


HANDLER = ShellTask(name="handled", command="export y=1", returns=["y"]).as_pipeline()
FAILING = task(functions.fail, "failing").as_pipeline()


@pytest.mark.parametrize(
    "step",
    [
        Parallel(name="s", branches={"a": FAILING}, on_failure=HANDLER),
        Map(name="s", branch=FAILING, iterate_on="xs", iterate_as="x", on_failure=HANDLER),
        Conditional(name="s", parameter="p", branches={"a": FAILING}, on_failure=HANDLER),
        Loop(
            name="s", branch=FAILING, max_iterations=2, break_on="p", index_as="i",
            on_failure=HANDLER,
        ),
    ],
    ids=lambda step: type(step).__name__,
)  # fmt: skip
def test_on_failure_counts_for_composites(step):
    found = run(step, task(functions.fail, "after"), xs=[1], p="a")
    assert found["y"] == 1
    assert {s.name: s.status for s in found.steps}["after"] == "skipped"


def test_a_composite_may_end_the_run():
    well = Parallel(
        name="s", branches={"a": Stub(name="a").as_pipeline()}, terminate_with_success=True
    )
    found = run(well, task(functions.fail, "after"))
    assert [(s.name, s.status) for s in found.steps] == [
        ("s.a.a", "succeeded"),
        ("after", "skipped"),
    ]


def test_a_composite_may_end_the_run_with_a_failure():
    badly = Parallel(
        name="s", branches={"a": Stub(name="a").as_pipeline()}, terminate_with_failure=True
    )
    with pytest.raises(StepError, match="'s' ends the run with a failure"):
        run(badly, Stub(name="after"))


@pytest.mark.parametrize("function", [table, nan, functions.boxed])
def test_what_json_would_change_is_refused_where_it_is_made(function):
    with pytest.raises(StepError, match=r'declare it with pickled\("y"\)'):
        run(task(function, returns=["y"]), chunk=1)


def test_numbers_stay_numbers():
    assert repr(run(task(integer, returns=["y"]))["y"]) == "3"


def test_annotations_convert_as_they_say():
    found = run(
        task(kinds, returns=["y"]),
        flag="false",
        none=None,
        either="3",
        one="b",
        any_=[1],
        p={"name": "here"},
    )
    assert found["y"] == [False, None, "3", "b", [1], "here"]


@pytest.mark.parametrize("function", [functions.copy, sort_key])
def test_functions_may_have_any_name(function):
    assert run(task(function, returns=["y"]), p="x")["y"] in "xX"


def test_commands_have_a_path_and_values_of_several_lines():
    command = 'test -n "$PATH" && test -n "$HOME" && export text="$(printf "a\\nb=c")"'
    assert run(ShellTask(name="s", command=command, returns=["text"]))["text"] == "a\nb=c"


def test_a_return_that_was_not_exported_is_told():
    with pytest.raises(StepError, match="did not export 'x'"):
        run(ShellTask(name="s", command="x=1", returns=["x"]))


def test_secrets_stay_and_are_not_told(here, monkeypatch, capfd):
    monkeypatch.setenv("TOKEN", "hush-hush")
    found = run(
        task(secret, "one", secrets=["TOKEN"], returns=["a"]),
        task(secret, "two", secrets=["TOKEN"], returns=["b"]),
    )
    assert found.parameters == {"a": 9, "b": 9}
    with pytest.raises(StepError, match=r"not \*\*\*"):
        run(task(tell_secret, secrets=["TOKEN"]))
    with pytest.raises(StepError):
        run(ShellTask(name="s", command='echo "$TOKEN"; echo $TOKEN >&2; exit 1',
                      secrets=["TOKEN"]))  # fmt: skip
    assert "hush-hush" not in "".join(capfd.readouterr())
    kept = [p.read_text(errors="replace") for p in here.rglob("*") if p.is_file()]
    assert not [text for text in kept if "hush-hush" in text]


def test_all_files_are_not_those_of_the_store(here):
    (here / "a").mkdir()
    (here / "a/b.txt").write_text("b")
    for _ in range(2):
        found = run(task(functions.chunks, catalog=Catalog(put=["**/*"])))
        assert sorted(found.files) == ["a/b.txt"]


def test_a_loop_carries_and_counts():
    found = run(
        Loop(
            name="l",
            branch=task(_add, returns=["total", "done"]).as_pipeline(),
            max_iterations=10,
            break_on="done",
            index_as="i",
        ),
        total=0,
    )
    assert found.parameters == {"total": 6, "done": True}


def _add(total: int, i: int) -> tuple[int, bool]:
    return total + i, i == 3


def test_the_index_of_a_loop_is_in_the_environment():
    inner = Loop(
        name="inner",
        branch=task(_indices, returns=["seen", "done"]).as_pipeline(),
        max_iterations=2,
        break_on="done",
        index_as="INDEX_INSIDE",
    )
    outer = Loop(
        name="outer",
        branch=Pipeline(steps=[inner]),
        max_iterations=2,
        break_on="done",
        index_as="INDEX",
    )
    assert run(outer, seen=[])["seen"] == ["00", "01", "10", "11"]
    assert "INDEX" not in os.environ


def _indices(seen: list[str]) -> tuple[list[str], bool]:
    return [*seen, os.environ["INDEX"] + os.environ["INDEX_INSIDE"]], False


def test_the_working_directory_is_the_callers(here):
    assert run(task(_where, returns=["y"]))["y"] == str(here)


def _where() -> str:
    return str(Path.cwd())
