"""The work of every chain: as little as a task can do and still pass a JSON value on."""

from __future__ import annotations


def first():
    return 0


def following(x):
    return x + 1
