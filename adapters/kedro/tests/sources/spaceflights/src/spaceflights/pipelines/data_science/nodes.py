"""Fits a line through the prices, and tells how good it is."""

import logging
from typing import Any

import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import max_error, mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split


def split_data(data: pd.DataFrame, parameters: dict[str, Any]) -> tuple:
    """Split features and target into what is for training and what is for tests."""
    features, target = data[parameters["features"]], data["price"]
    return tuple(
        train_test_split(
            features,
            target,
            test_size=parameters["test_size"],
            random_state=parameters["random_state"],
        )
    )


def train_model(features: pd.DataFrame, target: pd.Series) -> LinearRegression:
    """The fitted model."""
    return LinearRegression().fit(features, target)


def evaluate_model(
    regressor: LinearRegression, features: pd.DataFrame, target: pd.Series
) -> dict[str, float]:
    """How far the predictions are off."""
    predicted = regressor.predict(features)
    score = r2_score(target, predicted)
    logging.getLogger(__name__).info("R^2 is %.3f on test data", score)
    return {
        "r2_score": score,
        "mae": mean_absolute_error(target, predicted),
        "max_error": max_error(target, predicted),
    }
