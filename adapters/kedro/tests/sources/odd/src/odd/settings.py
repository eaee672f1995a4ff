"""Project settings."""

from odd.hooks import Timer

HOOKS = (Timer(),)
