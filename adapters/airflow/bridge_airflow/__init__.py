"""The Airflow adapter: a pipeline as a TaskFlow DAG of Airflow 3, run by ``dag.test()``.

What is special here: a task hands on one dict, its XCom, with what it returns as JSON, references
to the objects it stored, and the manifest of its files; branches are task groups, so that a task
has the same path in Airflow as in the model; and text of the user never stands where Airflow would
render a template.
"""

from bridge.adapter import hookimpl

__all__ = ["bridge_adapter"]


@hookimpl
def bridge_adapter() -> object:
    """The adapter."""
    from bridge_airflow.adapter import AIRFLOW

    return AIRFLOW
