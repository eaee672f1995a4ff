"""The nodes of the pipeline 'graph'."""

from kedro_functions import maybe, nothing, quiet, total
from tasklib.values import to_json


def sum_second_node(table):
    return to_json(total(table=table), "total"), True


def sum_table_node(table):
    return to_json(total(table=table), "all"), True


def maybe_node(x, sum_table_done):
    return to_json(maybe(x=x), "maybe")


def wide_a_quiet_node(x, sum_second_done):
    quiet(x=x)
    return True


def wide_b_quiet_node(x, sum_second_done):
    quiet(x=x)
    return True


def idle_a_node(wide_done):
    nothing()


def idle_b_node(wide_done):
    nothing()


def alone_node():
    nothing()
    return True


def gather(*markers):
    """Tell that all of these have ended."""
    return all(markers)
