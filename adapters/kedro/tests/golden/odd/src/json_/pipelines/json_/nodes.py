"""The nodes of the pipeline 'json'."""

from kedro_functions import echo, echo_node, increment, take, to_json as to_json_
from tasklib.values import to_json


def with_space_node(parameters):
    return to_json(echo(value=parameters['a"b']), "x"), True


def with_space_node_2(parameters, with_space_done):
    return to_json(echo(value=parameters["a.b"]), "x"), True


def print_node(value, with_space_done_2):
    return to_json(echo(value=value["b"]), "_"), True


def class_node(value, print_done):
    return to_json(echo(value=value[0]), "class")


def take_node(self, x_y, parameters, a, x, _):
    return to_json(
        take(
            self=self,
            a=a,
            x=x,
            _=_,
            **{
                "it's": "'",
                "x y": x_y,
                'a"b': parameters['a"b'],
                "a.b": parameters["a.b"],
            },
        ),
        "all",
    ), True


def increment_node(take_done):
    return to_json(increment(x=1), "run_id"), True


def echo_node_node(value, increment_done):
    return to_json(echo(value=value), "id"), True


def echo_node_(echo_node_done):
    return to_json(echo_node(), "node"), True


def to_json_node(catalog_, call_, REPORTING_, echo_done):
    return to_json(
        to_json_(catalog=catalog_, call=call_, REPORTING=REPORTING_), "to_json"
    )
