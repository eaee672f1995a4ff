"""Translate pipelines between workflow frameworks, run them, and prove that they agree."""
