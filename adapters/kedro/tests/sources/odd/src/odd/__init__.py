"""Odd things that projects do."""
