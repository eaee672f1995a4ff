from kedro.pipeline import Node, Pipeline

from .nodes import draw_capacity, mean_capacity


def create_pipeline(**kwargs) -> Pipeline:
    return Pipeline(
        [
            Node(mean_capacity, "preprocessed_shuttles", "capacity"),
            Node(draw_capacity, "capacity", "shuttle_passenger_capacity"),
        ]
    )
