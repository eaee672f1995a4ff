"""The same work for each of several cities, a decision, and what to do when all fails."""

from bridge import Conditional, Map, Pipeline, PythonTask, Retry, metric

from functions import (
    advise,
    apologise,
    choose_cities,
    forecast,
    greet,
    is_flood,
    publish,
    warn,
    wettest,
)

each_city = Pipeline(
    [
        PythonTask(function=forecast, returns=["forecast"], retry=Retry(times=2), timeout=60),
        PythonTask(function=advise, returns=["advice"]),
    ]
)
pipeline = Pipeline(
    name="cities",
    description="The weather of a few cities, and what to make of it.",
    parameters={"count": 3, "seed": 1, "limit": 10.0},
    schedule="0 6 * * *",
    steps=[
        PythonTask(function=choose_cities, returns=["cities"]),
        Map(name="each_city", branch=each_city, iterate_on="cities", iterate_as="city"),
        PythonTask(function=wettest, returns=[metric("rain")]),
        PythonTask(function=is_flood, returns=["flood"]),
        Conditional(
            name="headline",
            parameter="flood",
            branches={
                True: PythonTask(function=warn, returns=["headline"]).as_pipeline(),
                False: PythonTask(function=greet, returns=["headline"]).as_pipeline(),
            },
        ),
        PythonTask(
            function=publish,
            returns=["news"],
            on_failure=PythonTask(function=apologise, returns=["news"]).as_pipeline(),
        ),
    ],
)
