"""Passes that rewrite what a target lacks into what it has, one a file."""
