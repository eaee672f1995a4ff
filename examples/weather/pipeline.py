"""How warm it was, and how steadily."""

from bridge import Parallel, Pipeline, PythonTask, metric

from functions import average, judge, measure, spread

branches = {
    "average": PythonTask(function=average, returns=[metric("average")]).as_pipeline(),
    "spread": PythonTask(function=spread, returns=[metric("spread")]).as_pipeline(),
}
pipeline = Pipeline(
    name="weather",
    parameters={"days": 30, "seed": 1, "limit": 5.0},
    steps=[
        PythonTask(function=measure, returns=["temperatures"]),
        Parallel(name="statistics", branches=branches),
        PythonTask(function=judge, returns=["verdict"]),
    ],
)
