"""Pipelines drawn: every form says the same, whatever the names, and none says more."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings

from bridge.errors import ModelError, UsageError
from bridge.flow import analyse
from bridge.model import (
    Catalog,
    Conditional,
    Loop,
    Map,
    Parallel,
    Pipeline,
    Resources,
    Retry,
    ShellTask,
    Step,
    Stub,
)
from bridge.serial import dump_json, dump_yaml, load_yaml
from bridge.show import render
from bridge.show.outline import outline
from bridge.testing.strategies import pipelines
from bridge.values import at, constant, fact, metric
from bridge.values import json as json_value

DRAWN = ("text", "mermaid", "svg", "html")
SVG = "{http://www.w3.org/2000/svg}"


def shell(name: str, reads: str = "", returns: str = "", **more) -> ShellTask:
    inputs = {n: n for n in reads.split()}
    return ShellTask(name=name, command="run", inputs=inputs, returns=returns.split(), **more)


def chain(length: int) -> Pipeline:
    steps = [shell(f"s{i}", f"v{i - 1}" if i else "", f"v{i}") for i in range(length)]
    return Pipeline(steps)


DIGITS = Pipeline(
    name="digits",
    description="Learns\n  to read.",
    parameters={"sizes": {"small": 32}, "seed": 1},
    include=["digits.npz"],
    schedule="0 6 * * *",
    steps=[
        shell("prepare", "seed", "counts", catalog=Catalog(put=["*.npz"])),
        Parallel(
            name="training",
            branches={
                "small": Pipeline(
                    [
                        ShellTask(
                            name="train",
                            command="\n  train $units\n  report\n",
                            inputs={
                                "units": at("sizes", "small"),
                                "rate": constant(0.1),
                                "run": fact("run_id"),
                            },
                            returns=[metric("accuracy")],
                            retry=Retry(2, delay=5, backoff=2),
                            timeout=30,
                            resources=Resources(cpu=2, memory=512),
                            secrets=["TOKEN"],
                        )
                    ]
                ),
                "large": Pipeline([Stub("later")]),
            },
        ),
        shell("look", "counts accuracy", catalog=Catalog(get=["a.npz"])),
    ],
)


def test_the_tree():
    assert render(DIGITS) == (
        "digits\n"
        "│ Learns to read.\n"
        "│ parameters  sizes, seed\n"
        "│ include     digits.npz\n"
        "│ schedule    0 6 * * *\n"
        "├─ prepare  shell run\n"
        "│    reads    seed\n"
        "│    returns  counts\n"
        "│    puts     *.npz\n"
        "├─ training  parallel\n"
        "│  ├─ small\n"
        "│  │  └─ train  shell train $units …\n"
        "│  │       reads    units=sizes.small, rate=0.1, run=<run_id>\n"
        "│  │       returns  accuracy (metric)\n"
        "│  │       policy   tried 2 times more after 5 s, each time ×2, at most 30 s,\n"
        "│  │                2 cores, 512 MB, secrets: TOKEN\n"
        "│  └─ large\n"
        "│     └─ later  stub\n"
        "└─ look  shell run\n"
        "     reads    counts, accuracy\n"
        "     gets     a.npz\n"
    )


def test_the_chart():
    assert render(DIGITS, "mermaid") == (
        "flowchart TD\n"
        '  n1[["prepare<br/>run"]]:::shell\n'
        '  subgraph n2["training #183; parallel"]\n'
        "    direction TB\n"
        '    subgraph n3["small"]\n'
        "      direction TB\n"
        '      n4[["train<br/>train #36;units #8230;"]]:::shell\n'
        "    end\n"
        '    subgraph n5["large"]\n'
        "      direction TB\n"
        '      n6(["later"]):::stub\n'
        "    end\n"
        "  end\n"
        '  n7[["look<br/>run"]]:::shell\n'
        "  n1 --> n2\n"
        "  n2 --> n7\n"
        "  classDef shell stroke:#22895a,stroke-width:2px\n"
        "  classDef stub stroke:#7d8590,stroke-width:2px\n"
    )


def test_the_drawing_has_a_box_for_each_task_and_an_arrow_for_each_link():
    root = ElementTree.fromstring(render(DIGITS, "svg"))
    cards = [g for g in root.iter(f"{SVG}g") if g.find(f"{SVG}rect[@class='card']") is not None]
    names = [g.find(f"{SVG}text[@class='name']").text for g in cards]
    assert names == ["prepare", "train", "later", "look"]
    assert [g.get("class") for g in cards] == ["shell", "shell", "stub", "shell"]
    assert len(root.findall(f".//{SVG}path[@class='arrow']")) == 2
    title = cards[1].find(f"{SVG}title").text
    assert "training.small.train: shell" in title
    assert "reads: units=sizes.small, rate=0.1, run=<run_id>" in title


def test_the_page_tells_all_that_is_known():
    found = render(DIGITS, "html")
    for text in [
        "Learns to read.",
        "schedule 0 6 * * *",
        "with digits.npz",
        "<code>{&quot;small&quot;: 32}</code>",
        "<b>train</b><br><small>shell in training.small</small>",
        "<pre>train $units\nreport</pre>",
        "accuracy (metric)",
        "secrets: TOKEN",
        "gets</span> <code>a.npz</code>",
    ]:
        assert text in found
    assert re.findall(r"<h2>(.*?)</h2>", found) == ["Steps and order", "Parameters", "Steps"]


def test_data_is_shown_as_it_is_written():
    assert render(DIGITS, "yaml") == dump_yaml(DIGITS)
    assert render(analyse(DIGITS), "json") == dump_json(DIGITS)
    assert json.loads(render(DIGITS, "json"))["name"] == "digits"


def test_an_unknown_form_is_refused():
    with pytest.raises(UsageError, match="'htlm' is no form to show; did you mean 'html'"):
        render(DIGITS, "htlm")


DATA = Pipeline(
    [
        shell("report", "table score"),
        shell("fit", "table", "score", after=["check"]),
        shell("check"),
        shell("load", "", "table"),
    ],
    order="data",
)


def test_steps_ordered_by_data_stand_in_an_order_that_can_run():
    tree = render(DATA)
    assert [line[3:].split()[0] for line in tree.splitlines() if line[0] in "├└"] == [
        "check",
        "load",
        "fit",
        "report",
    ]
    assert "after    load, check" in tree
    assert "after    load, fit" in tree or "after    fit, load" in tree


def test_what_cannot_be_analysed_is_drawn_as_written_and_says_why():
    pipeline = Pipeline([shell("a", "nowhere"), *DATA.steps], order="data")
    assert outline(pipeline).group.boxes[0].name == "a"
    for form in DRAWN:
        assert "nowhere" in render(pipeline, form)
        assert "produced by no earlier step" in render(pipeline, form)


def test_composites_show_what_is_inside():
    pipeline = Pipeline(
        name="all",
        parameters={"mode": "fast", "rows": [1]},
        steps=[
            shell("first", on_failure=Pipeline([Stub("tidy")])),
            Map(
                name="each",
                iterate_on="rows",
                iterate_as="row",
                reducer="functions:total",
                branch=Pipeline([shell("score", "row", "points")]),
            ),
            Conditional(
                name="choose",
                parameter="mode",
                branches={"fast": Pipeline([Stub("quick")]), True: Pipeline([Stub("slow")])},
                default=Pipeline([Stub("none")]),
            ),
            Loop(
                name="again",
                branch=Pipeline([Stub("improve")]),
                max_iterations=3,
                break_on="done",
                index_as="i",
            ),
        ],
        on_failure=Pipeline([Stub("alarm")]),
    )
    assert render(pipeline).partition("shown as")[0] == (
        "all\n"
        "│ parameters  mode, rows\n"
        "├─ first  shell run\n"
        "│  └─ on failure\n"
        "│     └─ tidy  stub\n"
        "├─ each  map for each row in rows, reduced by functions:total\n"
        "│  └─ score  shell run\n"
        "│       reads    row\n"
        "│       returns  points\n"
        "├─ choose  conditional by mode\n"
        "│  ├─ mode = fast\n"
        "│  │  └─ quick  stub\n"
        "│  ├─ mode = true\n"
        "│  │  └─ slow  stub\n"
        "│  └─ otherwise\n"
        "│     └─ none  stub\n"
        "├─ again  loop up to 3 times until done, i counts\n"
        "│  └─ improve  stub\n"
        "└─ on failure\n"
        "   └─ alarm  stub\n"
    )
    chart = render(pipeline, "mermaid")
    assert 'subgraph n2["on failure"]' in chart
    assert "n1 -.-> n2" in chart
    for form in DRAWN:
        for name in ("tidy", "score", "quick", "slow", "none", "improve", "alarm", "otherwise"):
            assert name in render(pipeline, form)


# --- hostile names


class Strict(HTMLParser):
    """Notes the elements of a page; fails on anything that could run or be fetched."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        assert tag not in {"script", "img", "iframe", "link", "object", "foreignObject", "a", "use"}
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in {"src", "href", "xlink:href", "style", "action"}
            if name in {"width", "height", "x", "y"}:
                assert re.fullmatch(r"-?[0-9.]+", value)

    def handle_data(self, data):
        self.texts.append(data)


HOSTILE = (
    *('a"b<c>&</script><script>alert(1)</script>', "</title><img src=x onerror=alert(1)>", "end"),
    *('x["]-->y', "`subgraph`", "%%{init: {}}%%", "style:x#35;", "click n1 javascript:f()"),
    *("<!--", "]]>", "&quot;", "</style>", "</svg>", "'", "{{a}}", "\\n", "中文 🙂", "|x|", "a;b"),
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_names(name):
    command = f"{name}\n{name}\x00\x1b[31m\u2028\u202e"
    pipeline = Pipeline(
        [
            ShellTask(name=name, command=command, returns=[json_value(name)]),
            Parallel(name="p", branches={name: Pipeline([Stub("b")]), "c": Pipeline([Stub("c")])}),
        ],
        name=name,
        description=command,
        parameters={command: command},
        schedule=command,
    )
    root = ElementTree.fromstring(render(pipeline, "svg"))
    assert any(node.text == f"{name}: shell {name} …\nreturns: {name}" for node in root.iter())
    page = Strict(render(pipeline, "html"))
    assert name in page.texts
    assert {"b", "code", "svg"} <= set(page.seen) <= {
        *("html", "meta", "title", "style", "main", "header", "h1", "p", "div", "span", "section"),
        *("h2", "svg", "defs", "marker", "path", "g", "rect", "text", "tspan", "table", "tr"),
        *("th", "td", "code", "b", "br", "small", "details", "summary", "pre", "ul", "li"),
    }  # fmt: skip
    assert not {"\x00", "\x1b", "\u2028", "\u202e"} & set(
        "".join(render(pipeline, f) for f in DRAWN)
    )
    assert_chart(render(pipeline, "mermaid"))
    assert load_yaml(render(pipeline, "yaml")) == pipeline


LABEL = r'"([^\W_]|[-_ .,+=()/]|#\d+;|<br/>)*"'
LINE = re.compile(
    rf"flowchart TD|( *)(n\d+([\[(/]+){LABEL}([\])/]+):::(python|notebook|shell|stub|foreign)"
    rf"|subgraph n\d+\[{LABEL}\]|direction TB|end|n\d+ (-->|-\.->) n\d+"
    r"|classDef \w+ stroke:#\w{6},stroke-width:2px)|%% [^\n{}]*"
)


def assert_chart(chart: str) -> None:
    lines = chart.splitlines()
    for line in lines:
        assert LINE.fullmatch(line), line
    words = [line.split()[0] for line in lines]
    assert words.count("subgraph") == words.count("end")


@settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=40)
@given(pipelines())
def test_everything_can_be_drawn(pipeline: Pipeline):
    tree = render(pipeline)
    assert all(line.replace("\u00a0", " ").isprintable() for line in tree.splitlines())
    root = ElementTree.fromstring(render(pipeline, "svg"))
    tasks = [box for box in outline(pipeline).boxes() if not box.groups]
    assert len(root.findall(f".//{SVG}rect[@class='card']")) == len(tasks)
    Strict(render(pipeline, "html"))
    assert_chart(render(pipeline, "mermaid"))


# --- length


LONG = ("text", "mermaid", "html", "yaml")


def steps_of(form: str) -> Callable[[Pipeline], object]:
    return lambda pipeline: render(pipeline, form)


@pytest.mark.parametrize(
    "draw",
    [*map(steps_of, LONG), lambda pipeline: load_yaml(dump_yaml(pipeline))],
    ids=[*LONG, "load"],
)
def test_ten_thousand_steps_are_no_trouble(draw):
    pipeline = chain(10_000)
    drawn = draw(pipeline)
    assert drawn == pipeline or pipeline.steps[-1].name in drawn


def test_pipelines_nested_beyond_reason_are_refused():
    step: Step = Stub("a")
    for _ in range(400):
        step = Loop(name="l", branch=Pipeline([step]), max_iterations=1)
    for form in ("json", "yaml"):
        with pytest.raises(ModelError, match="nested too deeply"):
            render(Pipeline([step]), form)
