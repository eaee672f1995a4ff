"""Functions for flows that are read back; each takes and gives what its name says."""

from __future__ import annotations


def none():
    return 1


def one(value):
    """Give it back."""
    return value


def two(first, second):
    return [first, second]


def pair(value):
    return value, [value]


def listed(value, count=2):
    return [value] * count


def forever(value):
    return value, False
