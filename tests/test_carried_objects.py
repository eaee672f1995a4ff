"""Objects by reference, by what exports carry and by what the local engine uses."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bridge.carried.objects import load_object, save_object


@pytest.fixture(autouse=True, params=["carried", "catalog"])
def kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which of the two it is, put in the place of the names above."""
    module = importlib.import_module(f"bridge.{request.param}.objects")
    for name in ("load_object", "save_object"):
        monkeypatch.setitem(globals(), name, getattr(module, name))
    return str(request.param)


def test_an_object_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("PIPELINE_STORE", "BRIDGE_STORE"):
        monkeypatch.setenv(variable, str(tmp_path))
    frame = pd.DataFrame({"a": [1, None], "b": ["x", "y"]})
    ref = save_object(frame, "frame")
    assert save_object(frame.copy(), "frame") == ref
    pd.testing.assert_frame_equal(load_object(ref), frame)
    array = np.arange(10**6)
    assert (
        load_object(save_object(array, "array", tmp_path / "own"), tmp_path / "own") == array
    ).all()
    assert load_object(save_object(None)) is None


class Stubborn:
    def __reduce__(self) -> Any:
        raise RuntimeError("not me")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((i for i in ()), "'model' of type generator cannot be pickled: "),
        (lambda: 0, "'model' of type function cannot be pickled: "),
        (threading.Lock(), "'model' of type lock cannot be pickled: "),
        (Stubborn(), "'model' of type Stubborn cannot be pickled: not me"),
    ],
)
def test_what_cannot_be_pickled_is_named(tmp_path: Path, value: Any, text: str) -> None:
    with pytest.raises(ValueError, match="cannot be pickled") as caught:
        save_object(value, "model", tmp_path)
    assert str(caught.value).startswith(text)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["carried"], indirect=True)
def test_a_damaged_object_is_not_unpickled(tmp_path: Path) -> None:
    ref = save_object([1], "x", tmp_path)
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    kept.chmod(0o644)
    kept.write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    with pytest.raises(OSError, match="is damaged"):
        load_object(ref, tmp_path)
