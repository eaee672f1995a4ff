"""The catalog: files placed before a task and stored after it, by content.

What exports carry and what the local engine uses mean the same: each test runs with both.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import stat
import uuid
from pathlib import Path

import pytest
from storing import read as _files
from storing import write as _write

from bridge.carried.files import catalog, load, save


@pytest.fixture(autouse=True, params=["carried", "catalog"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which of the two it is, put in the place of the names above."""
    module = importlib.import_module(f"bridge.{request.param}.files")
    for name in ("catalog", "load", "save"):
        monkeypatch.setitem(globals(), name, getattr(module, name))
    return str(request.param)


@pytest.fixture
def variable(kind: str) -> str:
    """The environment variable that says where the store is."""
    return {"carried": "PIPELINE_STORE", "catalog": "BRIDGE_STORE"}[kind]


alone = pytest.mark.parametrize("kind", ["carried"], indirect=True)
"""For what is about the files of the store."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def _ref(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _put(*globs: str, **options: object) -> dict[str, str]:
    with catalog(put=globs, **options) as files:  # type: ignore[arg-type]
        pass
    return files.manifest


TREE = {
    "a.csv": b"a",
    "data/b.csv": b"b" * 3_000_000,
    "data/deep/er/c.csv": b"",
    "data/with space/ü \N{SNOWMAN}.txt": b"d",
    "data/same.txt": b"d",
}


def test_what_one_puts_another_gets(work: Path, tmp_path: Path) -> None:
    _write(work, TREE)
    (work / "data/empty").mkdir()
    manifest = _put("**/*")
    assert manifest == {path: _ref(data) for path, data in TREE.items()}
    assert list(manifest) == sorted(manifest)

    other = tmp_path / "other"
    other.mkdir()
    os.chdir(other)
    with catalog(get=["data/**", "*.csv"], upstream=[None, manifest]) as files:
        assert _files(other) == TREE
    assert files.manifest == {}


@alone
def test_the_store_keeps_content_once_and_read_only(work: Path, store: Path) -> None:
    _write(work, TREE)
    _put("**/*")
    _put("**/*")
    kept = [path for path in store.rglob("*") if path.is_file()]
    assert len(kept) == len(set(TREE.values()))
    for path in kept:
        first, rest = path.relative_to(store / "sha256").parts
        assert first + rest == hashlib.sha256(path.read_bytes()).hexdigest()
        assert stat.S_IMODE(path.stat().st_mode) == 0o444


def test_a_placed_file_is_the_callers_own(work: Path, store: Path) -> None:
    _write(work, {"a": b"1"})
    manifest = _put("a")
    (work / "a").unlink()
    with catalog(get=["a"], upstream=[manifest]):
        (work / "a").write_bytes(b"2")
    assert load(manifest["a"]) == b"1"
    (work / "plain").touch()
    assert (work / "a").stat().st_mode == (work / "plain").stat().st_mode


def test_later_manifests_win_and_only_matches_are_placed(work: Path) -> None:
    _write(work, {"a": b"old", "b": b"b", "c": b"c"})
    old = _put("?")
    (work / "a").write_bytes(b"new")
    new = _put("a")
    for path in work.iterdir():
        path.unlink()
    with catalog(get=["a", "b"], upstream=[old, None, new]):
        assert _files(work) == {"a": b"new", "b": b"b"}
    with catalog(get=["a"], upstream=[new, old]):
        assert (work / "a").read_bytes() == b"old"


def test_a_file_that_is_there_already_is_left_alone(work: Path) -> None:
    _write(work, {"a": b"1"})
    manifest = _put("a")
    os.utime(work / "a", (1, 1))
    with catalog(get=["a"], upstream=[manifest]):
        assert (work / "a").stat().st_mtime == 1
    (work / "a").write_bytes(b"2")
    with catalog(get=["a"], upstream=[manifest]):
        assert (work / "a").read_bytes() == b"1"


def test_a_get_without_match_says_what_there_is(work: Path) -> None:
    upstream = [{f"file{i}": _ref(b"") for i in range(20)}]
    with (
        pytest.raises(FileNotFoundError, match=r"get '\*.csv' has no match.*file0.*file7, \.\.\.$"),
        catalog(get=["file0", "*.csv"], upstream=upstream),
    ):
        pytest.fail("the block must not run")
    assert _files(work) == {}
    with pytest.raises(FileNotFoundError, match="holds nothing"), catalog(get=["a"]):
        pass


def test_a_put_without_match_fails_after_the_others_are_stored(work: Path) -> None:
    _write(work, {"a": b"1", "data/b": b"2"})
    files = catalog(put=["*.csv", "a"])
    with pytest.raises(FileNotFoundError, match=r"put '\*.csv' has no match"), files:
        pass
    assert files.manifest == {"a": _ref(b"1")}
    with pytest.raises(FileNotFoundError, match=r"it is a folder.*'data/\*\*' matches"):
        _put("data")


def test_after_a_failure_files_are_kept_and_its_error_goes_on(work: Path) -> None:
    files = catalog(put=["*.csv", "a"])
    _write(work, {"a": b"1"})
    with pytest.raises(ZeroDivisionError), files:
        raise ZeroDivisionError
    assert files.manifest == {"a": _ref(b"1")}
    assert load(files.manifest["a"]) == b"1"


def test_after_a_failure_what_cannot_be_stored_is_noted(work: Path) -> None:
    (work / "out").symlink_to("/etc/hostname")
    with pytest.raises(ZeroDivisionError) as caught, catalog(put=["out"]):
        raise ZeroDivisionError
    assert "could be stored: '" in caught.value.__notes__[0]


def test_the_block_may_change_directory(work: Path, tmp_path: Path) -> None:
    with catalog(put=["a"]) as files:
        _write(work, {"a": b"1"})
        os.chdir(tmp_path)
    assert files.manifest == {"a": _ref(b"1")}


def test_hidden_folders_and_the_store_are_not_swept_up(
    work: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "kept/store")
    _write(
        work, {"a": b"1", ".git/config": b"2", "x/.hidden/y": b"3", ".env": b"4", "kept/b": b"5"}
    )
    for _ in range(2):
        assert set(_put("**/*")) == {"a", "kept/b"}
    assert set(_put(".git/*", "**/.hidden/*", ".env")) == {".git/config", "x/.hidden/y", ".env"}
    with pytest.raises(FileNotFoundError):
        _put("kept/store/**/*")


def test_without_copy_only_the_hash_is_kept(work: Path, store: Path) -> None:
    _write(work, {"big": b"1"})
    manifest = _put("big", store_copy=False)
    assert manifest == {"big": _ref(b"1")}
    assert not store.exists()
    with catalog(get=["big"], upstream=[manifest]):
        pass
    for damage in (lambda: (work / "big").write_bytes(b"2"), lambda: (work / "big").unlink()):
        damage()
        with (
            pytest.raises(FileNotFoundError, match=r"'big' cannot be placed.*store_copy=False"),
            catalog(get=["big"], upstream=[manifest]),
        ):
            pass


@alone
def test_damaged_content_is_refused_and_repaired_by_the_next_put(work: Path, store: Path) -> None:
    _write(work, {"a": b"1"})
    manifest = _put("a")
    (kept,) = (path for path in store.rglob("*") if path.is_file())
    kept.chmod(0o644)
    kept.write_bytes(b"3")
    (work / "a").write_bytes(b"2")
    for _ in range(2):
        with (
            pytest.raises(OSError, match=f"{store} is damaged: what it holds under {_ref(b'1')}"),
            catalog(get=["a"], upstream=[manifest]),
        ):
            pass
        with pytest.raises(OSError, match="is damaged"):
            load(manifest["a"])
    assert _files(work) == {"a": b"2"}
    (work / "a").write_bytes(b"1")
    _put("a")
    assert load(manifest["a"]) == b"1"


@alone
def test_an_interrupted_put_leaves_nothing_behind(
    work: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(work, {"a": b"1"})
    monkeypatch.setattr(Path, "replace", _interrupt)
    with pytest.raises(KeyboardInterrupt):
        _put("a")
    assert _files(store) == {}


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


ESCAPES = [
    "",
    ".",
    "/etc/passwd",
    "../a",
    "a/../b",
    "a/..",
    "..",
    "a\\b",
    "..\\a",
    "a\0b",
    "C:/a",
    "c:a",
    "//host/share",
    "\ud800",
]


@pytest.mark.parametrize("path", ESCAPES)
def test_paths_that_could_leave_are_refused_at_once(work: Path, path: str) -> None:
    for options in ({"get": [path]}, {"put": [path]}, {"upstream": [{path: _ref(b"")}]}):
        with pytest.raises(ValueError, match="is not a path inside the working directory"):
            catalog(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "ref", ["", "sha256:", "sha256:../../x", _ref(b"")[:-1], "md5:" + "0" * 64]
)
def test_a_reference_is_a_hash_and_nothing_else(work: Path, ref: str) -> None:
    with pytest.raises(ValueError, match="is not a reference"):
        load(ref)
    with (
        pytest.raises(ValueError, match="is not a reference"),
        catalog(["a"], upstream=[{"a": ref}]),
    ):
        pass


def test_links_that_leave_are_refused(work: Path, tmp_path: Path) -> None:
    _write(tmp_path / "outside", {"secret": b"1"})
    (work / "file").symlink_to(tmp_path / "outside/secret")
    (work / "folder").symlink_to(tmp_path / "outside")
    for put in ("file", "folder/secret", "folder/*", "*"):
        with pytest.raises(ValueError, match="by a link it leaves the working directory"):
            _put(put)
    for path in ("file", "folder/secret", "folder/new", "folder/new/er"):
        manifest = {path: save(b"2")}
        with (
            pytest.raises(ValueError, match="by a link it leaves the working directory"),
            catalog(get=["**"], upstream=[manifest]),
        ):
            pass
    assert _files(tmp_path / "outside") == {"secret": b"1"}
    with pytest.raises(FileNotFoundError):
        _put("**/secret")  # a folder that is a link is not searched


def test_links_that_stay_are_followed_by_name(work: Path) -> None:
    _write(work, {"data/a": b"1"})
    (work / "file").symlink_to("data/a")
    (work / "folder").symlink_to("data")
    (work / "data/up").symlink_to("..")
    (work / "broken").symlink_to("nowhere")
    assert set(_put("**/*")) == {"data/a", "file"}
    assert set(_put("folder/*")) == {"folder/a"}
    manifest = {"file": save(b"2"), "folder/b": save(b"3")}
    with catalog(get=["**"], upstream=[manifest]):
        assert _files(work / "data") == {"a": b"1", "b": b"3"}
        assert not (work / "file").is_symlink()
        assert (work / "file").read_bytes() == b"2"


def test_a_name_that_another_system_cannot_hold_is_refused(work: Path) -> None:
    (work / "a\\b").touch()
    with pytest.raises(ValueError, match="is not a path inside"):
        _put("*")


def test_bytes_are_saved_by_their_hash(store: Path) -> None:
    ref = save(b"x", store)
    assert ref == _ref(b"x")
    assert load(ref, store) == b"x"
    assert load(ref, f"file://{store}") == b"x"
    with pytest.raises(FileNotFoundError, match=f"the store {store} does not hold {_ref(b'y')}"):
        load(_ref(b"y"), store)


def test_a_store_may_be_any_url(work: Path, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"memory://{uuid.uuid4()}/deep"
    monkeypatch.setenv(variable, url)
    _write(work, TREE)
    manifest = _put("**/*")
    assert _put("**/*") == manifest
    for path in TREE:
        (work / path).unlink()
    with catalog(get=["**"], upstream=[manifest]):
        assert _files(work) == TREE
    ref = save(b"x")
    assert load(ref) == b"x"
    with pytest.raises(FileNotFoundError, match=f"the store {url} does not hold"):
        load(_ref(b"y"))

    import fsspec

    memory = fsspec.filesystem("memory")
    kept = memory.find(url)
    assert len(kept) == len(set(TREE.values())) + 1
    memory.pipe_file(f"{url}/sha256/{ref[7:9]}/{ref[9:]}", b"z")
    with pytest.raises(OSError, match="is damaged"):
        load(ref)


def test_a_store_may_be_a_bucket(
    work: Path, bucket: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, bucket)
    _write(work, TREE)
    manifest = _put("**/*")
    assert _put("**/*") == manifest
    for path in TREE:
        (work / path).unlink()
    with catalog(get=["**"], upstream=[manifest]):
        assert _files(work) == TREE
    with pytest.raises(FileNotFoundError, match="does not hold"):
        load(_ref(b"y"))
