"""Reads a flow: its steps become plain functions, its transitions composites.

Neither Metaflow nor the user's code is imported; all that is known is what the source says.
"""
