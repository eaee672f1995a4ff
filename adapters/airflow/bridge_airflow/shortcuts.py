"""What spares most of the time of ``dag.test()``, in its own process, and changes no result."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["take_shortcuts"]

_NEWEST, _KEPT = "2026-06-30", 3
"""The newest version of the API in Airflow 3.3, and how many are needed to make it."""


def take_shortcuts() -> None:
    """Let Airflow do once, or not at all, what it would do again and again."""
    _check_each_schema_once()
    _speak_few_versions()


def _check_each_schema_once() -> None:
    """For each task Airflow validates every Param several times over, and with it its schema."""
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

    check, seen = Draft202012Validator.check_schema, set[str]()

    def once(schema: Any) -> None:
        text = json.dumps(schema, sort_keys=True)
        if text not in seen:
            check(schema)
            seen.add(text)

    Draft202012Validator.check_schema = once


def _speak_few_versions() -> None:
    """The API between a task and the scheduler is made anew for each version there ever was.

    In ``dag.test()`` both are of the newest. Those just before it that are kept bring back what it
    has dropped, without which the API cannot be made; of another Airflow that is not known.
    """
    from airflow.api_fastapi.execution_api import versions
    from cadwyn import HeadVersion, Version, VersionBundle

    known = versions.bundle.versions
    if known[0].value == _NEWEST:
        kept = [*known[: _KEPT - 1], Version(known[_KEPT - 1].value)]
        versions.bundle = VersionBundle(HeadVersion(), *kept)
