"""What to do with some temperatures: plain Python, no workflow in sight."""

import random
import statistics


def measure(days: int, seed: int) -> list[float]:
    """One temperature a day, in degrees Celsius."""
    source = random.Random(seed)
    return [round(source.gauss(18, 4), 1) for _ in range(days)]


def average(temperatures: list[float]) -> float:
    return round(statistics.mean(temperatures), 2)


def spread(temperatures: list[float]) -> float:
    return round(statistics.stdev(temperatures), 2)


def judge(average: float, spread: float, limit: float) -> str:
    return f"{average} degrees, {'steady' if spread < limit else 'changing'}"
