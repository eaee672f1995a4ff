"""Random programs for hypothesis: pipelines that every engine can run, and must run alike.

They are valid by construction: what is made keeps track of the names and files that stand in each
scope. Their functions give a result for whatever they get, but for those that are there to fail.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bridge.errors import ModelError
from bridge.findings import Feature, attributes
from bridge.flow import analyse
from bridge.model import Pipeline
from bridge.testing.programs.composites import pipeline
from bridge.testing.programs.making import Making
from bridge.testing.programs.scope import Held, Scope, sort_of
from bridge.testing.programs.texts import json_values

__all__ = ["programs"]

DEPTH = 3
TASKS = 9


@st.composite
def programs(
    draw: Callable[[SearchStrategy[Any]], Any],
    prefix: str = "p_",
    without: Collection[Feature] = (),
    fails: bool | None = None,
) -> Pipeline:
    """Pipelines that can be run, of a dozen tasks or so; ``prefix`` begins the names in them.

    They say nothing of the features that they are to be ``without``. Whether failures may be left
    unhandled is drawn, unless ``fails`` decides it.
    """
    if fails is None:
        fails = draw(st.integers(0, 99)) >= 80
    making = Making(draw, prefix, without, fails, TASKS)
    scope = Scope()
    parameters = {}
    for i in range(draw(st.integers(0, 4))):
        name = f"{prefix}{making.label()}_{i}"
        parameters[name] = value = draw(_parameters())
        scope.names[name] = Held(sort_of(value), value=value)
    found = pipeline(making, scope, DEPTH)
    return _checked(found, parameters, without)


@cache
def _parameters() -> SearchStrategy[Any]:
    """What a program may start with: often a list or a flag, for something to be done with it."""
    return st.one_of(
        json_values(),
        st.booleans(),
        st.lists(json_values(), max_size=3),
        st.sampled_from([[1, 2], ["a.b", 'c"d', ""], [0.5, -0.0], [{"a": 1}, {}], [[1], []], []]),
    )


def _checked(found: Pipeline, parameters: Any, without: Collection[Feature]) -> Pipeline:
    found = replace(found, parameters=parameters)
    try:
        analyse(found)
    except ModelError:
        assume(False)  # seldom: not all that is known to the analysis is known here
    assume(not any(attribute.feature in without for attribute in attributes(found)))
    return found
