"""What to know of a few cities before the day begins: plain Python, no workflow in sight."""

import random


def choose_cities(count: int) -> list[str]:
    return ["Bergen", "Nairobi", "Lima", "Hanoi"][:count]


def forecast(city: str, seed: int) -> dict[str, float]:
    """The temperature and the rain of a day, in degrees Celsius and millimetres."""
    source = random.Random(f"{seed} {city}")
    return {"degrees": round(source.gauss(20, 8), 1), "rain": round(source.expovariate(0.2), 1)}


def advise(city: str, forecast: dict[str, float]) -> str:
    wet = "an umbrella" if forecast["rain"] > 5 else "no umbrella"
    return f"{city}: {forecast['degrees']} degrees, {wet}"


def wettest(forecast: list[dict[str, float]]) -> float:
    return max((day["rain"] for day in forecast), default=0.0)


def is_flood(rain: float, limit: float) -> bool:
    return rain > limit


def warn(rain: float) -> str:
    return f"Mind the water: up to {rain} mm."


def greet() -> str:
    return "A day like others."


def publish(headline: str, advice: list[str]) -> str:
    return "\n".join([headline, *advice])


def apologise() -> str:
    return "No forecast today."
