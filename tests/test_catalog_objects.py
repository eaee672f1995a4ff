"""Objects in the engine's store: large parts are mapped, and each reader has its own object."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bridge.carried import objects as carried
from bridge.catalog import catalog, load_object, open_store, save_object
from bridge.catalog.parcel import hash_content
from bridge.catalog.upkeep import damage

ARRAY = np.arange(1_000_000, dtype="float64")

VALUES = [
    None,
    {"a": [1, 2.5, "x"], "b": {3, 4}},
    b"x" * 1_000_000,
    bytearray(b"y" * 1_000_000),
    ARRAY,
    np.asfortranarray(ARRAY.reshape(1000, 1000)),
    ARRAY[::3],  # not contiguous
    np.zeros((0, 5)),
    np.array(["text", None, 3] * 50_000, dtype=object),
    [ARRAY, ARRAY[:10], {"same": ARRAY}],
    pd.DataFrame({"a": ARRAY, "b": ["word"] * len(ARRAY), "c": pd.Timestamp("2020-01-01")}),
    pd.DataFrame({"a": pd.Categorical(["x", "y"] * 100_000)}),
    [np.arange(5, dtype="int8") for _ in range(30_000)],
]


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return bool(np.array_equal(one, other) and one.dtype == other.dtype)
    if isinstance(one, pd.DataFrame):
        return one.equals(other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and "same" in one:
        return _same(one["same"], other["same"])
    return bool(one == other)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("place", ["{}", "file://{}", "memory:/{}"])
def test_any_object_comes_back(tmp_path: Path, value: Any, place: str) -> None:
    store = place.format(tmp_path)
    ref = save_object(value, "value", store)
    found = load_object(ref, store)
    assert type(found) is type(value)
    assert _same(value, found)
    assert save_object(value, "value", store) == ref


def test_each_reader_has_an_object_to_change(tmp_path: Path) -> None:
    ref = save_object({"array": ARRAY, "frame": pd.DataFrame({"a": ARRAY})}, "x", tmp_path)
    one = load_object(ref, tmp_path)
    one["array"] += 1
    one["frame"].loc[:, "a"] = 7.0
    other = load_object(ref, tmp_path)
    assert np.array_equal(other["array"], ARRAY)
    assert np.array_equal(other["frame"]["a"], ARRAY)
    assert np.array_equal(one["array"], ARRAY + 1)


def test_what_may_not_be_changed_stays_so(tmp_path: Path) -> None:
    array = ARRAY.copy()
    array.flags.writeable = False
    assert not load_object(save_object(array, "x", tmp_path), tmp_path).flags.writeable
    assert load_object(save_object(ARRAY, "x", tmp_path), tmp_path).flags.writeable


def test_parts_are_aligned_and_shared_parts_stay_shared(tmp_path: Path) -> None:
    given = [np.arange(5001, dtype="int8"), ARRAY]
    one, two, again = load_object(save_object([*given, given[1]], "x", tmp_path), tmp_path)
    assert one.ctypes.data % 64 == two.ctypes.data % 64 == 0
    assert again is two


def test_small_objects_and_those_of_exports_are_plain_pickles(tmp_path: Path) -> None:
    small, large = {"a": np.arange(3000)}, [str(i) for i in range(100_000)]
    for value in (small, large):
        ref = carried.save_object(value, "x", tmp_path / "export")
        assert save_object(value, "x", tmp_path / "own") == ref
        assert str(load_object(ref, tmp_path / "export")) == str(value)
    assert carried.load_object(save_object(large, "x", tmp_path), tmp_path) == large


def _kept(store: Path) -> Path:
    (kept,) = (path for path in (store / "sha256").rglob("*") if path.is_file())
    return kept


@pytest.mark.parametrize(
    "value", [ARRAY, [str(i) for i in range(100_000)]], ids=["mapped", "plain"]
)
def test_a_damaged_object_is_not_loaded(tmp_path: Path, value: Any) -> None:
    ref = save_object(value, "x", tmp_path)
    load_object(ref, tmp_path)
    time.sleep(0.05)  # the clock of the file system goes on
    kept = _kept(tmp_path)
    data = bytearray(kept.read_bytes())
    data[len(data) // 2] ^= 1
    kept.chmod(0o644)
    kept.write_bytes(data)
    with pytest.raises(OSError, match=f"{tmp_path} is damaged: what it holds under {ref}"):
        load_object(ref, tmp_path)
    assert save_object(value, "x", tmp_path) == ref
    assert _same(value, load_object(ref, tmp_path))


@pytest.mark.parametrize("size", [0, 5, 16, 20, 40, 100, 5000, 7_999_999])
def test_a_cut_object_is_not_loaded(tmp_path: Path, size: int) -> None:
    ref = save_object(ARRAY, "x", tmp_path)
    _kept(tmp_path).chmod(0o644)
    os.truncate(_kept(tmp_path), size)
    with pytest.raises(OSError, match="is damaged"):
        load_object(ref, tmp_path)


def test_no_byte_of_an_object_can_change_unseen(tmp_path: Path) -> None:
    ref = save_object([np.arange(9001, dtype="int8"), ARRAY], "x", tmp_path)
    kept = _kept(tmp_path)
    data = kept.read_bytes()
    assert hash_content(str(kept), ref) == ref
    other = tmp_path / "other"
    other.write_bytes(data)
    with other.open("r+b", buffering=0) as file:
        for place in [*range(0, 500, 3), *range(500, len(data), 40_009), len(data) - 1]:
            os.pwrite(file.fileno(), bytes([data[place] ^ 1]), place)
            assert hash_content(str(other), ref) != ref, place
            os.pwrite(file.fileno(), data[place : place + 1], place)
    assert hash_content(str(other), ref) == ref
    other.write_bytes(data + b"x")
    assert hash_content(str(other), ref) != ref


def test_a_file_that_is_a_copy_of_a_stored_object_is_a_file_like_any_other(
    tmp_path: Path, work: Path
) -> None:
    save_object(ARRAY, "x", tmp_path / "store")
    data = _kept(tmp_path / "store").read_bytes()
    (work / "copy").write_bytes(data)
    with catalog(put=["copy"], store=tmp_path / "store") as files:
        pass
    assert files.manifest == {"copy": f"sha256:{hashlib.sha256(data).hexdigest()}"}
    (work / "copy").unlink()
    store = open_store(tmp_path / "store")
    assert list(damage(store)) == []
    with catalog(get=["copy"], upstream=[files.manifest], store=tmp_path / "store"):
        assert (work / "copy").read_bytes() == data
    with store.open(files.manifest["copy"], anew=True) as file:
        assert file.read() == data


def test_an_object_outlives_its_removal_from_the_store(tmp_path: Path) -> None:
    found = load_object(save_object(ARRAY, "x", tmp_path), tmp_path)
    _kept(tmp_path).unlink()
    assert np.array_equal(found, ARRAY)


MEASURED = """
import sys
from bridge.catalog import load_object
ref, store = sys.argv[1:]
def resident():
    fields = dict(line.split(":") for line in open("/proc/self/status"))
    return int(fields["RssAnon"].split()[0])
import numpy
before = resident()
array = load_object(ref, store)
total = float(array.sum())
print(total, resident() - before)
"""


def test_a_reader_maps_what_is_there_instead_of_copying_it(tmp_path: Path) -> None:
    array = np.ones(8_000_000)  # 64 MB
    ref = save_object(array, "x", tmp_path)
    told = subprocess.run(
        [sys.executable, "-c", MEASURED, ref, str(tmp_path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    total, grown = told.stdout.split()
    assert float(total) == array.sum()
    assert int(grown) < 16_000  # kilobytes of its own
