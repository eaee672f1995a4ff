"""The pipeline 'json'."""

from kedro.pipeline import Node, Pipeline

from .nodes import (
    class_node,
    echo_node_,
    echo_node_node,
    increment_node,
    print_node,
    take_node,
    to_json_node,
    with_space_node,
    with_space_node_2,
)


def create_pipeline(**kwargs) -> Pipeline:
    return Pipeline(
        [
            # step: with space
            Node(
                func=with_space_node,
                inputs="parameters",
                outputs=["with_space_x", "with_space_done"],
                name="with_space",
            ),
            Node(
                func=with_space_node_2,
                inputs=["parameters", "with_space_done"],
                outputs=["with_space_x_2", "with_space_done_2"],
                name="with-space",
            ),
            Node(
                func=print_node,
                inputs={"value": "params:a", "with_space_done_2": "with_space_done_2"},
                outputs=["value", "print_done"],
                name="print",
            ),
            Node(
                func=class_node,
                inputs={"value": "params:a.c", "print_done": "print_done"},
                outputs="class_class",
                name="class",
            ),
            Node(
                func=take_node,
                inputs={
                    "self": "params:x y",
                    "x_y": "class_class",
                    "parameters": "parameters",
                    "a": "params:a",
                    "x": "with_space_x_2",
                    "_": "value",
                },
                outputs=["all", "take_done"],
                name="take",
            ),
            # inputs: x = attempt
            Node(
                func=increment_node,
                inputs="take_done",
                outputs=["run_id_", "increment_done"],
                name="increment",
            ),
            Node(
                func=echo_node_node,
                inputs={"value": "run_id", "increment_done": "increment_done"},
                outputs=["id", "echo_node_done"],
                name="echo_node",
            ),
            Node(
                func=echo_node_,
                inputs="echo_node_done",
                outputs=["node", "echo_done"],
                name="echo",
            ),
            Node(
                func=to_json_node,
                inputs={
                    "catalog_": "with_space_x_2",
                    "call_": "with_space_x_2",
                    "REPORTING_": "with_space_x_2",
                    "echo_done": "echo_done",
                },
                outputs="to_json",
                name="to_json",
            ),
        ]
    )
