"""Spaceflights: predicts what a trip to the moon costs."""

__version__ = "0.1"
