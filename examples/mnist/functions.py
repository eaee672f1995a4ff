"""Learn to read handwritten digits with a small neural network: plain Python, no workflow in sight.

Steps hand files to each other in the working directory: `prepare` writes `digits.npz`, `evaluate`
writes `confusion.png` and `predictions.csv`. Every function computes the same in every run.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

DATA = Path(__file__).parent / "data" / "mnist-10k.npz"
DIGITS = range(10)


def prepare(train_size: int, test_size: int = 2000) -> dict[str, list[int]]:
    """Write the images to `digits.npz`; return how often each part has each digit.

    The first `train_size` images of the training set are for learning, the rest for validation.
    """
    with np.load(DATA) as data:
        images, labels = data["x_train"], data["y_train"]
        test_images, test_labels = data["x_test"][:test_size], data["y_test"][:test_size]
    if not 0 < train_size < len(images):
        raise ValueError(f"train_size must be between 1 and {len(images) - 1}, not {train_size}")
    np.savez_compressed(
        "digits.npz",
        x_train=scale(images[:train_size]),
        y_train=labels[:train_size],
        x_validation=scale(images[train_size:]),
        y_validation=labels[train_size:],
        x_test=scale(test_images),
        y_test=test_labels,
    )
    return {
        "train": count(labels[:train_size]),
        "validation": count(labels[train_size:]),
        "test": count(test_labels),
    }


def scale(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """One row of 784 numbers between 0 and 1 for each image of 28 x 28 bytes."""
    return images.reshape(len(images), -1).astype(np.float32) / np.float32(255)


def count(labels: NDArray[np.uint8]) -> list[int]:
    """How often each of the ten digits occurs."""
    return [int(n) for n in np.bincount(labels, minlength=len(DIGITS))]


def load_digits(part: str) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The images and labels of one part (`train`, `validation` or `test`) of `digits.npz`."""
    with np.load("digits.npz") as digits:
        return digits[f"x_{part}"], digits[f"y_{part}"]


def train(
    hidden_units: int, epochs: int, learning_rate: float, seed: int
) -> tuple[MLPClassifier, float, pd.DataFrame]:
    """Return a network with one hidden layer, its validation accuracy, and the loss by epoch."""
    images, labels = load_digits("train")
    # A generator, not a number: a number would shuffle the images alike in every epoch.
    random = np.random.RandomState(seed)
    model = MLPClassifier(
        (hidden_units,), batch_size=100, learning_rate_init=learning_rate, random_state=random
    )
    with threadpool_limits(1):  # The sums of a product depend on the number of threads.
        for _ in range(epochs):
            model.partial_fit(images, labels, classes=DIGITS)
        accuracy = model.score(*load_digits("validation"))
    history = pd.DataFrame({"epoch": range(1, epochs + 1), "loss": model.loss_curve_})
    return model, float(accuracy), history


def select_best(
    model_small: MLPClassifier,
    model_large: MLPClassifier,
    accuracy_small: float,
    accuracy_large: float,
    history_small: pd.DataFrame,
    history_large: pd.DataFrame,
) -> tuple[MLPClassifier, dict[str, str | int | float]]:
    """Return the model with the better validation accuracy (if equal, the small one), described."""
    if accuracy_large > accuracy_small:
        name, model, accuracy, history = "large", model_large, accuracy_large, history_large
    else:
        name, model, accuracy, history = "small", model_small, accuracy_small, history_small
    best = {
        "name": name,
        "hidden_units": model.hidden_layer_sizes[0],
        "accuracy": accuracy,
        "loss": float(history["loss"].iloc[-1]),
    }
    return model, best


def evaluate(model: MLPClassifier) -> tuple[float, float, dict[str, float]]:
    """Return accuracy, macro F1 and the recall of each digit on the test set.

    Writes each prediction to `predictions.csv` and the confusion matrix to `confusion.png`.
    """
    images, labels = load_digits("test")
    with threadpool_limits(1):
        predictions = model.predict(images)
    table = pd.DataFrame({"label": labels, "prediction": predictions})
    table.to_csv("predictions.csv", index_label="image", lineterminator="\n")
    draw_confusion(confusion_matrix(labels, predictions, labels=DIGITS))
    recalls = recall_score(labels, predictions, average=None, labels=DIGITS)
    return (
        float(accuracy_score(labels, predictions)),
        float(f1_score(labels, predictions, average="macro")),
        {str(digit): float(recall) for digit, recall in zip(DIGITS, recalls, strict=True)},
    )


def draw_confusion(matrix: NDArray[np.int64]) -> None:
    """Draw the confusion matrix into `confusion.png`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot(xlabel="predicted", ylabel="written", xticks=DIGITS, yticks=DIGITS)
    axes.imshow(np.log1p(matrix), cmap="Blues")
    for (row, column), count in np.ndenumerate(matrix):
        color = "white" if row == column else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=color)
    figure.savefig("confusion.png", metadata={"Software": None})
