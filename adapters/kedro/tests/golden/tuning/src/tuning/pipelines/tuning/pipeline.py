"""Tries several depths, and publishes the best model if it is good enough."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    announce_node,
    best_node,
    download_node,
    judge_node,
    release_node,
    trials_node,
)


def create_pipeline(**kwargs) -> Pipeline:
    return Pipeline(
        [
            Node(
                func=download_node,
                inputs={"rows": "params:rows"},
                outputs="table",
                name="download",
                tags=["cpu-2", "memory-4096MB"],
            ),
            Node(
                func=trials_node,
                inputs={"depths": "params:depths", "table": "table"},
                outputs=["model", "score"],
                name="trials",
            ),
            Node(
                func=best_node,
                inputs={"models": "model", "scores": "score"},
                outputs=["best_model", "best_score"],
                name="best",
            ),
            Node(
                func=judge_node,
                inputs={"best_score": "best_score", "goal": "params:goal"},
                outputs="verdict",
                name="judge",
            ),
            Node(
                func=release_node,
                inputs={
                    "verdict": "verdict",
                    "best_model": "best_model",
                    "best_score": "best_score",
                    "goal": "params:goal",
                },
                outputs=["address", "reason"],
                name="release",
            ),
            Node(
                func=announce_node,
                inputs=["verdict", "address"],
                outputs="message",
                name="announce",
                tags=["mail"],
            ),
        ]
    )
