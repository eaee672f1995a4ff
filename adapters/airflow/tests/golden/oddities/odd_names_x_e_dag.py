"""The pipeline odd "names": {{ x }}/é."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, dag, task

from tasklib.arguments import call
from tasklib.objects import load_object, save_object
from tasklib.shell import run_shell
from tasklib.values import unpack
from tasklib.xcom import to_xcom


@task(task_id="class")
def class_(params):
    from airflow_functions import same

    return {"class ended": to_xcom(same(value=params["class"]), "class ended")}


@task
def self(params):
    from airflow_functions import same

    return {"self ended": to_xcom(same(value=params["self"]), "self ended")}


@task(task_display_name='a"b')
def a_b(params):
    from airflow_functions import same

    return {'a"b ended': to_xcom(same(value=params['a"b']), 'a"b ended')}


@task(task_id="next")
def next_(params):
    from airflow_functions import same

    return {"next ended": to_xcom(same(value=params["next"]), "next ended")}


@task(task_id="Uni", task_display_name="Ünï")
def Ünï(params):
    from airflow_functions import same

    return {"Ünï ended": to_xcom(same(value=params["Ünï"]), "Ünï ended")}


@task(task_id="_65e5_672c", task_display_name="日本")
def 日本(params):
    from airflow_functions import same

    return {"日本 ended": to_xcom(same(value=params["日本"]), "日本 ended")}


@task(task_display_name="with space")
def with_space(params):
    from airflow_functions import same

    return {
        "with space ended": to_xcom(
            same(value=params["with space"]), "with space ended"
        )
    }


@task(task_display_name="with.space")
def with_space_2(params):
    from airflow_functions import same

    return {
        "with.space ended": to_xcom(
            same(value=params["with.space"]), "with.space ended"
        )
    }


@task
def params(params):
    from airflow_functions import same

    return {"params ended": to_xcom(same(value=params["params"]), "params ended")}


@task
def context(params):
    from airflow_functions import same

    return {"context ended": to_xcom(same(value=params["context"]), "context ended")}


@task(task_id="print")
def print_(params):
    from airflow_functions import same

    return {"print ended": to_xcom(same(value=params["print"]), "print ended")}


@task
def ti(params):
    from airflow_functions import same

    return {"ti ended": to_xcom(same(value=params["ti"]), "ti ended")}


@task(task_id="to_json")
def to_json_(params):
    from airflow_functions import same

    return {"to_json ended": to_xcom(same(value=params["to_json"]), "to_json ended")}


@task
def same(params):
    from airflow_functions import same

    return {"same ended": to_xcom(same(value=params["same"]), "same ended")}


@task(task_id="downstream_join_id_2", task_display_name="downstream_join_id")
def downstream_join_id(params):
    from airflow_functions import same

    return {
        "downstream_join_id ended": to_xcom(
            same(value=params["downstream_join_id"]), "downstream_join_id ended"
        )
    }


@task(task_id="_x_", task_display_name="{{ x }}")
def x(params):
    from airflow_functions import same

    return {"{{ x }} ended": to_xcom(same(value=params["{{ x }}"]), "{{ x }} ended")}


@task(task_display_name="run.sh")
def run_sh(params):
    from airflow_functions import same

    return {"run.sh ended": to_xcom(same(value=params["run.sh"]), "run.sh ended")}


@task(task_id="__classname__")
def classname(params):
    from airflow_functions import same

    return {
        "__classname__ ended": to_xcom(
            same(value=params["__classname__"]), "__classname__ ended"
        )
    }


@task
def join(class_result, classname___result):
    from airflow_functions import pair

    return {
        "join": to_xcom(
            pair(
                value=class_result["class ended"],
                other=classname___result["__classname__ ended"],
            ),
            "join",
        )
    }


@task(task_display_name="odd values")
def odd_values():
    from airflow_functions import odd_values

    v_none, v_one, v_class, v_type, v_list, v_text = unpack(
        odd_values(), ["v none", "v one", "v class", "v type", "v list", "v text"]
    )
    return {
        "v none": to_xcom(v_none, "v none"),
        "v one": to_xcom(v_one, "v one"),
        "v class": to_xcom(v_class, "v class"),
        "v type": to_xcom(v_type, "v type"),
        "v list": to_xcom(v_list, "v list"),
        "v text": to_xcom(v_text, "v text"),
    }


# after: join, class, self, 'a"b', next, Ünï, 日本, with space, with.space, params, context, print, ti, to_json, same, downstream_join_id, '{{ x }}', run.sh, __classname__
@task
def back(
    odd_values_result,
    class_result,
    self_result,
    a_b_result,
    next_result,
    Ünï_result,
    日本_result,
    with_space_result,
    with_space_result_2,
    params_result,
    context_result,
    print_result,
    ti_result,
    to_json_result,
    same_result,
    downstream_join_id_result,
    x__result,
    run_sh_result,
    classname___result,
    join_result,
    params,
):
    from airflow_functions import everything

    return {
        "back": to_xcom(
            everything(
                self=params["self"],
                next=params["next"],
                Ünï=params["Ünï"],
                日本=params["日本"],
                params=params["params"],
                context=params["context"],
                print=params["print"],
                ti=params["ti"],
                to_json=params["to_json"],
                same=params["same"],
                downstream_join_id=params["downstream_join_id"],
                nested=params["nested"],
                kept=params["kept"],
                number=params["number"],
                half=params["half"],
                text=params["text"],
                none=params["none"],
                join=join_result["join"],
                **{
                    "arg class": odd_values_result["v class"],
                    "arg list": odd_values_result["v list"],
                    "arg none": odd_values_result["v none"],
                    "arg one": odd_values_result["v one"],
                    "arg text": odd_values_result["v text"],
                    "arg type": odd_values_result["v type"],
                    "class": params["class"],
                    'a"b': params['a"b'],
                    "with space": params["with space"],
                    "with.space": params["with.space"],
                    "{{ x }}": params["{{ x }}"],
                    "run.sh": params["run.sh"],
                    "__classname__": params["__classname__"],
                    "class ended": class_result["class ended"],
                    "self ended": self_result["self ended"],
                    'a"b ended': a_b_result['a"b ended'],
                    "next ended": next_result["next ended"],
                    "Ünï ended": Ünï_result["Ünï ended"],
                    "日本 ended": 日本_result["日本 ended"],
                    "with space ended": with_space_result["with space ended"],
                    "with.space ended": with_space_result_2["with.space ended"],
                    "params ended": params_result["params ended"],
                    "context ended": context_result["context ended"],
                    "print ended": print_result["print ended"],
                    "ti ended": ti_result["ti ended"],
                    "to_json ended": to_json_result["to_json ended"],
                    "same ended": same_result["same ended"],
                    "downstream_join_id ended": downstream_join_id_result[
                        "downstream_join_id ended"
                    ],
                    "{{ x }} ended": x__result["{{ x }} ended"],
                    "run.sh ended": run_sh_result["run.sh ended"],
                    "__classname__ ended": classname___result["__classname__ ended"],
                },
            ),
            "back",
        )
    }


@task
def sort_of(odd_values_result):
    from airflow_functions import sort_of

    return {"sort": to_xcom(sort_of(value=odd_values_result["v one"]), "sort")}


@task
def change(params):
    from airflow_functions import change

    return {"changed": to_xcom(change(nested=params["kept"]), "changed")}


@task
def unchanged(params):
    from airflow_functions import pair

    return {
        "unchanged": to_xcom(
            pair(value=params["nested"], other=params["kept"]), "unchanged"
        )
    }


@task
def given():
    from airflow_functions import pair

    return {"given": to_xcom(pair(value="{{ 1 }}.sh", other=[None, 1.0]), "given")}


@task
def text(params):
    from airflow_functions import pair

    return {"texts": to_xcom(pair(value=params["text"], other=params["none"]), "texts")}


# inputs: attempt = attempt, step = step
@task
def facts(run_id, ti, ts=None):
    from airflow_functions import facts

    return {
        "facts": to_xcom(
            call(facts, run_id=run_id, attempt=ti.try_number, when=ts, step="facts"),
            "facts",
        )
    }


# metrics: sum
@task
def positional(params):
    from airflow_functions import positional

    return {
        "sum": to_xcom(positional(params["number"], other=float(params["half"])), "sum")
    }


@task
def make(params):
    from airflow_functions import Model

    return {"model": save_object(Model.make(weight=params["number"]), "model")}


@task
def weigh(make_result):
    from airflow_functions import weigh

    return {"weight": to_xcom(weigh(model=load_object(make_result["model"])), "weight")}


@task
def default(weigh_result):
    from airflow_functions import pair

    return {"default": to_xcom(pair(value=weigh_result["weight"]), "default")}


@task
def shell(params):
    return {
        "shown": to_xcom(
            run_shell(
                'export shown="$text"', {"text": params["text"]}, returns=["shown"]
            )["shown"],
            "shown",
        )
    }


@task
def nothing():
    from airflow_functions import nothing

    nothing()


@dag(
    dag_id="odd_names_x_e",
    schedule=None,
    catchup=False,
    dag_display_name='odd "names": {{ x }}/é',
    params={
        "class": Param("value of class", type="string"),
        "self": Param("value of self", type="string"),
        'a"b': Param('value of a"b', type="string"),
        "next": Param("value of next", type="string"),
        "Ünï": Param("value of Ünï", type="string"),
        "日本": Param("value of 日本", type="string"),
        "with space": Param("value of with space", type="string"),
        "with.space": Param("value of with.space", type="string"),
        "params": Param("value of params", type="string"),
        "context": Param("value of context", type="string"),
        "print": Param("value of print", type="string"),
        "ti": Param("value of ti", type="string"),
        "to_json": Param("value of to_json", type="string"),
        "same": Param("value of same", type="string"),
        "downstream_join_id": Param("value of downstream_join_id", type="string"),
        "{{ x }}": Param("value of {{ x }}", type="string"),
        "run.sh": Param("value of run.sh", type="string"),
        "__classname__": Param("value of __classname__", type="string"),
        "nested": Param(
            {"__type": "dict", "__var": [None, {"deep": 1.0}]}, type="object"
        ),
        "kept": Param({"__classname__": "x", "big": 1}, type="object"),
        "number": Param(3, type="number"),
        "half": Param(0.5, type="number"),
        "text": Param(
            ('{{ 1 + 1 }} it\'s "so"\n$(touch pwned) /tmp/run.sh'), type="string"
        ),
        "none": Param(None),
    },
)
def odd_names_x_é():
    # order: data
    class_result = class_()
    self_result = self()
    a_b_result = a_b()
    next_result = next_()
    Ünï_result = Ünï()
    日本_result = 日本()
    with_space_result = with_space()
    with_space_result_2 = with_space_2()
    params_result = params()
    context_result = context()
    print_result = print_()
    ti_result = ti()
    to_json_result = to_json_()
    same_result = same()
    downstream_join_id_result = downstream_join_id()
    x__result = x()
    run_sh_result = run_sh()
    classname___result = classname()
    join_result = join(class_result, classname___result)
    odd_values_result = odd_values()
    back_result = back(
        odd_values_result,
        class_result,
        self_result,
        a_b_result,
        next_result,
        Ünï_result,
        日本_result,
        with_space_result,
        with_space_result_2,
        params_result,
        context_result,
        print_result,
        ti_result,
        to_json_result,
        same_result,
        downstream_join_id_result,
        x__result,
        run_sh_result,
        classname___result,
        join_result,
    )
    sort_of_result = sort_of(odd_values_result)
    change_result = change()
    change_result >> unchanged()
    given()
    text_result = text()
    facts()
    positional()
    make_result = make()
    weigh_result = weigh(make_result)
    default(weigh_result)
    shell_result = shell()
    nothing_result = nothing()
    [shell_result, sort_of_result] >> nothing_result
    [nothing_result, back_result, text_result] >> EmptyOperator(task_id="end")


odd_names_x_é()
