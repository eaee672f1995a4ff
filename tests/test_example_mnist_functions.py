"""The digits example, function by function: without bridge, as its author would test it."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "mnist"
DATA_SHA256 = "32e8f79304a2f0cf6e8d4f59dfa2202892b07d46525e60d101f573a0e4c84b65"

# What a run gives, as one line; run in a process of its own, where classes are found by name.
FINGERPRINT = """
import hashlib, pickle
from pathlib import Path
from functions import evaluate, prepare, train

prepare(2000, test_size=500)
trained = train(16, 2, 0.003, 1)
values = pickle.dumps((trained, evaluate(trained[0])))
files = [Path(name).read_bytes() for name in ("digits.npz", "predictions.csv", "confusion.png")]
print(*(hashlib.sha256(content).hexdigest() for content in (values, *files)))
"""


@pytest.fixture(scope="module")
def functions() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mnist_functions", EXAMPLE / "functions.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def prepared(
    functions: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, list[int]]:
    monkeypatch.chdir(tmp_path)
    counts: dict[str, list[int]] = functions.prepare(7000)
    return counts


def test_the_data_is_the_published_one() -> None:
    content = (EXAMPLE / "data" / "mnist-10k.npz").read_bytes()
    assert hashlib.sha256(content).hexdigest() == DATA_SHA256
    assert DATA_SHA256 in (EXAMPLE / "data" / "README.md").read_text()


def test_prepare_splits_and_scales(prepared: dict[str, list[int]]) -> None:
    assert {part: sum(counts) for part, counts in prepared.items()} == {
        "train": 7000,
        "validation": 1000,
        "test": 2000,
    }
    with np.load("digits.npz") as digits:
        for part, counts in prepared.items():
            images = digits[f"x_{part}"]
            assert images.shape == (sum(counts), 784)
            assert images.dtype == np.float32
            assert images.min() == 0
            assert images.max() == 1
            assert np.bincount(digits[f"y_{part}"]).tolist() == counts


def test_prepare_wants_images_to_learn_from_and_to_validate_with(functions: ModuleType) -> None:
    with pytest.raises(ValueError, match="between 1 and 7999, not 8000"):
        functions.prepare(8000)


@pytest.mark.usefixtures("prepared")
def test_the_selected_model_reads_nine_in_ten(functions: ModuleType) -> None:
    sizes = {"small": 32, "large": 128}
    trained = {name: functions.train(units, 8, 0.003, 1) for name, units in sizes.items()}
    (small, small_accuracy, small_history), (large, large_accuracy, large_history) = (
        trained.values()
    )
    model, best = functions.select_best(
        small, large, small_accuracy, large_accuracy, small_history, large_history
    )
    accuracy, macro_f1, recall = functions.evaluate(model)

    assert best["hidden_units"] == sizes[best["name"]]
    assert best["accuracy"] == max(small_accuracy, large_accuracy)
    assert large_history["epoch"].tolist() == list(range(1, 9))
    assert large_history["loss"].is_monotonic_decreasing
    assert accuracy > 0.9
    assert macro_f1 > 0.9
    assert sorted(recall) == [str(digit) for digit in range(10)]
    table = pd.read_csv("predictions.csv", index_col="image")
    assert (table["label"] == table["prediction"]).mean() == pytest.approx(accuracy)
    assert Path("confusion.png").read_bytes().startswith(b"\x89PNG")


def test_select_best_prefers_the_small_model_when_equal(functions: ModuleType) -> None:
    history = pd.DataFrame({"epoch": [1], "loss": [0.5]})
    small, large = (functions.MLPClassifier((units,)) for units in (8, 64))
    model, best = functions.select_best(small, large, 0.75, 0.75, history, history)
    assert model is small
    assert best == {"name": "small", "hidden_units": 8, "accuracy": 0.75, "loss": 0.5}


def test_another_seed_gives_another_model(
    functions: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    functions.prepare(1000, test_size=10)
    one, other = (functions.train(8, 1, 0.003, seed)[0] for seed in (1, 2))
    assert pickle.dumps(one.coefs_) != pickle.dumps(other.coefs_)


def test_two_processes_give_the_same_bytes(tmp_path: Path) -> None:
    def run(name: str, **environment: str) -> str:
        folder = tmp_path / name
        folder.mkdir()
        return subprocess.run(
            [sys.executable, "-c", FINGERPRINT],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(EXAMPLE)} | environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    one = run("one", PYTHONHASHSEED="1", OPENBLAS_NUM_THREADS="1")
    other = run("other", PYTHONHASHSEED="2", OPENBLAS_NUM_THREADS="2")
    assert len(one.split()) == 4
    assert one == other
