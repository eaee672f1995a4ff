"""When tasks run if none fails: which of the ways that branches may take lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["ALWAYS", "Branching", "Condition", "conditions", "implies"]

Condition = Mapping[str, frozenset[str]]
"""For each branching task that counts the choices with which the task runs."""

ALWAYS: Condition = {}

_ALL = ("all_success", "none_skipped", "all_done_setup_success")
_ANY = ("none_failed_min_one_success", "one_success", "all_done_min_one_success", "one_done")
_EVER = ("none_failed", "all_done", "always", "dummy")


@dataclass(frozen=True)
class Branching:
    """What a task ``by`` decides; ``choices`` are the tasks that each choice lets run first.

    A task that may choose several at once decides of each by itself.

    With ``all_after`` everything after it is skipped when it decides so, whatever the rules. A
    task that skips ``itself`` leaves it to the rules of those after it.
    """

    by: str
    choices: Mapping[str, frozenset[str]]
    all_after: bool = False
    skips: frozenset[str] = field(default_factory=frozenset)
    itself: bool = False


def conditions(
    upstream: Mapping[str, Iterable[str]],
    rules: Mapping[str, str],
    branchings: Mapping[str, Branching],
) -> tuple[dict[str, Condition], dict[str, str]]:
    """The condition of each task, and for those that have none that can be told, why.

    Tasks stand in ``upstream`` after those that they wait for. Rules that are not known here are
    none of its business.
    """
    found: dict[str, Condition] = {}
    wrong: dict[str, str] = {}
    reached = _reached(upstream)
    for task, before in upstream.items():
        rule = rules[task]
        ways = [dict(found[other]) for other in before]
        direct = [
            key
            for key, branching in branchings.items()
            if branching.by in before and _concerns(branching, task, reached)
        ]
        for way, other in zip(ways, before, strict=True):
            for key in direct:
                if branchings[key].by == other:
                    _narrow(way, key, _allowed(task, branchings[key], reached), branchings[key])
        joined = _joined(ways, rule, branchings)
        if joined is None:
            wrong[task] = f"whether it runs depends on '{rule}' in a way that no branch has"
            joined = ALWAYS
        kept = dict(joined)
        if rule not in _ALL:
            for other in direct:  # what a branch does not choose it skips, whatever the rule
                if not branchings[other].itself:
                    allowed = _allowed(task, branchings[other], reached)
                    _narrow(kept, other, allowed, branchings[other])
            for other in branchings:
                branching = branchings[other]
                if branching.all_after and task in reached[branching.by]:
                    _narrow(kept, other, frozenset(branching.choices) - branching.skips, branching)
        if any(not allowed for allowed in kept.values()):
            wrong[task] = "no choice of the branches before it lets it run"
        found[task] = kept
    return found, wrong


def _concerns(branching: Branching, task: str, reached: Mapping[str, frozenset[str]]) -> bool:
    """Whether what is decided may skip a task right after the one that decides."""
    firsts = [first for choice in branching.choices.values() for first in choice]
    return task in firsts or any(task in reached[first] for first in firsts)


def _allowed(
    task: str, branching: Branching, reached: Mapping[str, frozenset[str]]
) -> frozenset[str]:
    """The choices that do not skip a task right after the one that decides."""
    return frozenset(
        choice
        for choice, first in branching.choices.items()
        if task in first or any(task in reached[other] for other in first)
    )


def _narrow(
    way: dict[str, frozenset[str]], by: str, allowed: frozenset[str], of: Branching
) -> None:
    narrowed = way.get(by, frozenset(of.choices)) & allowed
    if narrowed != frozenset(of.choices):
        way[by] = narrowed
    else:
        way.pop(by, None)


def _joined(
    ways: list[dict[str, frozenset[str]]], rule: str, branchings: Mapping[str, Branching]
) -> Condition | None:
    if not ways or rule in _EVER:
        return ALWAYS
    if rule in _ALL:
        found: dict[str, frozenset[str]] = {}
        for way in ways:
            for by, allowed in way.items():
                found[by] = found.get(by, allowed) & allowed
        return found
    return _any(ways, branchings) if rule in _ANY else ALWAYS


def _any(
    ways: list[dict[str, frozenset[str]]], branchings: Mapping[str, Branching]
) -> Condition | None:
    """One condition that holds where any of several does, if there is such a one."""
    left = [dict(way) for way in ways]
    changed = True
    while changed and len(left) > 1:
        changed = False
        for i, one in enumerate(left):
            for other in left[i + 1 :]:
                merged = _merged(one, other, branchings)
                if merged is not None:
                    left = [way for way in left if way is not one and way is not other] + [merged]
                    changed = True
                    break
            if changed:
                break
    return left[0] if len(left) == 1 else None


def _merged(
    one: dict[str, frozenset[str]],
    other: dict[str, frozenset[str]],
    branchings: Mapping[str, Branching],
) -> dict[str, frozenset[str]] | None:
    if implies(other, one):
        return one
    if implies(one, other):
        return other
    apart = [by for by in {*one, *other} if one.get(by) != other.get(by)]
    if len(apart) != 1 or apart[0] not in one or apart[0] not in other:
        return None
    by = apart[0]
    allowed = one[by] | other[by]
    merged = {**one, by: allowed}
    if allowed == frozenset(branchings[by].choices):
        del merged[by]
    return merged


def implies(one: Condition, other: Condition) -> bool:
    """Whether where ``one`` holds the ``other`` does."""
    return all(by in one and one[by] <= allowed for by, allowed in other.items())


def _reached(upstream: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """All that comes after each task."""
    after: dict[str, set[str]] = {task: set() for task in upstream}
    for task in reversed(list(upstream)):
        for other in upstream[task]:
            after[other] |= {task, *after[task]}
    return {task: frozenset(found) for task, found in after.items()}
