"""Many processes on one store, some of which are killed or fork."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.catalog import catalog, index, load, load_object, open_store, save, save_object
from bridge.catalog.stores import Content
from bridge.catalog.upkeep import damage

WRITER = """
import os, random, sys
from pathlib import Path
from bridge.catalog import index
from bridge.catalog import catalog, load
store, work, seed, rounds = sys.argv[1:]
random.seed(int(seed))
Path(work).mkdir(parents=True)
os.chdir(work)
for number in range(int(rounds)):
    for i in range(20):
        size = random.choice([10, 5000, 70_000, 300_000])
        Path(f"{i}").write_bytes(b"%d" % random.randrange(50) * size)
    with catalog(put=["*"], store=store) as files:
        pass
    for path, ref in files.manifest.items():
        assert load(ref, store) == Path(path).read_bytes(), path
        Path(path).unlink()
    with catalog(get=["*"], upstream=[files.manifest], store=store):
        print(number, *(f"{p}={r}" for p, r in files.manifest.items()), flush=True)
"""


def _start(tmp_path: Path, number: int, rounds: int) -> subprocess.Popen[str]:
    given = [str(tmp_path / "store"), str(tmp_path / f"work{number}"), str(number), str(rounds)]
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, *given],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _damaged(store: Path) -> list[tuple[Content, str]]:
    return list(damage(open_store(store)))


def test_processes_on_one_store_do_not_disturb_each_other(tmp_path: Path) -> None:
    running = [_start(tmp_path, number, 5) for number in range(8)]
    for process in running:
        _, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
    assert _damaged(tmp_path / "store") == []
    assert list((tmp_path / "store").rglob("*.part")) == []


def test_nothing_that_was_stored_is_lost_when_processes_are_killed(tmp_path: Path) -> None:
    store = tmp_path / "store"
    chance = random.Random(7)
    told: list[str] = []
    for number in range(0, 24, 2):
        running = [_start(tmp_path, number, 1000), _start(tmp_path, number + 1, 1000)]
        if number % 8:  # else they may be killed while they make the store
            told += [process.stdout.readline() for process in running if process.stdout]
        time.sleep(chance.random() * 0.4)
        for process in running:
            process.send_signal(signal.SIGKILL)
            told += process.communicate()[0].splitlines(keepends=True)
    refs = {one.split("=")[1] for line in told if line.endswith("\n") for one in line.split()[1:]}
    assert len(refs) > 20
    for ref in refs:
        load(ref, store)
    assert _damaged(store) == []
    open_store(store).sweep(0)
    assert list(store.rglob("*.part")) == []


def _in_child(do: Callable[[], object]) -> int:
    child = os.fork()
    if not child:
        try:
            do()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_process_that_forks_and_its_children_go_on(tmp_path: Path) -> None:
    refs = [save(b"parent", tmp_path)]

    def work() -> None:
        assert load(refs[0], tmp_path) == b"parent"
        for i in range(50):
            save(b"child %d" % i, tmp_path)

    for _ in range(5):
        assert _in_child(work) == 0
        refs.append(save(b"parent %d" % len(refs), tmp_path))
    for ref in refs:
        load(ref, tmp_path)
    assert {load(save(b"child %d" % i, tmp_path), tmp_path) for i in range(50)}
    assert _damaged(tmp_path) == []


def test_a_fork_waits_for_threads_that_are_writing(tmp_path: Path) -> None:
    stop, failed = threading.Event(), list[BaseException]()

    def write(number: int) -> None:
        try:
            for i in range(10**9):
                if stop.is_set():
                    break
                ref = save_object([number, i], "x", tmp_path)
                assert load_object(ref, tmp_path) == [number, i]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    codes = [_in_child(lambda: save(os.urandom(100), tmp_path)) for _ in range(20)]
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    assert codes == [0] * 20
    assert _damaged(tmp_path) == []


def test_threads_put_and_get_at_the_same_time(tmp_path: Path, work: Path) -> None:
    for i in range(40):
        (work / f"{i}").write_bytes(b"%d" % i * 30_000)
    manifests: list[dict[str, str]] = []

    def put() -> None:
        files = catalog(put=["*"], store=tmp_path / "store")
        with files:
            pass
        manifests.append(files.manifest)

    threads = [threading.Thread(target=put) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(manifests) == 6
    assert all(manifest == manifests[0] for manifest in manifests)
    assert _damaged(tmp_path / "store") == []


def test_on_a_file_system_of_a_network_there_is_no_write_ahead_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not index._is_shared_by_machines(tmp_path)
    mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    kinds = {fields[fields.index("-") + 1] for fields in mounts}
    monkeypatch.setattr(index, "_NETWORK", kinds)  # whatever it is that this folder is on
    assert index._is_shared_by_machines(tmp_path)
    save(b"x", tmp_path / "store")
    running = [_start(tmp_path, number, 2) for number in range(4)]
    for process in running:
        _, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
    assert {path.name for path in (tmp_path / "store").iterdir()} == {"pack.db", "sha256"}
    assert load(save(b"x", tmp_path / "store"), tmp_path / "store") == b"x"
    assert _damaged(tmp_path / "store") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_store_that_cannot_be_written_is_read_and_says_so(tmp_path: Path) -> None:
    store = tmp_path / "store"
    refs = [save(b"small", store), save(b"large" * 50_000, store)]
    ref = save_object([1, 2], "x", store)
    code = """
import ctypes, os, sys
from bridge.catalog import load, load_object, save
store, small, large, ref = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, MS_REC_PRIVATE, MS_BIND, MS_RDONLY, MS_REMOUNT = 0x20000, 0x44000, 4096, 1, 32
def check(code):
    if code:
        print("no mounts:", os.strerror(ctypes.get_errno()))
        sys.exit(77)
check(libc.unshare(CLONE_NEWNS))
check(libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None))
path = store.encode()
check(libc.mount(path, path, None, MS_BIND, None))
check(libc.mount(None, path, None, MS_BIND | MS_REMOUNT | MS_RDONLY, None))
assert load(small, store) == b"small"
assert load(large, store) == b"large" * 50_000
assert load_object(ref, store) == [1, 2]
for data in (b"new", b"new" * 50_000):
    try:
        save(data, store)
    except OSError as error:
        print(error)
    else:
        sys.exit("it was stored")
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(store), *refs, ref],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if told.returncode == 77:
        pytest.skip(told.stdout)
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(f"the store {store} cannot be written: ") for line in lines)
