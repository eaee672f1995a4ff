"""Small DAGs, one for each thing that a reader meets."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.sensors.filesystem import FileSensor
from airflow.sdk import DAG, Label, Variable, get_current_context, task, task_group

FOLDER = "data"


@task
def one():
    return 1


@task
def double(x):
    return x * 2


@task
def gather(values):
    return list(values)


with DAG("mapping", schedule=None):

    @task
    def pair(x, y, *, sign=1):
        return [x, y, sign]

    @task
    def rows():
        return [{"x": 1, "y": 2}, {"x": 3, "y": 4}]

    def shift(row):
        return row["x"] + 10

    numbers = double.expand(x=[1, 2])
    pair.override(task_id="crossed").partial(sign=-1).expand(x=numbers, y=["a", "b"])
    pair.override(task_id="constants").expand(x=[1, 2], y=["a", "b"])
    pair.override(task_id="by_row").partial(sign=0).expand_kwargs(
        [{"x": 1, "y": 2}, {"x": 3, "y": 4}]
    )
    shifted = double.override(task_id="shifted").expand(x=rows().map(shift).map(lambda n: n + 1))
    gather.override(task_id="zipped")([shifted, {"first": one()}, (1, 2)])
    gather.override(task_id="each_pair").expand(values=numbers.zip(shifted))
    double.override(task_id="both").expand(x=numbers.concat(shifted))
    BashOperator.partial(task_id="commands").expand(bash_command=["true", "echo $((1 + 1))"])

with DAG("several", schedule=None, params={"wanted": ["left", "right.first"]}):

    @task.branch
    def choose(params) -> list[str]:
        return params["wanted"]

    @task_group
    def right():
        double.override(task_id="first")(3)

    @task
    def left():
        return "left"

    @task
    def never():
        return "never"

    @task(trigger_rule="none_failed")
    def after(a, b):
        return [a, b]

    chosen = choose()
    a, b = left(), never()
    chosen >> [a, b, right()]
    after(a, b)

with DAG("skipping_over", schedule=None):

    @task.branch
    def decide(limit):
        return "extra" if limit > 1 else "end"

    @task
    def extra():
        return "extra"

    @task(trigger_rule="none_failed_min_one_success")
    def end(value=None):
        return [value]

    made = extra()
    decided = decide(2)
    decided >> made
    decided >> Label("nothing to do") >> end(made)

with DAG("context", schedule=None, params={"n": 2, "text": "a b"}):

    @task
    def facts(run_id, ti=None, **context):
        attempt = ti.try_number
        return {"attempt": attempt, "task": context["task"].task_id, "dag": context["dag"].dag_id}

    @task
    def all_params(params):
        return [list(item) for item in sorted(params.items())]

    @task
    def current():
        context = get_current_context()
        return context["params"]["text"] + "!"

    @task
    def pushes(ti):
        for_later = [1, 2]
        ti.xcom_push(key="for_later", value=for_later)
        ti.xcom_push("sum", sum(for_later))

    @task
    def pulls(ti):
        return ti.xcom_pull(task_ids="pushes", key="sum") + len(
            ti.xcom_pull(task_ids="pushes", key="for_later")
        )

    @task.bash(env={"N": "{{ params.n }}"}, append_env=True)
    def command(text):
        return f"echo '{text}' $N"

    facts()
    all_params()
    current()
    pushes() >> pulls()
    gather([command("{{ params.text }}")])

with DAG(
    "policies",
    schedule=timedelta(days=1),
    max_active_runs=1,
    default_args={"retries": 1, "owner": "me"},
):
    EmptyOperator(task_id="waits", retry_delay=timedelta(seconds=2), retry_exponential_backoff=True)
    PythonOperator(
        task_id="limited",
        python_callable=lambda: None,
        execution_timeout=timedelta(seconds=90),
        priority_weight=3,
        retries=0,
    )

with DAG("sensing", schedule=None):
    found = FileSensor(task_id="found", filepath=f"{FOLDER}/in.csv", poke_interval=5)
    ready = task.sensor(lambda: True, task_id="ready")()
    found >> double(one()) >> ready

with DAG("refused", schedule=None):

    @task
    def reads_variable():
        return Variable.get("x")

    @task
    def deep(inlet_events, data_interval_start):
        return data_interval_start, inlet_events

    @task(trigger_rule="all_failed", on_failure_callback=print)
    def handler():
        return 1

    templated = BashOperator(task_id="templated", bash_command="{% if run_id %}true{% endif %}")
    [reads_variable(), deep()] >> handler()
