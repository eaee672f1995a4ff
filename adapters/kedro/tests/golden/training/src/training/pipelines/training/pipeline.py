"""Fits two models and reports on the better one."""

from kedro.pipeline import Node, Pipeline

from kedro_functions import choose
from .nodes import (
    deploy_node,
    examine_node,
    fit_large_node,
    fit_small_node,
    prepare_node,
    report_node,
    score_node,
)


def create_pipeline(**kwargs) -> Pipeline:
    return Pipeline(
        [
            Node(
                func=prepare_node,
                inputs={"rows": "params:rows"},
                outputs=["counts", "prepare_files"],
                name="prepare",
            ),
            # branch 'small' of 'fits'
            # pipeline: small
            # about: The small one.
            Node(
                func=fit_small_node,
                inputs={
                    "units": "params:sizes.small",
                    "rate": "params:rate",
                    "prepare_files": "prepare_files",
                },
                outputs=["model_small", "score_small"],
                name="fit_small",
                namespace="fits.small",
            ),
            # branch 'large' of 'fits'
            # pipeline: large
            # about: The large one.
            Node(
                func=fit_large_node,
                inputs={
                    "units": "params:sizes.large",
                    "rate": "params:rate",
                    "prepare_files": "prepare_files",
                },
                outputs=["model_large", "score_large"],
                name="fit_large",
                namespace="fits.large",
            ),
            Node(
                func=choose,
                inputs={"model_small": "model_small", "model_large": "model_large"},
                outputs="model",
                name="choose",
            ),
            Node(
                func=score_node,
                inputs=["model", "prepare_files"],
                outputs="score",
                name="score",
            ),
            Node(
                func=examine_node,
                inputs="score",
                outputs="percent",
                name="examine",
            ),
            Node(
                func=report_node,
                inputs={"title": "params:title", "percent": "percent"},
                outputs=["lines", "report_files", "report_done"],
                name="report",
            ),
            Node(
                func=deploy_node,
                inputs="report_done",
                outputs=None,
                name="deploy",
            ),
        ]
    )
