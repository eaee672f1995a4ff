"""Looking after a store: ``bridge catalog``, and what stands behind it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from command import bridge

from bridge.catalog import load, open_store, save
from bridge.catalog.upkeep import collect_garbage, damage, references
from bridge.configuration import home, store_place
from bridge.errors import UsageError
from bridge.record import Run

LARGE = b"large" * 50_000


@pytest.fixture
def store(here: Path) -> Path:
    return here / ".bridge/store"


def _run(run_id: str, **found: object) -> None:
    folder = Path(".bridge/runs") / run_id
    folder.mkdir(parents=True)
    record = Run(run_id, "local", "succeeded", **found)  # type: ignore[arg-type]
    (folder / "run.json").write_text(json.dumps(record.to_json()))


def _told(*words: object, code: int = 0) -> dict[str, object]:
    found: dict[str, object] = json.loads(bridge("catalog", *words, "--json", code=code).stdout)
    return found


def test_a_run_s_files_are_listed_and_fetched(here: Path, store: Path) -> None:
    refs = {"data/a.csv": save(b"a", store), "data/b.bin": save(LARGE, store)}
    _run("r", files=refs | {"hash.only": "sha256:" + "0" * 64})
    lines = bridge("catalog", "ls", "r").stdout.splitlines()
    assert [line.split(maxsplit=1) for line in lines] == [
        ["1", "data/a.csv"], ["250000", "data/b.bin"], ["not", "stored  hash.only"],
    ]  # fmt: skip
    assert _told("ls") == {
        "store": str(store),
        "contents": [{"ref": refs["data/a.csv"], "bytes": 1},
                     {"ref": refs["data/b.bin"], "bytes": 250_000}],
    }  # fmt: skip
    assert bridge("catalog", "get", "r", "data/*", "-o", "out").stdout.split() == list(refs)
    assert (here / "out/data/b.bin").read_bytes() == LARGE
    bridge("catalog", "get", "r", "data/a.csv")
    assert (here / "data/a.csv").read_bytes() == b"a"
    said = bridge("catalog", "get", "r", "data/c.csv", code=2).stderr
    assert "the run has no file 'data/c.csv'; did you mean 'data/a.csv'?" in said
    assert "does not hold" in bridge("catalog", "get", "r", code=2).stderr


def test_damage_ends_with_code_1(here: Path, store: Path) -> None:
    refs = [save(b"small", store), save(LARGE, store), save(b"well", store)]
    _run("r", files={"a": refs[0], "lost": "sha256:" + "1" * 64})
    assert _told("verify")["damaged"] == []
    (kept,) = (path for path in (store / "sha256").rglob("*") if path.is_file())
    kept.chmod(0o644)
    kept.write_bytes(LARGE + b"x")
    with closing(sqlite3.connect(store / "pack.db", isolation_level=None)) as pack:
        pack.execute("UPDATE pack SET data = x'00' WHERE ref = ?", [refs[0]])
    found = _told("verify", code=1)
    assert [[ref in line for line in found["damaged"]] for ref in refs] == [  # type: ignore[attr-defined]
        [True, False], [False, True], [False, False],
    ]  # fmt: skip
    assert found["missing"] == [f"run r: lost (sha256:{'1' * 64}) is not in the store"]


def test_what_no_run_refers_to_is_removed(here: Path, store: Path) -> None:
    refs = [save(b"%d" % i, store) for i in range(3)] + [save(LARGE + b"%d" % i) for i in range(3)]
    _run("r", files={"a": refs[0]})
    journal = Path(".bridge/runs/r/steps.jsonl")  # also of a run that has not ended
    journal.write_text('{"owner": {}}\n' + json.dumps({"values": {"model": refs[3]}}) + "\n")
    assert _told("gc") == {"store": str(store), "removed": 0, "bytes": 0}
    time.sleep(0.01)
    found = {"store": str(store), "removed": 4, "bytes": 2 + 2 * len(LARGE + b"0")}
    assert _told("gc", "--older-than", 0, "--dry-run") == found
    assert len(_told("ls")["contents"]) == 6  # type: ignore[arg-type]
    assert _told("gc", "--older-than", 0) == found
    kept = {content.ref for content in open_store(store).contents()}
    assert kept == {refs[0], refs[3]}


def test_references_are_found_in_any_record(here: Path) -> None:
    refs = [f"sha256:{i:064x}" for i in range(6)]
    _run("one", files={"a": refs[0]})
    (here / ".bridge/runs/one/steps.jsonl").write_text("x" * ((4 << 20) - 40) + refs[1] + "y")
    with closing(sqlite3.connect(".bridge/runs.db")) as database:
        database.execute("CREATE TABLE t (a, b, c)")
        row = (1, f'{{"x": "{refs[2]}"}}' + "z" * 10_000 + refs[3], refs[4].encode())
        database.execute("INSERT INTO t VALUES (?, ?, ?)", row)
        database.commit()
    (here / ".bridge/runs/one/artifacts").mkdir()
    (here / ".bridge/runs/one/artifacts/log").write_text(refs[5])
    assert references(here / ".bridge") == set(refs[:5])


def test_a_store_of_several_folders_is_not_tidied_by_one(here: Path) -> None:
    ref = save(b"shared", here / "shared")
    (here / "other/runs/r").mkdir(parents=True)
    (here / "other/runs/r/run.json").write_text(ref)
    said = bridge("catalog", "--store", "shared", "gc", "--older-than", 0, code=2).stderr
    assert "runs kept in several folders may use the store" in said
    found = _told(
        "--store", "shared", "gc", "--older-than", 0, "--home", "other", "--home", ".bridge"
    )
    assert found["removed"] == 0
    assert _told("--store", "shared", "gc", "--older-than", 0, "--home", ".bridge")["removed"] == 1


def test_what_is_put_again_is_young_again(here: Path, store: Path) -> None:
    (here / "a").write_bytes(b"1")
    (here / "b").write_bytes(LARGE)
    time.sleep(0.05)
    opened = open_store(store)
    refs = opened.put(here, ["a", "b"])
    long_ago = time.time() - 30 * 3600
    with opened.index.writing() as index:  # type: ignore[attr-defined]
        index.execute("UPDATE pack SET added = ?", [long_ago])
    os.utime(opened.file(refs["b"]), (long_ago, long_ago))  # type: ignore[attr-defined]
    assert opened.put(here, ["a", "b"]) == refs
    assert collect_garbage(opened, [here]).contents == 0
    assert {load(ref, store) for ref in refs.values()} == {b"1", LARGE}


def test_what_dead_processes_have_left_is_swept(here: Path, store: Path) -> None:
    save(LARGE, store)
    code = """
import os, sys
from bridge.catalog import open_store
with open_store(sys.argv[1]).part() as new:
    open(new, "wb").write(b"half")
    os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code, str(store)], check=True)
    assert len(list(store.rglob("*.part"))) == 1
    with open_store(store).part() as mine:  # type: ignore[attr-defined]
        Path(mine).write_bytes(b"half")
        collect_garbage(open_store(store), [here])
        assert [str(path) for path in store.rglob("*.part")] == [mine]
        Path(mine).unlink()


GC = """
import sys
from pathlib import Path
from bridge.catalog import open_store, upkeep
upkeep._AT_ONCE = 5
upkeep.collect_garbage(open_store(sys.argv[1]), [Path(sys.argv[2])], 0)
"""


def test_a_gc_that_is_killed_leaves_a_good_store(here: Path, store: Path) -> None:
    wanted = [save(b"%d" % i, store) for i in range(50)]
    wanted += [save(LARGE + b"%d" % i, store) for i in range(10)]
    _run("r", files={str(i): ref for i, ref in enumerate(wanted)})
    removed = 0
    for number in range(8):
        for i in range(300):
            save(b"garbage %d %d" % (number, i), store)
        process = subprocess.Popen([sys.executable, "-c", GC, str(store), ".bridge"])
        time.sleep(0.1 + 0.03 * number)
        process.send_signal(signal.SIGKILL)
        removed += process.wait() == 0
        assert list(damage(open_store(store))) == []
        for ref in wanted:
            load(ref, store)
    assert removed < 8


FLOW = """
from pathlib import Path
from bridge import Catalog, Pipeline, PythonTask, pickled
from store_functions import make, use
pipeline = Pipeline([
    PythonTask(function=make, returns=[pickled("model")], catalog=Catalog(put=["made.txt"])),
    PythonTask(function=use, returns=["total"], catalog=Catalog(get=["made.txt"])),
])
"""
FUNCTIONS = """
from pathlib import Path
def make():
    Path("made.txt").write_text("3")
    return {1, 2}
def use(model):
    return sum(model) + int(Path("made.txt").read_text())
"""


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_run_keeps_what_it_makes_in_the_store_it_is_given(here: Path, by: str) -> None:
    (here / "flow.py").write_text(FLOW)
    (here / "store_functions.py").write_text(FUNCTIONS)
    option = ["--store", "far"] if by == "option" else []
    variable = {"BRIDGE_STORE": "far"} if by == "variable" else {}
    run = json.loads(
        bridge("run", "flow.py", *option, "--run-id", "r", "--json", **variable).stdout
    )
    assert run["parameters"]["total"] == 6
    assert not (here / ".bridge/store").exists()
    assert len(_told("--store", "far", "ls")["contents"]) == 2  # type: ignore[arg-type]
    given = ["--store", "far", "gc", "--older-than", 0, "--home", ".bridge"]
    assert _told(*given)["removed"] == 0
    (here / "made.txt").unlink()
    bridge("catalog", "--store", "far", "get", "r", "made.txt")
    assert (here / "made.txt").read_text() == "3"


def test_where_the_store_is(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert store_place() == str(here / ".bridge/store")
    monkeypatch.setenv("BRIDGE_HOME", "state")
    assert store_place() == str(home() / "store") == str(here / "state/store")
    (here / "pyproject.toml").write_text('[tool.bridge]\nstore = "kept"\n')
    (here / "inside").mkdir()
    monkeypatch.chdir("inside")
    assert store_place() == str(here / "kept")
    (here / "pyproject.toml").write_text('[tool.bridge]\nstore = "s3://bucket/x"\n')
    assert store_place() == "s3://bucket/x"
    monkeypatch.setenv("BRIDGE_STORE", "other")
    assert store_place() == str(here / "inside/other")
    monkeypatch.delenv("BRIDGE_STORE")
    for text, said in {
        '[tool.bridge]\nstor = "x"': r"unknown key 'stor' below .*; did you mean 'store'",
        "[tool.bridge]\nstore = 3": "must give the store as text",
        "[tool.bridge": "cannot be read",
    }.items():
        (here / "pyproject.toml").write_text(text)
        with pytest.raises(UsageError, match=said):
            store_place()


def test_importing_it_imports_nothing_heavy() -> None:
    code = (
        "import sys, bridge.catalog; "
        "print(*sorted({'sqlite3', 'fsspec', 'mmap', 'hashlib', 'pickle'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
