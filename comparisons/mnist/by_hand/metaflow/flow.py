"""The digits example as a Metaflow flow, written by hand."""

import ast
import os
import subprocess
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from metaflow import FlowSpec, JSONType, Parameter, step

REPORT = """
echo "accuracy: $accuracy" > report.txt
echo "errors: $errors" >> report.txt
wc -l < report.txt
"""


@contextmanager
def folder(**files: bytes) -> Iterator[None]:
    """Work in a folder with these files: two steps at a time must not share one."""
    with TemporaryDirectory() as path, chdir(path):
        for name, content in files.items():
            Path(name).write_bytes(content)
        yield


class MnistFlow(FlowSpec):
    """Two networks learn to read handwritten digits; the better one is tested and looked into."""

    train_size = Parameter("train_size", default=7000)
    sizes = Parameter("sizes", default='{"small": 32, "large": 128}', type=JSONType)
    epochs = Parameter("epochs", default=8)
    learning_rate = Parameter("learning_rate", default=0.003)
    seed = Parameter("seed", default=1)

    @step
    def start(self) -> None:
        """Prepare the images."""
        import functions

        with folder():
            self.digit_counts = functions.prepare(self.train_size)
            self.digits = Path("digits.npz").read_bytes()
        self.names = ["small", "large"]
        self.next(self.train, foreach="names")

    @step
    def train(self) -> None:
        """Train the network of one size."""
        import functions

        with folder(**{"digits.npz": self.digits}):
            self.model, self.validation_accuracy, self.history = functions.train(
                self.sizes[self.input], self.epochs, self.learning_rate, self.seed
            )
        self.next(self.select_best)

    @step
    def select_best(self, inputs) -> None:
        """Keep the better network."""
        import functions

        small, large = inputs
        self.accuracy_small = small.validation_accuracy
        self.accuracy_large = large.validation_accuracy
        self.model, self.best = functions.select_best(
            small.model,
            large.model,
            self.accuracy_small,
            self.accuracy_large,
            small.history,
            large.history,
        )
        self.merge_artifacts(inputs, include=["digit_counts", "digits"])
        self.next(self.evaluate)

    @step
    def evaluate(self) -> None:
        """Test it."""
        import functions

        with folder(**{"digits.npz": self.digits}):
            self.accuracy, self.macro_f1, self.recall = functions.evaluate(self.model)
            self.predictions = Path("predictions.csv").read_bytes()
            self.confusion = Path("confusion.png").read_bytes()
        self.next(self.examine)

    @step
    def examine(self) -> None:
        """Look at its errors in a notebook; the last cell shows what it found."""
        import papermill

        import functions

        notebook = Path(functions.__file__).with_name("misclassified.ipynb")
        with folder(**{"digits.npz": self.digits, "predictions.csv": self.predictions}):
            executed = papermill.execute_notebook(
                notebook, "examined.ipynb", parameters={"best": self.best}, progress_bar=False
            )
            self.notebook = Path("examined.ipynb").read_text()
        found = ast.literal_eval(executed.cells[-1].outputs[-1]["data"]["text/plain"])
        self.errors, self.most_confused = found["errors"], found["most_confused"]
        self.next(self.report)

    @step
    def report(self) -> None:
        """Write the report."""
        values = {"accuracy": str(self.accuracy), "errors": str(self.errors)}
        with folder():
            printed = subprocess.check_output(REPORT, shell=True, env=os.environ | values)
            self.report_txt = Path("report.txt").read_bytes()
        self.lines = int(printed)
        self.next(self.deploy)

    @step
    def deploy(self) -> None:
        """To be written."""
        self.next(self.end)

    @step
    def end(self) -> None:
        """Nothing is left to do."""


if __name__ == "__main__":
    MnistFlow()
