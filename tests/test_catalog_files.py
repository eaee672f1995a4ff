"""The store in a folder: what it keeps, what it costs, and what it does when things go wrong.

That it means the same as what exports carry is tested with that.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from storing import get as _get
from storing import put as _put
from storing import read as _read
from storing import reference as _ref
from storing import write as _write

from bridge.carried import files as carried
from bridge.catalog import catalog, load, open_store, save
from bridge.catalog.copying import is_left_behind, part

LARGE = b"b" * 3_000_000
TREE = {"a.csv": b"a", "data/b.csv": LARGE, "data/c.csv": b"", "data/d e.txt": b"d" * 65536}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def _kept(store: Path) -> list[Path]:
    return [path for path in (store / "sha256").rglob("*") if path.is_file()]


def _settle(root: Path) -> None:
    """Let the clock of the file system go on, so that what was written is known to be old."""
    time.sleep(0.05)


class Opened:
    """The names of the caller's files that are opened from now on, by whatever means."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.names = str(folder), set[str]()
        sys.addaudithook(self._hear)  # for good, but it costs next to nothing

    def _hear(self, event: str, given: tuple[object, ...]) -> None:
        if event == "open" and isinstance(given[0], str) and given[0].startswith(self.folder):
            self.names.add(Path(given[0]).name)


def test_small_files_are_packed_and_large_ones_have_a_file(work: Path, store: Path) -> None:
    _write(work, TREE)
    manifest = _put("**/*")
    assert manifest == {path: _ref(data) for path, data in TREE.items()}
    (kept,) = _kept(store)
    digest = hashlib.sha256(LARGE).hexdigest()
    assert kept == store / "sha256" / digest[:2] / digest[2:]
    assert kept.read_bytes() == LARGE
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444
    with sqlite3.connect(store / "pack.db") as pack:
        packed = dict(pack.execute("SELECT ref, data FROM pack"))
    pack.close()
    assert packed == {_ref(data): data for data in TREE.values() if data != LARGE}


def test_what_an_export_has_stored_is_read(work: Path, store: Path) -> None:
    _write(work, TREE)
    with carried.catalog(put=["**/*"], store=store) as files:
        pass
    for path in TREE:
        (work / path).unlink()
    _get(files.manifest)
    assert _read(work) == TREE
    assert load(_ref(b"a")) == b"a"


def test_what_has_not_changed_is_not_read_again(work: Path) -> None:
    _write(work, TREE)
    _settle(work)
    manifest = _put("**/*")
    opened = Opened(work)
    assert _put("**/*") == manifest
    _get(manifest)
    assert opened.names == set()
    (work / "a.csv").write_bytes(b"z")  # as long as before
    (work / "data/b.csv").write_bytes(LARGE[:-1] + b"z")
    opened.names.clear()
    changed = _put("**/*")
    assert changed == manifest | {"a.csv": _ref(b"z"), "data/b.csv": _ref(LARGE[:-1] + b"z")}
    assert opened.names == {"a.csv", "b.csv"}


def test_a_change_within_a_tick_of_the_clock_is_seen(work: Path) -> None:
    for i in range(200):
        (work / "a").write_bytes(b"%03d" % i)
        assert _put("a") == {"a": _ref(b"%03d" % i)}
        (work / "a").write_bytes(b"%03d" % (i + 1))
        assert _put("a") == {"a": _ref(b"%03d" % (i + 1))}


def test_a_change_that_hides_its_time_is_seen(work: Path) -> None:
    _write(work, {"a": b"1"})
    _settle(work)
    _put("a")
    before = (work / "a").stat()
    (work / "a").write_bytes(b"2")
    os.utime(work / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _put("a") == {"a": _ref(b"2")}


def test_unchanged_files_are_stored_anew_where_the_store_has_lost_them(
    work: Path, store: Path
) -> None:
    _write(work, TREE)
    _settle(work)
    manifest = _put("**/*")
    for kept in _kept(store):
        kept.unlink()
    with open_store().index.writing() as index:  # type: ignore[attr-defined]
        index.execute("DELETE FROM pack")
    assert _put("**/*") == manifest
    for path, data in TREE.items():
        assert load(manifest[path]) == data


@pytest.mark.parametrize("name", ["a.csv", "data/b.csv"])
def test_damage_is_found_and_repaired_by_the_next_put(work: Path, store: Path, name: str) -> None:
    _write(work, TREE)
    _settle(work)
    manifest = _put("**/*")
    _settle(work)
    for kept in _kept(store):
        kept.chmod(0o644)
        kept.write_bytes(LARGE[:-1] + b"z")
    with open_store().index.writing() as index:  # type: ignore[attr-defined]
        index.execute("UPDATE pack SET data = ? WHERE ref = ?", (b"z", manifest["a.csv"]))
    (work / name).unlink()
    with pytest.raises(OSError, match=f"{store} is damaged: what it holds under {manifest[name]}"):
        _get({name: manifest[name]})
    assert not (work / name).exists()
    with pytest.raises(OSError, match="is damaged"):
        load(manifest[name])
    _write(work, TREE)
    _put("**/*")
    assert load(manifest[name]) == TREE[name]


def test_the_runs_of_bridge_are_not_swept_up(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_HOME", "state")
    monkeypatch.delenv("BRIDGE_STORE")
    _write(work, {"a": b"1", "state/runs/r/run.json": b"{}", ".git/x": b"", "states": b"2"})
    for _ in range(2):
        assert set(_put("**/*")) == {"a", "states"}
    assert (work / "state/store/pack.db").exists()
    monkeypatch.chdir("state")  # where the folder itself is worked in, its own files are left out
    _write(Path(), {"b": b"1"})
    monkeypatch.setenv("BRIDGE_HOME", ".")
    assert set(_put("**/*")) == {"b"}


def test_the_block_may_change_directory(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGE_HOME", "state")
    _write(work, {"a": b"1", "state/runs/r/run.json": b"{}"})
    with catalog(put=["**/*"]) as files:
        os.chdir(tmp_path)
    assert set(files.manifest) == {"a"}


def test_a_store_that_is_the_working_directory(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_STORE", ".")
    _write(work, {"a": b"1", "b": LARGE})
    for _ in range(2):
        assert set(_put("**/*")) == {"a", "b"}


def test_an_interrupted_put_leaves_nothing(
    work: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(work, TREE)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bridge.catalog.contents.remember", interrupt)
    with pytest.raises(KeyboardInterrupt):
        _put("**/*")
    monkeypatch.undo()
    os.chdir(work)
    assert [path.name for path in _kept(store) if path.suffix == ".part"] == []


def test_a_store_that_was_removed_begins_anew(work: Path, store: Path) -> None:
    import shutil

    _write(work, TREE)
    manifest = _put("**/*")
    shutil.rmtree(store)
    with pytest.raises(FileNotFoundError, match="does not hold"):
        load(manifest["a.csv"])
    assert _put("**/*") == manifest
    assert load(manifest["a.csv"]) == b"a"


LIMITED = """
import resource, signal, sys
from bridge.catalog import catalog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    with catalog(put=[sys.argv[1]]):
        pass
except OSError as error:
    print(error)
else:
    sys.exit("it was stored")
"""


@pytest.mark.parametrize("glob", ["data/b.csv", "many/*"])
def test_a_disk_that_is_full_is_told_and_does_no_damage(work: Path, store: Path, glob: str) -> None:
    _write(work, TREE | {f"many/{i}": b"%03d" % i * 3000 for i in range(100)})
    before = _put("a.csv")
    told = subprocess.run([sys.executable, "-c", LIMITED, glob], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(f"the store {store} cannot be written: ")
    assert "Traceback" not in told.stderr
    assert [path for path in _kept(store) if path.suffix == ".part"] == []
    assert load(before["a.csv"]) == b"a"
    manifest = _put("**/*")
    (work / "many/7").unlink()
    _get(manifest)
    assert (work / "many/7").read_bytes() == b"007" * 3000


def test_what_a_dead_process_was_writing_is_known_for_that(tmp_path: Path) -> None:
    child = os.fork()
    if not child:
        with part(str(tmp_path)) as name:
            Path(name).write_bytes(b"half")
            os._exit(0)
    os.waitpid(child, 0)
    (left,) = tmp_path.iterdir()
    assert is_left_behind(left.name)
    with part(str(tmp_path)) as name:
        assert not is_left_behind(Path(name).name)
    assert not is_left_behind(".0123.part")


def test_bytes_are_kept_whatever_their_size(store: Path) -> None:
    for data in (b"", b"x" * 65536, b"x" * 65537):
        assert load(save(data, store), f"file://{store}") == data
