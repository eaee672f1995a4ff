"""The PyTorch example, function by function; skipped where PyTorch is absent."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "mnist_torch"


@pytest.fixture(scope="module")
def functions() -> ModuleType:
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch")
    spec = importlib.util.spec_from_file_location("mnist_torch_functions", EXAMPLE / "functions.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_network_learns_and_learns_alike(
    functions: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sizes = {"train_size": 1000, "batch_size": 50, "epochs": 2}
    losses = functions.train(**sizes, learning_rate=1.0, gamma=0.7, seed=1)
    network = Path("mnist_cnn.pt").read_bytes()
    loss, accuracy = functions.evaluate(500)
    assert losses[1] < losses[0]
    assert 0 < loss < losses[0]
    assert accuracy > 0.8

    assert functions.train(**sizes, learning_rate=1.0, gamma=0.7, seed=1) == losses
    assert Path("mnist_cnn.pt").read_bytes() == network


def test_without_torch_one_sentence_says_how_to_get_it() -> None:
    hide = f"import sys; sys.path.insert(0, {str(EXAMPLE)!r}); sys.modules['torch'] = None"
    done = subprocess.run(
        [sys.executable, "-c", f"{hide}; import functions"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: this example needs PyTorch, "
        "which bridge does not bring along: pip install torch"
    )
