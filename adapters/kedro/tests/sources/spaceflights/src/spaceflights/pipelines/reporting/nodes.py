"""Draws how many passengers the shuttles take."""

import pandas as pd
from matplotlib.figure import Figure


def mean_capacity(shuttles: pd.DataFrame) -> pd.DataFrame:
    """The mean capacity of each type of shuttle."""
    return shuttles.groupby("shuttle_type")["passenger_capacity"].mean().reset_index()


def draw_capacity(capacity: pd.DataFrame) -> Figure:
    """A bar for each type."""
    figure = Figure(figsize=(3, 2))
    figure.subplots().bar(capacity["shuttle_type"], capacity["passenger_capacity"])
    return figure
