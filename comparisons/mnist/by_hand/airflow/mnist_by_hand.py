"""The digits example as an Airflow DAG, written by hand.

Workers share no folder: files and objects go through the object store at the URL in `MNIST_STORE`,
one folder a run.
"""

import ast
import os
import pickle
import subprocess
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import ObjectStoragePath, Param, dag, get_current_context, task

REPORT = """
echo "accuracy: $accuracy" > report.txt
echo "errors: $errors" >> report.txt
wc -l < report.txt
"""


def stored(name: str) -> ObjectStoragePath:
    """Where this run keeps the file or object of this name."""
    return ObjectStoragePath(os.environ["MNIST_STORE"]) / get_current_context()["run_id"] / name


@contextmanager
def folder(get: tuple[str, ...] = (), put: tuple[str, ...] = ()) -> Iterator[None]:
    """Work in a folder of its own; fetch files from the store before and keep files there after."""
    with TemporaryDirectory() as path, chdir(path):
        for name in get:
            Path(name).write_bytes(stored(name).read_bytes())
        yield
        for name in put:
            keep(name, Path(name).read_bytes())


def keep(name: str, content: bytes) -> None:
    """Put this content in the store."""
    place = stored(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def keep_object(name: str, value: object) -> None:
    """Put a model or a data frame, which XCom cannot carry, in the store."""
    keep(f"{name}.pkl", pickle.dumps(value))


def fetch_object(name: str) -> Any:
    """What `keep_object` put there."""
    return pickle.loads(stored(f"{name}.pkl").read_bytes())


@task
def prepare(*, params: Any = None) -> dict[str, list[int]]:
    """Prepare the images."""
    import functions

    with folder(put=("digits.npz",)):
        return functions.prepare(params["train_size"])


@task
def train(size: str, *, params: Any = None) -> float:
    """Train the network of this size; return its accuracy."""
    import functions

    with folder(get=("digits.npz",)):
        model, accuracy, history = functions.train(
            params["sizes"][size], params["epochs"], params["learning_rate"], params["seed"]
        )
    keep_object(f"model_{size}", model)
    keep_object(f"history_{size}", history)
    return accuracy


@task
def select_best(accuracy_small: float, accuracy_large: float) -> dict[str, str | int | float]:
    """Keep the better network."""
    import functions

    model, best = functions.select_best(
        fetch_object("model_small"),
        fetch_object("model_large"),
        accuracy_small,
        accuracy_large,
        fetch_object("history_small"),
        fetch_object("history_large"),
    )
    keep_object("model", model)
    return best


@task
def evaluate() -> dict[str, Any]:
    """Test it."""
    import functions

    with folder(get=("digits.npz",), put=("predictions.csv", "confusion.png")):
        accuracy, macro_f1, recall = functions.evaluate(fetch_object("model"))
    return {"accuracy": accuracy, "macro_f1": macro_f1, "recall": recall}


@task
def examine(best: dict[str, Any]) -> dict[str, Any]:
    """Look at its errors in a notebook; the last cell shows what it found."""
    import papermill

    import functions

    notebook = Path(functions.__file__).with_name("misclassified.ipynb")
    with folder(get=("digits.npz", "predictions.csv"), put=("examined.ipynb",)):
        executed = papermill.execute_notebook(
            notebook, "examined.ipynb", parameters={"best": best}, progress_bar=False
        )
    found: dict[str, Any] = ast.literal_eval(executed.cells[-1].outputs[-1]["data"]["text/plain"])
    return found


@task
def report(accuracy: float, errors: int) -> int:
    """Write the report; return its number of lines."""
    values = {"accuracy": str(accuracy), "errors": str(errors)}
    with folder(put=("report.txt",)):
        return int(subprocess.check_output(REPORT, shell=True, env=os.environ | values))


@dag(
    params={
        "train_size": Param(7000, type="integer"),
        "sizes": Param({"small": 32, "large": 128}, type="object"),
        "epochs": Param(8, type="integer"),
        "learning_rate": Param(0.003, type="number"),
        "seed": Param(1, type="integer"),
    },
    schedule=None,
)
def mnist_by_hand() -> None:
    """Two networks learn to read handwritten digits; the better one is tested and looked into."""
    prepared = prepare()
    small = train.override(task_id="train_small")("small")
    large = train.override(task_id="train_large")("large")
    best = select_best(small, large)
    evaluated = evaluate()
    examined = examine(best)
    reported = report(evaluated["accuracy"], examined["errors"])
    deployed = EmptyOperator(task_id="deploy")

    prepared >> [small, large]
    best >> evaluated >> examined
    reported >> deployed


mnist = mnist_by_hand()

if __name__ == "__main__":
    mnist.test()
