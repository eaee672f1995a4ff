"""The Kedro adapter of bridge."""
