"""The pipeline 'graph'."""

from kedro.pipeline import Node, Pipeline

from kedro_functions import frame, split
from .nodes import (
    alone_node,
    gather,
    idle_a_node,
    idle_b_node,
    maybe_node,
    sum_second_node,
    sum_table_node,
    wide_a_quiet_node,
    wide_b_quiet_node,
)


def create_pipeline(**kwargs) -> Pipeline:
    return Pipeline(
        [
            Node(
                func=frame,
                inputs={"rows": "params:n"},
                outputs="table",
                name="frame",
            ),
            Node(
                func=split,
                inputs={"table": "table"},
                outputs=["first", "second"],
                name="split",
            ),
            Node(
                func=sum_second_node,
                inputs={"table": "second"},
                outputs=["total", "sum_second_done"],
                name="sum_second",
            ),
            # inputs: table
            Node(
                func=sum_table_node,
                inputs="table",
                outputs=["all", "sum_table_done"],
                name="sum_table",
            ),
            Node(
                func=maybe_node,
                inputs={"x": "params:n", "sum_table_done": "sum_table_done"},
                outputs="maybe",
                name="maybe",
            ),
            # parallel: wide
            # after: sum_second
            # branch 'a' of 'wide'
            # pipeline: quiet
            Node(
                func=wide_a_quiet_node,
                inputs={"x": "params:n", "sum_second_done": "sum_second_done"},
                outputs="wide_a_quiet_done",
                name="quiet",
                namespace="wide.a",
            ),
            # branch 'b' of 'wide'
            # pipeline: quiet
            Node(
                func=wide_b_quiet_node,
                inputs={"x": "params:n", "sum_second_done": "sum_second_done"},
                outputs="wide_b_quiet_done",
                name="quiet",
                namespace="wide.b",
            ),
            # parallel: wider
            # after: wide
            # branch 'a' of 'wider'
            # pipeline: idle a
            # step: wider, a, idle a
            Node(
                func=idle_a_node,
                inputs="wide_done",
                outputs=None,
                name="idle_a",
                namespace="wider.a",
            ),
            # branch 'b' of 'wider'
            # pipeline: idle b
            # step: wider, b, idle b
            Node(
                func=idle_b_node,
                inputs="wide_done",
                outputs=None,
                name="idle_b",
                namespace="wider.b",
            ),
            Node(
                func=alone_node,
                inputs=None,
                outputs="alone_done",
                name="alone",
            ),
            Node(
                func=gather,
                inputs=["wide_a_quiet_done", "wide_b_quiet_done"],
                outputs="wide_done",
                name="wide_done",
            ),
        ]
    )
