"""Sources that an adapter reads: found, unpacked, run; told of what reading them has lost."""

from __future__ import annotations

import json
import sys

import pytest
from command import bridge
from recipes import BREAD, project

from bridge.adapter import load
from bridge.engines import check_engines
from bridge.errors import AdapterError, SourceError, UsageError
from bridge.runner import run_local
from bridge.source import load_source, read_source
from bridge.translate import paths, render

RESULT = {"flour": 512, "weight": 510, "double": 1020, "bread": "1040 g at 200 degrees"}


@pytest.fixture(autouse=True)
def path(monkeypatch, here):
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in ("kitchen", "tools", "functions", "pipeline"):
        sys.modules.pop(name, None)


def test_a_source_is_read_by_the_adapter_that_knows_it(here, monkeypatch):
    project(here / "bakery")
    loaded = read_source("bakery")
    assert (loaded.by, loaded.source.path.name, loaded.found.root) == (
        *("fake", "bakery"),
        loaded.source.path,
    )
    monkeypatch.chdir(here / "bakery")
    assert run_local(loaded.pipeline).parameters == RESULT
    assert load_source("recipe.json", "fake") == loaded.pipeline


def test_steps_are_where_they_were_written(here):
    project(here / "bakery")
    text = (here / "bakery" / "recipe.json").read_text().splitlines()
    for step in load_source("bakery", "fake").steps:
        assert step.where.file == "bakery/recipe.json"
        said = step.name if step.name == "twice" else f"kitchen:{step.name}"
        line = text[step.where.line - 1]
        assert said in line or '"do"' in line


def test_one_of_several_is_named(here):
    several = {"recipes": {"bread": BREAD, "toast": {"steps": BREAD["steps"][:1]}}}
    project(here / "bakery", several)
    (here / "bakery" / "recipe.night.json").write_text('{"flour": 100}')
    assert load_source("bakery:bread").name == "bread"
    assert read_source("bakery", name="toast").pipeline.name == "toast"
    assert load_source("bakery/recipe.json:toast", "fake").name == "toast"
    night = read_source("bakery", name="bread", env="night").pipeline
    assert night.parameters == {"flour": 100}
    with pytest.raises(SourceError, match="holds the recipes bread, toast; name one"):
        load_source("bakery")
    with pytest.raises(UsageError, match="names 'bread', and --pipeline 'toast'"):
        read_source("bakery:bread", name="toast")


@pytest.mark.parametrize(
    ("source", "adapter", "error", "says"),
    [
        ("nothing", "fake", SourceError, "there is no file or folder 'nothing'"),
        ("nothing:a", "fake", SourceError, "there is no file or folder 'nothing'"),
        ("bakery", "fancy", AdapterError, "no adapter is named 'fancy'; installed: .*fake"),
        ("empty", None, SourceError, r"'empty' is of no kind that is known here; .* \(.*fake"),
        ("broken", None, SourceError, r"'broken/recipe.json' is no recipe: Expecting"),
        ("flow.yaml", "nothing", AdapterError, "no adapter is named 'nothing'"),
    ],
)
def test_what_cannot_be_read_is_told(here, source, adapter, error, says):
    project(here / "bakery")
    (here / "empty").mkdir()
    (here / "broken").mkdir()
    (here / "broken" / "recipe.json").write_text("{")
    (here / "flow.yaml").write_text("steps: [{type: stub, name: a}]")
    with pytest.raises(error, match=says):
        load_source(source, adapter)


def test_an_environment_is_for_those_who_know_such(here):
    (here / "flow.yaml").write_text("steps: [{type: stub, name: a}]")
    assert read_source("flow.yaml", "yaml").by == ""
    with pytest.raises(UsageError, match="has no environments"):
        read_source("flow.yaml", env="prod")


def test_what_no_adapter_reads_is_told(here, monkeypatch):
    (here / "a").mkdir()
    monkeypatch.setattr(load("fake"), "reads", False, raising=False)
    with pytest.raises(SourceError, match="writes and does not read"):
        load_source("a", "fake")


def test_what_two_adapters_know_is_asked_for(here, monkeypatch):
    import bridge.adapter

    project(here / "bakery")
    monkeypatch.setattr(bridge.adapter, "installed", lambda: ["fake", "other"])
    monkeypatch.setattr(bridge.adapter, "load", lambda name: load("fake"))
    with pytest.raises(SourceError, match=r"looks like fake and other; name the kind with --from"):
        load_source("bakery")


def test_several_sources_with_modules_of_the_same_names(here, monkeypatch):
    """Each has its own kitchen, tools and functions."""
    other = {
        "steps": [
            {"name": "twice", "do": "double = flour * 3", "gives": "double"},
            {"call": "kitchen:serve", "with": {"n": "double"}, "gives": "bread"},
        ],
        "values": {"flour": 1},
    }
    project(here / "one")
    project(here / "two", other, kitchen="from tools import up\ndef serve(n: int): return up(n)",
            tools="def up(n): return n + 1")  # fmt: skip
    monkeypatch.chdir(here / "one")
    for _ in range(2):
        assert run_local(load_source("../one")).parameters == RESULT
        assert run_local(load_source("../two")).parameters["bread"] == 4


def test_an_export_has_generated_modules_and_those_of_the_user(here):
    project(here / "bakery")
    loaded = read_source("bakery")
    export = render(loaded.pipeline, "fake", read=loaded.found)
    assert {"functions.py", "kitchen.py", "tools.py"} < {*paths(export, loaded.pipeline)}
    loaded.found.files["table.csv"] = "a,b\n"
    export = render(loaded.pipeline, "fake", read=loaded.found)
    assert export.files["table.csv"] == "a,b\n"
    assert "functions.py" not in export.files


# What reading loses


LOSSY = {**BREAD, "steps": [{**BREAD["steps"][0], "speed": 3}, *BREAD["steps"][1:]]}


def test_what_reading_lost_is_refused_together_with_what_writing_would_lose(here):
    steps = [*LOSSY["steps"], {"name": "cool", "wait": "oven.txt"}]
    project(here / "bakery", {**LOSSY, "steps": steps})
    done = bridge("export", "bakery", "--to", "fake", "-o", "out", code=2)
    head, *lines = done.stderr.strip().splitlines()
    assert head == "bridge: 'fake' cannot carry this pipeline:"
    assert [line.split(":")[0].strip() for line in lines] == ["foreign.unsupported"] * 2
    assert "speed of 'weigh' cannot be carried: who knows" in lines[0]
    assert "(bakery/recipe.json:" in lines[0]
    assert "foreign['fake'] of 'cool'" in lines[1]
    assert not (here / "out").exists()


def test_what_reading_lost_is_put_up_with_when_told_so(here):
    project(here / "bakery", LOSSY)
    done = bridge("export", "bakery", "--to", "fake", "-o", "out", "--unsupported", "warn")
    assert "speed of 'weigh'" in done.stderr
    script = (here / "out" / "script.py").read_text()
    assert "# TODO: speed of 'weigh' cannot be carried" in script
    words = ["--unsupported", "ignore", "--force", "--json"]
    done = bridge("export", "bakery", "--to", "fake", "-o", "out", *words)
    assert done.stderr == ""
    assert json.loads(done.stdout)["reading"]["totals"]["unsupported"] == 1


@pytest.mark.parametrize("command", ["run bakery", "verify bakery --on local"])
def test_what_is_not_whole_is_not_run(here, command):
    project(here / "bakery", LOSSY)
    done = bridge(*command.split(), code=2)
    assert "'bakery' cannot be read whole:" in done.stderr
    assert "speed of 'weigh'" in done.stderr


def test_check_tells_of_reading_and_of_writing(here):
    project(here / "bakery", LOSSY)
    found = json.loads(bridge("check", "bakery", "--to", "fake", "--json", code=2).stdout)
    reading = found["reading"]
    said = 1 + sum(len(step) for step in LOSSY["steps"])
    assert reading["totals"]["read"] == said == len(reading["findings"])
    assert [f["level"] for f in reading["findings"] if f["attribute"] == "speed"] == ["unsupported"]
    assert found["totals"]["unsupported"] == 0
    project(here / "bakery")
    text = bridge("check", "bakery", "--to", "fake").stdout
    assert f"bakery (fake): {said - 1} attributes read; {said - 1} carried" in text
    assert "bakery -> fake: " in text


def test_a_contradiction_is_told_with_what_was_lost(here):
    steps = [{**LOSSY["steps"][0], "gives": "other"}, *LOSSY["steps"][1:]]
    project(here / "bakery", {**LOSSY, "steps": steps})
    done = bridge("export", "bakery", "--to", "fake", "-o", "out", code=2)
    assert "what was read is not whole" in done.stderr
    assert "speed of 'weigh'" in done.stderr


# Commands


def test_every_command_takes_it(here, monkeypatch):
    several = {"recipes": {"bread": BREAD}}
    project(here / "bakery", several)
    (here / "bakery" / "recipe.night.json").write_text('{"flour": 512}')
    which = ["--pipeline", "bread", "--from", "fake", "--env", "night"]
    assert "weigh" in bridge("show", "bakery", *which).stdout
    assert "carried" in bridge("check", "bakery", "--to", "fake", *which).stdout
    assert "script.py" in bridge("export", "bakery", "--to", "fake", "-o", "o", *which).stdout
    done = bridge("run", "bakery", *which, code=1)
    assert "oven.txt" in done.stdout
    assert "are meant from 'bakery'" in done.stderr
    monkeypatch.chdir(here / "bakery")
    done = bridge("run", ".", *which, "--json")
    assert done.stderr == ""
    assert json.loads(done.stdout)["parameters"] == RESULT
    done = bridge("run", ".", *which, "--on", "fake", "--json")
    assert json.loads(done.stdout)["parameters"] == RESULT


# The source as an engine


def files(folder):
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def test_verify_runs_the_source_by_its_own_framework(here):
    bakery = project(here / "bakery")
    (bakery / ".git").mkdir()
    (bakery / ".git" / "config").write_text("x")
    (bakery / "venv").mkdir()
    (bakery / "link.txt").symlink_to("oven.txt")
    before = files(bakery)
    done = bridge(
        *("verify", "bakery", "--on", "source,local,fake", "--json"), PYTHONDONTWRITEBYTECODE=""
    )
    found = json.loads(done.stdout)
    assert found["agree"]
    assert [run["on"] for run in found["runs"]] == ["source", "local", "fake"]
    assert [run["parameters"] for run in found["runs"]] == [RESULT] * 3
    assert all(run["objects"].keys() == {"dough"} for run in found["runs"])
    assert files(bakery) == before
    (compared,) = (here / ".bridge" / "compared").iterdir()
    for engine in ("source", "local", "fake"):
        work = compared / engine / "work"
        assert (work / "link.txt").is_symlink()
        assert not (work / ".git").exists()
        assert not (work / "venv").exists()


def test_modules_write_nothing_beside_the_source(here):
    """Also one that writes beside itself does so in the copy."""
    kitchen = (
        "from pathlib import Path\n"
        "def mark() -> int:\n"
        "    Path(__file__).with_name('mark.txt').write_text('was here')\n"
        "    Path('made.txt').write_text('made')\n"
        "    return 1\n"
    )
    recipe = {"steps": [{"call": "kitchen:mark", "gives": "n"}]}
    bakery = project(here / "bakery", recipe, kitchen=kitchen)
    before = files(bakery)
    bridge("verify", "bakery", "--on", "source,local,fake", PYTHONDONTWRITEBYTECODE="")
    assert files(bakery) == before
    assert len([*here.rglob("mark.txt")]) == 3


def test_a_difference_from_the_source_is_found(here):
    kitchen = (
        "import sys\n"
        "def where() -> str:\n"
        "    return 'cook' if 'cook' in sys.argv[0] else 'elsewhere'\n"
    )
    project(here / "bakery", {"steps": [{"call": "kitchen:where", "gives": "n"}]}, kitchen=kitchen)
    found = json.loads(bridge("verify", "bakery", "--on", "source,local", "--json", code=1).stdout)
    assert found["differences"] == [
        {"kind": "parameters", "name": "n", "values": {"source": "cook", "local": "elsewhere"}}
    ]


def test_a_source_that_fails_is_told(here):
    project(here / "bakery")
    (here / "bakery" / "oven.txt").unlink()
    done = bridge("verify", "bakery", "--on", "source,local", "--json", code=1)
    runs = json.loads(done.stdout)["runs"]
    assert [run["error"]["type"] for run in runs] == ["FileNotFoundError"] * 2


def test_source_is_an_engine_only_of_what_an_adapter_has_read(here, monkeypatch):
    (here / "flow.yaml").write_text("steps: [{type: stub, name: a}]")
    with pytest.raises(UsageError, match="'source' is an engine only of what an adapter has read"):
        check_engines(["source"], read_source("flow.yaml"))
    project(here / "bakery")
    monkeypatch.delattr(type(load("fake")), "run_source")
    with pytest.raises(UsageError, match="and can run itself; there are local, "):
        check_engines(["source", "local"], read_source("bakery"))


def test_a_huge_folder_is_not_copied(here, monkeypatch):
    import bridge.engines

    monkeypatch.setattr(bridge.engines, "_LARGEST", 100)
    project(here / "bakery")
    loaded = read_source("bakery")
    with pytest.raises(UsageError, match="put the source into a folder of its own"):
        bridge.engines.run_on(loaded.pipeline, "local", {}, here / "run", origin=loaded)


def test_a_compared_source_has_its_row_in_the_report(here):
    project(here / "bakery")
    done = bridge("compare", "bakery", "--on", "source,local", "-o", "report")
    assert "source" in done.stdout
    assert "| source | succeeded |" in (here / "report" / "report.md").read_text()
