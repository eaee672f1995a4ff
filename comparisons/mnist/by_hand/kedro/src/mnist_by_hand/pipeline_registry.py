"""Two networks learn to read handwritten digits; the better one is tested and looked into."""

from kedro.pipeline import Node, Pipeline

import functions
from mnist_by_hand import nodes


def training(size: str) -> Node:
    """Train the network of this size."""
    return Node(
        nodes.train,
        name=f"train_{size}",
        inputs=[
            "digit_counts#json",
            f"params:sizes.{size}",
            "params:epochs",
            "params:learning_rate",
            "params:seed",
        ],
        outputs=[f"model_{size}#pkl", f"accuracy_{size}#json", f"history_{size}#pkl"],
    )


def register_pipelines() -> dict[str, Pipeline]:
    """The project's pipelines, by name."""
    mnist = Pipeline(
        [
            Node(
                functions.prepare,
                name="prepare",
                inputs="params:train_size",
                outputs="digit_counts#json",
            ),
            training("small"),
            training("large"),
            Node(
                functions.select_best,
                name="select_best",
                inputs=[
                    "model_small#pkl",
                    "model_large#pkl",
                    "accuracy_small#json",
                    "accuracy_large#json",
                    "history_small#pkl",
                    "history_large#pkl",
                ],
                outputs=["model#pkl", "best#json"],
            ),
            Node(
                functions.evaluate,
                name="evaluate",
                inputs="model#pkl",
                outputs=["accuracy#json", "macro_f1#json", "recall#json"],
            ),
            Node(
                nodes.examine,
                name="examine",
                inputs=["accuracy#json", "best#json"],
                outputs=["errors#json", "most_confused#json"],
            ),
            Node(
                nodes.report,
                name="report",
                inputs=["accuracy#json", "errors#json"],
                outputs="lines#json",
            ),
            Node(nodes.deploy, name="deploy", inputs="lines#json", outputs=None),
        ]
    )
    return {"__default__": mnist}
