"""The pipeline wide."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import TaskGroup, dag


@dag(schedule=None, catchup=False)
def wide():
    start = EmptyOperator(task_id="start")
    with TaskGroup("first") as first:
        with TaskGroup("a0"):
            # pipeline: a0
            EmptyOperator(task_id="a0")
        with TaskGroup("a1"):
            # pipeline: a1
            EmptyOperator(task_id="a1")
        with TaskGroup("a2"):
            # pipeline: a2
            EmptyOperator(task_id="a2")
        with TaskGroup("a3"):
            # pipeline: a3
            EmptyOperator(task_id="a3")
        with TaskGroup("a4"):
            # pipeline: a4
            EmptyOperator(task_id="a4")
        with TaskGroup("a5"):
            # pipeline: a5
            EmptyOperator(task_id="a5")
    start >> first
    first_done = EmptyOperator(task_id="first_done")
    first >> first_done
    with TaskGroup("second") as second:
        with TaskGroup("b0"):
            # pipeline: b0
            EmptyOperator(task_id="b0")
        with TaskGroup("b1"):
            # pipeline: b1
            EmptyOperator(task_id="b1")
        with TaskGroup("b2"):
            # pipeline: b2
            EmptyOperator(task_id="b2")
        with TaskGroup("b3"):
            # pipeline: b3
            EmptyOperator(task_id="b3")
        with TaskGroup("b4"):
            # pipeline: b4
            EmptyOperator(task_id="b4")
        with TaskGroup("b5"):
            # pipeline: b5
            EmptyOperator(task_id="b5")
    first_done >> second
    second >> EmptyOperator(task_id="end")


wide()
