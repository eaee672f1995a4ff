"""Random pipelines for hypothesis: all that a model can say, with every text that it may hold.

They can be built, compared, written and drawn; their functions and notebooks do not exist, so
they can be neither analysed nor run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from bridge.model import (
    Catalog,
    Conditional,
    Dataset,
    ForeignTask,
    Loop,
    Map,
    NotebookTask,
    Parallel,
    Pipeline,
    PythonTask,
    Resources,
    Retry,
    ShellTask,
    Step,
    Stub,
)
from bridge.values import FACTS, At, Constant, Fact, Kind, Return

__all__ = ["json_values", "names", "pipelines", "references", "steps", "texts"]

Attributes = dict[str, SearchStrategy[Any]]
Draw = Callable[[SearchStrategy[Any]], Any]

# What readers of YAML, of JSON or of HTML have been known to take for something else.
_TREACHEROUS = (
    *("no", "On", "NULL", "~", "y", "1e3", "1_000", "010", "0o7", "0x1F", ".5", "-.inf", ".nan"),
    *("2024-01-01", "12:30:45", "<<", "=", "- a", "? a", "a: b", "a #b", "#", "---", "...", "%"),
    *("", " ", " a", "a ", "a\n", "\na", "a\n\n", "  a\n b", "a\n \nb", "a\tb", "\ta\n", "a\r\nb"),
    *("'", '"', "\\", "`", "{{a}}", "${a}", "*", "&", "!", "|", ">", "@", ",", "[a]", "{a}"),
    *("</script>", "<!--", "]]>", "&lt;", "end", "style:a#;", "\x00", "\x1b[31m", "\x7f", "\x85"),
    *("\ufeff", "\u2028", "\u200b", "\u202e", "\xa0", "é", "中", "🙂", "\U0010ffff"),
)


def texts(min_size: int = 0) -> SearchStrategy[str]:
    """Any text that UTF-8 can hold, often one that is easily misread."""
    treacherous = st.sampled_from([text for text in _TREACHEROUS if len(text) >= min_size])
    return treacherous | st.text(st.characters(codec="utf-8"), min_size=min_size, max_size=20)


def names() -> SearchStrategy[str]:
    """Names of steps and pipelines: printable text."""
    return texts(min_size=1).filter(str.isprintable)


def references() -> SearchStrategy[str]:
    """Names of functions, ``module:qualname``."""
    part = st.sampled_from(["functions", "train", "Model", "été", "no", "_x1"])
    dotted = st.lists(part, min_size=1, max_size=3).map(".".join)
    return st.builds("{}:{}".format, dotted, dotted)


def json_values() -> SearchStrategy[Any]:
    """Any JSON value, nested a few levels deep."""
    return st.recursive(
        st.none() | st.booleans() | _numbers() | texts(),
        lambda inner: st.lists(inner, max_size=3) | _mappings(inner),
        max_leaves=6,
    )


@st.composite
def pipelines(draw: Draw, depth: int = 2) -> Pipeline:
    """Pipelines in which composites are nested up to ``depth`` times."""
    found = st.lists(steps(depth), min_size=1, max_size=depth + 1, unique_by=lambda step: step.name)
    return Pipeline(draw(found), **draw(_attributes(Pipeline, depth)))


@st.composite
def steps(draw: Draw, depth: int = 2) -> Step:
    """Tasks, and composites of pipelines when ``depth`` is not 0."""
    kind = draw(st.sampled_from(_TASKS + (_COMPOSITES if depth else ())))
    found: Step = kind(**draw(_attributes(kind, depth)))
    return found


_TASKS: tuple[Any, ...] = (PythonTask, NotebookTask, ShellTask, Stub, ForeignTask)
_COMPOSITES: tuple[Any, ...] = (Parallel, Map, Conditional, Loop)


@st.composite
def _attributes(draw: Draw, kind: Any, depth: int) -> dict[str, Any]:
    """The arguments of a class of the model: all that it needs, a few of what it may have."""
    needed, optional = _known(kind, depth)
    chosen = draw(st.lists(st.sampled_from([*optional]), max_size=4, unique=True))
    return {name: draw(found) for name, found in needed.items()} | {
        name: draw(optional[name]) for name in chosen
    }


@cache
def _known(kind: Any, depth: int) -> tuple[Attributes, Attributes]:
    """What a class of the model needs, and what it may have."""
    inner: SearchStrategy[Any] = pipelines(depth - 1) if depth else st.none()
    optional: Attributes = {"on_failure": inner} if depth else {}
    if kind is Pipeline:
        return {}, optional | _of_pipeline()
    optional |= {"after": _several(texts()), "overrides": _mappings(_mappings(json_values()))}
    optional |= _policy() if kind in _TASKS else {}
    named: Attributes = {} if kind is PythonTask else {"name": names()}
    own, more = _own(kind, inner)
    return named | own, optional | more


def _own(kind: Any, inner: SearchStrategy[Any]) -> tuple[Attributes, Attributes]:
    """What only this kind of step has: what it needs, and what it may have."""
    found: dict[Any, tuple[Attributes, Attributes]] = {
        PythonTask: ({"function": references()}, {"name": names()}),
        NotebookTask: ({"notebook": texts()}, {}),
        ShellTask: ({"command": texts()}, {}),
        Stub: ({}, {"extra": _mappings(json_values())}),
        ForeignTask: ({"framework": names(), "definition": _mappings(json_values())}, {}),
        Parallel: ({"branches": st.dictionaries(texts(), inner, min_size=1, max_size=2)}, {}),
        Map: (
            {"branch": inner, "iterate_on": texts(), "iterate_as": texts()},
            {"reducer": references()},
        ),
        Conditional: (
            {
                "parameter": texts(),
                "branches": st.dictionaries(_keys(), inner, min_size=1, max_size=2),
            },
            {"default": inner},
        ),
        Loop: (
            {"branch": inner, "max_iterations": st.integers()},
            {"break_on": texts(), "index_as": texts()},
        ),
    }
    return found[kind]


def _of_pipeline() -> Attributes:
    return {
        "name": names(),
        "description": texts(),
        "parameters": _mappings(json_values()),
        "datasets": _mappings(_datasets()),
        "order": st.sampled_from(["list", "data"]),
        "schedule": texts(),
        "include": _several(texts()),
        "overrides": _mappings(_mappings(json_values())),
    }


def _policy() -> Attributes:
    """What any task may say."""
    globs = _several(texts())
    return {
        "inputs": _mappings(_inputs()),
        "returns": _several(st.builds(Return, texts(min_size=1), st.sampled_from(Kind))),
        "catalog": st.builds(Catalog, globs, globs, st.booleans()),
        "retry": st.builds(Retry, st.integers(), _numbers(), _numbers()),
        "timeout": _numbers(),
        "resources": _resources(),
        "environment": _mappings(texts()),
        "secrets": _several(texts()),
        "dependencies": _several(texts()),
        "image": texts(),
        "cache": st.booleans(),
        "terminate_with_success": st.booleans(),
        "terminate_with_failure": st.booleans(),
    }


def _keys() -> SearchStrategy[Any]:
    """The values for which a branch may be taken."""
    return st.one_of(st.none(), st.booleans(), _numbers(), texts())


def _numbers() -> SearchStrategy[Any]:
    return st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def _inputs() -> SearchStrategy[Any]:
    return st.one_of(
        st.builds(At, texts(), _several(texts() | st.integers()).map(tuple)),
        st.builds(Constant, json_values()),
        st.builds(Fact, st.sampled_from(FACTS)),
    )


def _resources() -> SearchStrategy[Resources]:
    count = st.none() | st.integers()
    return st.builds(Resources, st.none() | _numbers(), count, count)


def _datasets() -> SearchStrategy[Dataset]:
    perhaps = st.none() | texts()
    return st.builds(Dataset, texts(), perhaps, _mappings(json_values()), perhaps)


def _several(item: SearchStrategy[Any]) -> SearchStrategy[list[Any]]:
    return st.lists(item, max_size=2)


def _mappings(value: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.dictionaries(texts(), value, max_size=2)
