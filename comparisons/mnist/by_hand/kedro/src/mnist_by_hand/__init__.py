"""The digits example as a Kedro project, written by hand."""
