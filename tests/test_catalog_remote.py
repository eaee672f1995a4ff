"""The engine's store in a bucket: real requests over HTTP, some of which fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from faulty_proxy import Proxy
from storing import get as _get
from storing import put as _put
from storing import reference as _ref
from storing import write as _write

from bridge.carried import files as carried
from bridge.catalog import load, load_object, open_store, save, save_object
from bridge.catalog.remote import Remote
from bridge.catalog.upkeep import collect_garbage, damage, references


@pytest.fixture
def proxy(bucket: str) -> Iterator[Proxy]:
    target = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    assert target.hostname
    assert target.port
    with Proxy(target.hostname, target.port).running() as running:
        yield running


@pytest.fixture
def url(bucket: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store of its own behind the proxy."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    monkeypatch.setattr("bridge.catalog.remote._PAUSE", 0.001)
    found = f"s3://bucket/{uuid4()}"
    monkeypatch.setenv("BRIDGE_STORE", found)
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    return found


def test_more_files_than_a_listing_has_in_a_page(
    work: Path, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGE_STORE", f"s3://bucket/{uuid4()}")
    tree = {f"d{i % 7}/{i}": b"%d" % i for i in range(1100)}
    _write(work, tree)
    manifest = _put("**/*")
    assert manifest == {path: _ref(data) for path, data in tree.items()}
    contents = list(open_store().contents())
    assert {content.ref for content in contents} == set(manifest.values())
    assert len(contents) == 1100
    assert all(content.added for content in contents)
    some = dict(list(tree.items())[::50])
    _write(tmp_path, {"other/x": b""})
    os.chdir(tmp_path / "other")
    _get({path: manifest[path] for path in some})
    assert all((tmp_path / "other" / path).read_bytes() == data for path, data in some.items())


def test_what_the_store_holds_is_not_sent_again(work: Path, url: str, proxy: Proxy) -> None:
    _write(work, {str(i): b"%02d" % i * 50_000 for i in range(20)})
    manifest = _put("*")
    assert sum(request.startswith("PUT") for request in proxy.requests) == 20
    assert not any("part" in request for request in proxy.requests)  # each at once by its name
    proxy.requests.clear()
    assert _put("*") == manifest
    assert proxy.requests == []  # this process has sent it
    other = Remote(url)
    assert other.put(work, [str(i) for i in range(20)]) == manifest
    assert {request.split()[0] for request in proxy.requests} <= {"HEAD", "GET"}
    proxy.requests.clear()
    save(b"little")
    assert len(proxy.requests) == 1  # to ask first would be as dear


def test_large_files_go_in_parts(work: Path, url: str, proxy: Proxy) -> None:
    data = os.urandom(1 << 20) * 101
    _write(work, {"large": data})
    manifest = _put("large")
    assert manifest == {"large": _ref(data)}
    assert sum("partNumber" in request for request in proxy.requests) == 3
    (work / "large").unlink()
    _get(manifest)
    assert (work / "large").read_bytes() == data


def test_an_upload_in_parts_that_fails_leaves_nothing(
    work: Path, url: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3

    monkeypatch.setattr("bridge.catalog.remote._ATTEMPTS", 2)
    _write(work, {"large": os.urandom(1 << 20) * 101})
    proxy.plan = lambda number, request: "503" if "partNumber=2" in request else None
    with pytest.raises(OSError, match=f"the store {url} does not answer"):
        _put("large")
    proxy.plan = lambda number, request: None
    client = boto3.client("s3")
    prefix = url.removeprefix("s3://bucket/")
    assert "Uploads" not in client.list_multipart_uploads(Bucket="bucket", Prefix=prefix)
    assert "Contents" not in client.list_objects_v2(Bucket="bucket", Prefix=prefix)
    client.close()


@pytest.mark.parametrize("fault", ["503", "reset", "cut", "lie"])
def test_requests_that_fail_now_and_then_are_made_again(
    work: Path, url: str, proxy: Proxy, fault: str
) -> None:
    tree = {f"{i}": b"%d" % i * 1000 for i in range(30)} | {"large": os.urandom(9 << 20)}
    proxy.plan = lambda number, request: fault if number % 4 == 0 else None
    if fault == "lie":  # about what is stored, the first time; other lies are beyond help
        proxy.plan = lambda number, request: (
            fault if request.startswith("GET") and proxy.requests.count(request) == 1 else None
        )
    _write(work, tree)
    manifest = _put("*")
    assert manifest == {path: _ref(data) for path, data in tree.items()}
    for path in tree:
        (work / path).unlink()
    _get(manifest)
    assert {path.name: path.read_bytes() for path in work.iterdir()} == tree
    assert len(proxy.faults) > 5


@pytest.mark.parametrize("fault", ["503", "reset"])
def test_a_store_that_does_not_answer_is_told_at_the_end(
    work: Path, url: str, proxy: Proxy, fault: str
) -> None:
    _write(work, {"a": b"1", "b": b"2"})
    manifest = _put("*")
    (work / "a").unlink()
    proxy.plan = lambda number, request: fault
    for ask in (lambda: _get(manifest), lambda: save(b"new")):
        with pytest.raises(OSError, match=f"the store {url} does not answer"):
            ask()
    assert sorted(path.name for path in work.iterdir()) == ["b"]
    proxy.plan = lambda number, request: None
    _get(manifest)
    assert (work / "a").read_bytes() == b"1"


def test_damage_is_never_placed(work: Path, url: str) -> None:
    _write(work, {"a": b"1"})
    manifest = _put("a")
    (work / "a").unlink()
    store = open_store()
    assert isinstance(store, Remote)
    name = f"{store.root}/{manifest['a'][7:9]}/{manifest['a'][9:]}"
    store.files.pipe_file(name, b"2")
    with pytest.raises(OSError, match=f"the store {url} is damaged"):
        _get(manifest)
    assert list(work.iterdir()) == []
    ((content, text),) = damage(store)
    assert content.ref == manifest["a"]
    assert "is damaged" in text


def test_objects_and_what_exports_have_stored(work: Path, url: str) -> None:
    import numpy as np

    array = np.arange(500_000)
    found = load_object(save_object(array, "x", url), url)
    assert np.array_equal(found, array)
    found += 1
    assert load(carried.save(b"x", url), url) == b"x"
    assert carried.load(save(b"y", url), url) == b"y"


def test_garbage_is_collected(work: Path, url: str, tmp_path: Path) -> None:
    refs = [save(b"%d" % i, url) for i in range(5)]
    home = tmp_path / "home"
    _write(home, {"runs/r/steps.jsonl": f'{{"files": {{"a": "{refs[0]}"}}}}\n'.encode()})
    assert references(home) == {refs[0]}
    store = open_store(url)
    assert collect_garbage(store, [home]).contents == 0  # all of it is young
    assert collect_garbage(store, [home], age=-60, dry_run=True).contents == 4
    assert collect_garbage(store, [home], age=-60) == (4, 4)
    assert [content.ref for content in store.contents()] == [refs[0]]
    assert save(b"3", url) == refs[3]
    assert load(refs[3], url) == b"3"


def test_a_store_that_is_not_atomic_gets_content_under_another_name_first(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    store = Remote(f"local://{tmp_path}/far")  # one of those that are not known to be atomic
    seen: list[str] = []
    real = fsspec.implementations.local.LocalFileSystem.pipe_file

    def told(self: object, path: str, *rest: object, **more: object) -> None:
        seen.append(path)
        real(self, path, *rest, **more)

    monkeypatch.setattr(fsspec.implementations.local.LocalFileSystem, "pipe_file", told)
    ref = store.add(b"x")
    assert all(path.endswith(".part") for path in seen)
    assert store.read(ref) == b"x"
    assert [content.ref for content in store.contents()] == [ref]
