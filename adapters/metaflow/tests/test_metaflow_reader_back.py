"""Flows that are written are understood also where they have to be taken apart.

So is what somebody has changed since; of the rest ``test_metaflow_roundtrip`` tells.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from bridge import (
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    at,
    constant,
    pickled,
    translate,
)
from bridge.adapter import Options, load
from bridge.emit.python import finish
from bridge.findings import Level
from bridge.flow import analyse
from bridge.model import Step
from bridge.values import Return
from bridge_metaflow.adapter import METAFLOW
from bridge_metaflow.plan import plan
from bridge_metaflow.reading.reader import take_apart
from bridge_metaflow.reading.source import load as load_flow

HERE = Path(__file__).parent
CONSTANTS = st.sampled_from([1, "x", None, [1], {"a": 2}])
KEYS = st.lists(st.sampled_from(["a", "b c", "d"]), min_size=2, max_size=3, unique=True)


@pytest.fixture(autouse=True)
def _functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))


def read_back(pipeline: Pipeline) -> Any:
    lowered = translate.lowered(pipeline, "metaflow").pipeline
    export = load("metaflow").write(lowered, Options())
    with tempfile.TemporaryDirectory() as folder:
        flow = Path(folder) / "flow.py"
        flow.write_text(finish(export.files["flow.py"], "flow.py"), encoding="utf-8")
        for name in ("metaflow_plain.py", "metaflow_functions.py"):
            Path(folder, name).write_text(HERE.joinpath(name).read_text(encoding="utf-8"))
        return take_apart(load_flow(flow))


@dataclass
class Making:
    """Makes pipelines of plain tasks; ``names`` is what can be read, with what it is."""

    draw: Callable[[st.SearchStrategy[Any]], Any]
    count: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def new(self, kind: str) -> str:
        self.count += 1
        return f"{kind}{self.count}"

    def one_of(self, *kinds: str) -> str | None:
        found = [name for name, kind in self.names.items() if not kinds or kind in kinds]
        return self.draw(st.sampled_from(found)) if found else None

    def task(self, local: str = "") -> PythonTask:
        """A task that reads what there is; ``local`` is a name that it must read."""
        function = self.draw(st.sampled_from(["none", "one", "two", "pair", "listed"]))
        arguments = {"none": [], "two": ["first", "second"]}.get(function, ["value"])
        inputs: dict[str, Any] = {}
        for argument in arguments:
            name = local or self.one_of()
            local = ""
            if name is None or self.draw(st.integers(0, 5)) == 0:
                inputs[argument] = constant(
                    self.draw(st.sampled_from([1, "x", None, [1], {"a": 2}]))
                )
            elif self.names.get(name) == "mapping":
                inputs[argument] = at(name, "k", 0)
            else:
                inputs[argument] = name
        if function == "listed" and self.draw(st.booleans()):
            inputs["count"] = constant(3)
        outputs = [self.new("v") for _ in range(2 if function == "pair" else 1)]
        objects = function != "listed" and self.draw(st.booleans())
        self.names |= dict.fromkeys(outputs, "object" if objects else "json")
        if function == "listed":
            self.names[outputs[0]] = "list"
        returns = [pickled(name) if objects else Return(name) for name in outputs]
        return PythonTask(
            name=self.new("t"),
            function=f"metaflow_plain:{function}",
            inputs=inputs,
            returns=returns,
            **self.policy(),
        )

    def policy(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "retry": Retry(times=2, delay=60.0),
            "timeout": 60.0,
            "resources": Resources(cpu=2, memory=100),
            "environment": {"A": "b"},
            "overrides": {"metaflow": {"decorators": ["card(type='blank')"]}},
        }
        chosen = self.draw(st.lists(st.sampled_from([*found]), max_size=1))
        return {name: found[name] for name in chosen}

    def inner(self, steps: Callable[[], list[Step]]) -> tuple[Pipeline, dict[str, str]]:
        """A pipeline inside a composite, and what it sets."""
        before = dict(self.names)
        found = Pipeline(steps())
        made = {n: k for n, k in self.names.items() if n not in before}
        self.names = before
        return found, made

    def steps(self, depth: int) -> list[Step]:
        kinds = [self.task, *([self.parallel, self.map, self.choice, self.loop] if depth else [])]
        count = self.draw(st.integers(1, 3))
        found = []
        for _ in range(count):
            kind = self.draw(st.sampled_from(kinds))
            found.append(kind() if kind == self.task else kind(depth - 1))
        return found

    def parallel(self, depth: int) -> Step:
        branches, made = {}, {}
        for key in self.draw(KEYS):
            branches[key], inner = self.inner(lambda: self.steps(depth))
            made |= inner
        self.names |= made
        return Parallel(name=self.new("fork"), branches=branches)

    def map(self, depth: int) -> Step:
        source = self.one_of("list", "given") or "rows"
        item = self.new("item")

        def steps() -> list[Step]:
            self.names = {n: k for n, k in self.names.items() if not n.startswith("item")}
            first = self.task(item)
            rest = [self.task() for _ in range(self.draw(st.integers(0, 1)))]
            deeper = [self.map(depth - 1)] if depth and self.draw(st.booleans()) else []
            return [first, *rest, *deeper]

        branch, made = self.inner(steps)
        self.names |= {name: "list" if k != "object" else "object" for name, k in made.items()}
        return Map(name=self.new("each"), branch=branch, iterate_on=source, iterate_as=item)

    def choice(self, depth: int) -> Step:
        keys = self.draw(st.sampled_from([["small", "big"], [True, False], [1, 2, "x"]]))
        branches = {key: self.inner(lambda: self.steps(depth))[0] for key in keys}
        default = self.inner(lambda: self.steps(depth))[0] if self.draw(st.booleans()) else None
        return Conditional(
            name=self.new("choose"), parameter="mode", branches=branches, default=default
        )

    def loop(self, depth: int) -> Step:
        value, done = self.new("v"), self.new("v")
        task = PythonTask(
            name=self.new("t"),
            function="metaflow_plain:forever",
            inputs={"value": self.one_of("json", "list") or constant(1)},
            returns=[value, done],
        )
        self.names |= {value: "json", done: "json"}
        index = self.new("index") if self.draw(st.booleans()) else ""
        if index:
            task = replace(task, inputs={"value": index})
        return Loop(
            name=self.new("loop"),
            branch=Pipeline([task]),
            max_iterations=self.draw(st.integers(1, 9)),
            break_on=self.draw(st.sampled_from([done, ""])),
            index_as=index,
        )


@st.composite
def plain_pipelines(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Pipeline:
    making = Making(draw)
    parameters = {"rows": [1, 2], "mode": "small", "table": {"k": [5]}}
    making.names = {"rows": "given", "mode": "json", "table": "mapping"}
    found = Pipeline(
        making.steps(2),
        name="plain",
        description=draw(st.sampled_from(["", "What it is for."])),
        parameters=parameters,
        schedule=draw(st.sampled_from([None, "@daily", "0 3 * * *"])),
    )
    # where each step has a place of its own, and no branches had to be put in a row
    assume(not METAFLOW.units(found) and not plan(analyse(found)).narrowed)
    return found


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_what_is_written_is_read_back(data: st.DataObject) -> None:
    pipeline = data.draw(plain_pipelines())
    found = read_back(pipeline)
    assert found.pipeline == pipeline
    assert not found.apart.text
    assert not found.told.report().refused()


def test_overrides_of_the_flow_come_back() -> None:
    task = PythonTask(function="metaflow_plain:none", returns=["v"])
    kept = {"metaflow": {"decorators": ["project(name='p')", "trigger(event='e')"]}}
    pipeline = Pipeline([task], name="plain", overrides=kept)
    found = read_back(pipeline)
    assert found.pipeline == pipeline
    levels = {f.attribute: f.level for f in found.told.findings}
    assert levels["@project(name)"] is Level.CARRIED
