"""A DAG in the style of Airflow 2."""

import datetime
import random

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.utils.task_group import TaskGroup
from airflow.utils.trigger_rule import TriggerRule

SEED = 7


def draw(count, **context):
    ti = context["ti"]
    numbers = random.Random(SEED).sample(range(100), count)
    ti.xcom_push(key="smallest", value=min(numbers))
    return sorted(numbers)


def choose(ti, limit):
    smallest = ti.xcom_pull(task_ids="draw", key="smallest")
    return "few" if smallest > limit else "sizes.many"


def add(*numbers):
    return sum(numbers)


def joined(ti):
    few, many = ti.xcom_pull(task_ids=["few", "sizes.many"])
    return few or many


with DAG(
    "classic",
    schedule="@daily",
    start_date=datetime.datetime(2025, 1, 1),
    catchup=False,
    params={"name": "you & me; $HOME", "count": 4},
    default_args={"owner": "numbers"},
) as dag:
    start = EmptyOperator(task_id="start")
    drawn = PythonOperator(task_id="draw", python_callable=draw, op_kwargs={"count": 3})
    branch = BranchPythonOperator(task_id="choose", python_callable=choose, op_kwargs={"limit": 50})
    few = PythonOperator(task_id="few", python_callable=lambda: "few")
    with TaskGroup("sizes") as sizes:
        many = PythonOperator(
            task_id="many", python_callable=add, op_args=[1, 2, drawn.output["smallest"]]
        )
    join = PythonOperator(
        task_id="join",
        python_callable=joined,
        trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
        queue="slow",
    )
    greet = BashOperator(
        task_id="greet",
        bash_command="echo 'Hello {{ params.name }}' \"$WHO\" {{ params.count }}; echo 007",
        env={"WHO": "{{ ti.xcom_pull(task_ids='join') }}"},
        append_env=True,
    )
    check = ShortCircuitOperator(
        task_id="check", python_callable=lambda word: word, op_args=[greet.output]
    )
    last = (
        BashOperator(task_id="last", bash_command="exit 1", retries=2)
        if False
        else EmptyOperator(task_id="last")
    )

    start >> drawn >> branch >> [few, many] >> join >> greet >> check >> last
