"""Tasks that skip themselves, and texts that are rendered before anything runs."""

from __future__ import annotations

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowSkipException

with DAG("skips", schedule=None, params={"limit": 1}):

    @task
    def enough(params) -> int:
        """How many there are, if there are enough."""
        found = 2
        if found > params["limit"]:
            raise AirflowSkipException("enough as it is")
        return found

    @task(multiple_outputs=False)
    def few(count):
        if count > 5:
            raise AirflowSkipException
        return count, "few"

    @task
    def after(value):
        return [value]

    @task(trigger_rule="all_done")
    def whatever():
        return "done"

    @task.bash
    def perhaps(wanted) -> str:
        if not wanted:
            raise AirflowSkipException("not wanted")
        return "true"

    stops = BashOperator(task_id="stops", bash_command="exit 7", skip_on_exit_code=[7, 8])
    late = BashOperator(task_id="late", bash_command="echo late")
    least = enough()
    after.override(task_id="not_after")(least)
    least >> whatever()
    few(3) >> after.override(task_id="after_few")(0)
    stops >> late
    perhaps(False) >> after.override(task_id="not_wanted")(1)
    perhaps.override(task_id="surely")(True) >> after.override(task_id="wanted")(2)

with DAG("rendered", schedule=None, params={"who": ["a", "b"]}):
    loops = BashOperator(
        task_id="loops",
        bash_command=(
            "{# a comment #}{% for i in range(2) %}echo {{ i }} {{ macros.ds_add(ds, -1) }};"
            '{% endfor %} echo \'{{ dag_run.conf.get("word") }}\' "{{ params.who }}"'
        ),
    )

    @task
    def given(dag_run, task_instance_key_str):
        return [dag_run.conf.get("word"), dag_run.partition_key, task_instance_key_str[:17]]

    @task.bash
    def said(day):
        return f"echo {day}"

    @task
    def heard(line):
        return line

    @task(templates_dict={"text": "notes.txt"}, templates_exts=[".txt"])
    def reads(templates_dict):
        return templates_dict["text"]

    given()
    reads()
    pushing = BashOperator(
        task_id="pushing", bash_command="echo {{ ti.xcom_push(key='k', value='v') }}"
    )
    heard(pushing.output["k"])
    heard.override(task_id="heard_day")(said("{{ logical_date.strftime('%Y').lower() }}"))
