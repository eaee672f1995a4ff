"""Two networks learn to read handwritten digits; the better one is tested and looked into."""

from bridge import (
    Catalog,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    ShellTask,
    Stub,
    at,
    json,
    metric,
    pickled,
)

from functions import evaluate, prepare, select_best, train

REPORT = """\
echo "accuracy: $accuracy" > report.txt
echo "errors: $errors" >> report.txt
export lines=$(($(wc -l < report.txt)))
"""


def training(size: str) -> Pipeline:
    """Train the network of this size."""
    task = PythonTask(
        name=f"train_{size}",
        function=train,
        inputs={"hidden_units": at("sizes", size)},
        returns=[pickled(f"model_{size}"), metric(f"accuracy_{size}"), pickled(f"history_{size}")],
        catalog=Catalog(get=["digits.npz"]),
    )
    return task.as_pipeline()


pipeline = Pipeline(
    name="mnist",
    parameters={
        "train_size": 7000,
        "sizes": {"small": 32, "large": 128},
        "epochs": 8,
        "learning_rate": 0.003,
        "seed": 1,
    },
    include=["data/mnist-10k.npz"],
    steps=[
        PythonTask(
            function=prepare,
            returns=[json("digit_counts")],
            catalog=Catalog(put=["digits.npz"]),
        ),
        Parallel(
            name="training",
            branches={"small": training("small"), "large": training("large")},
        ),
        PythonTask(
            function=select_best,
            returns=[pickled("model"), json("best")],
        ),
        PythonTask(
            function=evaluate,
            returns=[metric("accuracy"), metric("macro_f1"), json("recall")],
            catalog=Catalog(get=["digits.npz"], put=["predictions.csv", "confusion.png"]),
        ),
        NotebookTask(
            name="examine",
            notebook="misclassified.ipynb",
            returns=[json("errors"), json("most_confused")],
            catalog=Catalog(get=["digits.npz", "predictions.csv"]),
        ),
        ShellTask(
            name="report",
            command=REPORT,
            returns=[json("lines")],
            catalog=Catalog(put=["report.txt"]),
        ),
        Stub(name="deploy"),
    ],
)

if __name__ == "__main__":
    pipeline.execute()
