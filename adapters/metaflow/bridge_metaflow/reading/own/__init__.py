"""Flows that bridge has written: the very pipeline, guessed from the text and then checked."""
