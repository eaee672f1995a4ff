"""Stands here for the module that lies beside ``xcom`` in an export."""

from bridge.carried.values import to_json

__all__ = ["to_json"]
