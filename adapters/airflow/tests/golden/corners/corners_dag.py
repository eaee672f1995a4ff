"""The pipeline corners."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, TaskGroup, dag, task, task_group

from tasklib.arguments import call
from tasklib.files import catalog, merged
from tasklib.objects import load_object, save_object
from tasklib.steps import ABSENT, attempts, choose, each, present, step
from tasklib.surroundings import environment
from tasklib.values import to_json
from tasklib.xcom import of_items, to_xcom


@task.branch(task_id="choose")
def choice_choose(params):
    groups = {True: "choice.True", False: "choice.False"}
    return groups[choose("choice", params["flag"], groups)]


@task(task_id="items")
def left_taken_items(params):
    return [
        to_xcom(item, "item")
        for item in each("choice.True.both.left.taken", params["one"])
    ]


@task(task_id="taken_square")
def taken_taken_square(item):
    from airflow_functions import square

    return {"taken_square": to_xcom(square(value=item), "taken_square")}


@task(task_id="gathered", trigger_rule="none_failed_min_one_success")
def left_taken_gathered(taken_taken_square_results):
    return {
        "taken_square": to_xcom(
            [result["taken_square"] for result in taken_taken_square_results],
            "taken_square",
        )
    }


@task
def right(params):
    from airflow_functions import square

    return {"right": to_xcom(square(value=params["old"]), "right")}


@task
def again(right_result):
    from airflow_functions import square

    return {"again": to_xcom(square(value=right_result["right"]), "again")}


@task(task_id="ends")
def True_ends(right_result):
    from airflow_functions import square

    return {"ends": to_xcom(square(value=right_result["right"]), "ends")}


@task(task_id="items")
def False_taken_items(params):
    return [to_xcom(item, "item") for item in each("choice.False.taken", params["one"])]


@task(task_id="taken_square")
def taken_taken_square_2(item):
    from airflow_functions import square

    return {"taken_square": to_xcom(square(value=item), "taken_square")}


@task(task_id="gathered", trigger_rule="none_failed_min_one_success")
def False_taken_gathered(taken_taken_square_results_2):
    return {
        "taken_square": to_xcom(
            [result["taken_square"] for result in taken_taken_square_results_2],
            "taken_square",
        )
    }


@task(task_id="ends")
def False_ends(params):
    from airflow_functions import square

    return {"ends": to_xcom(square(value=params["old"]), "ends")}


@task(task_id="joined", trigger_rule="none_failed_min_one_success")
def choice_joined(
    left_taken_result,
    right_result,
    again_result,
    True_ends_result,
    False_taken_result,
    False_ends_result,
):
    # Only the tasks of the branch that was taken have results.
    if left_taken_result is not None:
        return {
            "taken_square": to_xcom(left_taken_result["taken_square"], "taken_square"),
            "right": to_xcom(right_result["right"], "right"),
            "again": to_xcom(again_result["again"], "again"),
            "ends": to_xcom(True_ends_result["ends"], "ends"),
        }
    return {
        "taken_square": to_xcom(False_taken_result["taken_square"], "taken_square"),
        "ends": to_xcom(False_ends_result["ends"], "ends"),
    }


@task(task_id="items")
def grouped_items(params):
    return [to_xcom(number, "number") for number in each("grouped", params["one"])]


@task
def fork_a(number):
    from airflow_functions import square

    return {"fork_a": to_xcom(square(value=number), "fork_a")}


@task
def put():
    from airflow_functions import note_file

    with catalog(put=["put.txt"]) as files:
        note_file(name="put.txt", text="x")
    return {"files": files.manifest}


@task
def loop(number, ti):
    from airflow_functions import square

    for i in range(2):
        with step(f"grouped.{ti.map_index}.fork.b.loop.{i}.looped"):
            looped = to_json(square(value=number), "looped")
    return {"looped": to_xcom(looped, "looped")}


@task(task_id="object")
def object_(fork_a_result):
    from airflow_functions import Model

    return {"model": save_object(Model.make(weight=fork_a_result["fork_a"]), "model")}


@task(task_id="gathered", trigger_rule="none_failed")
def grouped_gathered(fork_a_results, loop_results, object_results, put_results):
    return {
        "fork_a": to_xcom(
            [result["fork_a"] for result in of_items(fork_a_results)], "fork_a"
        ),
        "looped": to_xcom(
            [result["looped"] for result in of_items(loop_results)], "looped"
        ),
        "model": save_object(
            [load_object(result["model"]) for result in of_items(object_results)],
            "model",
        ),
        "files": merged(result["files"] for result in of_items(put_results)),
    }


@task(task_id="items")
def nothing_items(params):
    return [to_xcom(number, "number") for number in each("nothing", params["none"])]


@task
def empty_x(number):
    from airflow_functions import square

    return {"empty_x": to_xcom(square(value=number), "empty_x")}


@task
def empty_y(empty_x_result):
    from airflow_functions import square

    return {"empty_y": to_xcom(square(value=empty_x_result["empty_x"]), "empty_y")}


@task(task_id="gathered", trigger_rule="none_failed")
def nothing_gathered(empty_x_results, empty_y_results):
    return {
        "empty_x": to_xcom(
            [result["empty_x"] for result in of_items(empty_x_results)], "empty_x"
        ),
        "empty_y": to_xcom(
            [result["empty_y"] for result in of_items(empty_y_results)], "empty_y"
        ),
    }


@task.branch(task_id="choose")
def other_choose(params):
    groups = {False: "other.False", "default": "other.default"}
    return groups[choose("other", params["flag"], groups, default=True)]


@task(task_id="items")
def untaken_items(params):
    return [
        to_xcom(item, "item") for item in each("other.False.untaken", params["one"])
    ]


@task
def untaken_square(item):
    from airflow_functions import square

    return {"untaken_square": to_xcom(square(value=item), "untaken_square")}


@task(task_id="gathered", trigger_rule="none_failed_min_one_success")
def untaken_gathered(untaken_square_results):
    return {
        "untaken_square": to_xcom(
            [result["untaken_square"] for result in untaken_square_results],
            "untaken_square",
        )
    }


@task(task_id="joined", trigger_rule="none_failed_min_one_success")
def other_joined(untaken_result):
    # Only the tasks of the branch that was taken have results.
    if untaken_result is not None:
        return {
            "untaken_square": to_xcom(
                untaken_result["untaken_square"], "untaken_square"
            )
        }
    return {}


@task.branch(task_id="choose")
def odd__choose(params):
    groups = {
        'it\'s "so" {{ params.x }} %s {0} $(touch pwned)\n': "_odd_.it_s_so_params_x_s_0_tou",
        True: "_odd_.True",
        None: "_odd_.None",
        2.5: "_odd_.2_5",
        "class": "_odd_.class",
    }
    return groups[choose("{{ odd }}", params["key"], groups)]


# metrics: chosen
@task(task_id="in_it_", task_display_name='in "it"')
def it_s_so_params_x_s_0_tou_in_it():
    from airflow_functions import same

    return {
        "chosen": to_xcom(
            same(value='it\'s "so" {{ params.x }} %s {0} $(touch pwned)\n'), "chosen"
        )
    }


# metrics: chosen
@task(task_id="in_it_", task_display_name='in "it"')
def True_in_it():
    from airflow_functions import same

    return {"chosen": to_xcom(same(value="True"), "chosen")}


# metrics: chosen
@task(task_id="in_it_", task_display_name='in "it"')
def None_in_it():
    from airflow_functions import same

    return {"chosen": to_xcom(same(value="None"), "chosen")}


# metrics: chosen
@task(task_id="in_it_", task_display_name='in "it"')
def x_2_5_in_it():
    from airflow_functions import same

    return {"chosen": to_xcom(same(value="2.5"), "chosen")}


# metrics: chosen
@task(task_id="in_it_", task_display_name='in "it"')
def class_in_it():
    from airflow_functions import same

    return {"chosen": to_xcom(same(value="class"), "chosen")}


@task(task_id="joined", trigger_rule="none_failed_min_one_success")
def odd__joined(
    it_s_so_params_x_s_0_tou_in_it__result,
    True_in_it__result,
    None_in_it__result,
    x_2_5_in_it__result,
    class_in_it__result,
):
    # Only the tasks of the branch that was taken have results.
    if it_s_so_params_x_s_0_tou_in_it__result is not None:
        return {
            "chosen": to_xcom(
                it_s_so_params_x_s_0_tou_in_it__result["chosen"], "chosen"
            )
        }
    if True_in_it__result is not None:
        return {"chosen": to_xcom(True_in_it__result["chosen"], "chosen")}
    if None_in_it__result is not None:
        return {"chosen": to_xcom(None_in_it__result["chosen"], "chosen")}
    if x_2_5_in_it__result is not None:
        return {"chosen": to_xcom(x_2_5_in_it__result["chosen"], "chosen")}
    return {"chosen": to_xcom(class_in_it__result["chosen"], "chosen")}


@task(task_id="items")
def map_it_s__items(params):
    return [
        to_xcom(ti_item, "ti") for ti_item in each('map "it\'s"', params['odd "items"'])
    ]


# inputs: other = step
@task(task_id="task")
def task_(ti_item, ti):
    from airflow_functions import pair

    return {
        "a\"b's": to_xcom(
            pair(value=ti_item, other=f'map "it\'s".{ti.map_index}.task'), "a\"b's"
        )
    }


@task(task_id="gathered", trigger_rule="none_failed")
def map_it_s__gathered(task_results):
    return {
        "a\"b's": to_xcom(
            (lambda *x: [x[-1], len(x)])(
                *[result["a\"b's"] for result in task_results]
            ),
            "a\"b's",
        )
    }


@task.branch(task_id="choose")
def keep_choose(params):
    groups = {True: "keep.True", False: "keep.False"}
    return groups[choose("keep", params["flag"], groups)]


@task
def old(params):
    from airflow_functions import square

    return {"old": to_xcom(square(value=params["old"]), "old")}


@task(task_id="joined", trigger_rule="none_failed_min_one_success")
def keep_joined(old_result, params):
    # Only the tasks of the branch that was taken have results.
    if old_result is not None:
        return {"old": to_xcom(old_result["old"], "old")}
    return {"old": to_xcom(params["old"], "old")}


@task.branch(task_id="choose")
def maybe_choose(keep_result):
    groups = {2: "maybe.2", "default": "maybe.default"}
    return groups[choose("maybe", keep_result["old"], groups, default=True)]


@task(task_id="set")
def set_(keep_result):
    from airflow_functions import square

    return {"set": to_xcom(call(square, value=keep_result["old"]), "set")}


@task(task_id="joined", trigger_rule="none_failed_min_one_success")
def maybe_joined(set_result):
    # Only the tasks of the branch that was taken have results.
    if set_result is not None:
        return {"set": to_xcom(set_result["set"], "set")}
    return {}


@task
def several(maybe_result, keep_result):
    from airflow_functions import several

    return {
        "seen": to_xcom(
            several(
                second=keep_result["old"],
                **present({"first": maybe_result.get("set", ABSENT)}),
            ),
            "seen",
        )
    }


# dependencies: humanize>=4
@task(
    resources={"cpus": 2, "ram": 512},
    doc_md="To be run in the image `python:3.11`.",
    pool="default_pool",
    priority_weight=3,
)
def asks():
    from airflow_functions import nothing

    nothing()


@task
def odd_variable():
    from airflow_functions import variable

    for attempt in attempts("odd variable", retries=1, delay=0.5, backoff=2):
        with (
            attempt,
            environment({"ODD": 'it\'s "so" {{ params.x }} %s {0} $(touch pwned)\n'}),
        ):
            odd_variable = to_json(variable(name="ODD"), "odd_variable")
    return {"odd_variable": to_xcom(odd_variable, "odd_variable")}


@dag(
    schedule=None,
    catchup=False,
    params={
        "flag": Param(True, type="boolean"),
        "one": Param([3], type="array"),
        "none": Param([], type="array"),
        "old": Param(1, type="integer"),
        'odd "items"': Param([1, 2], type="array"),
        "key": Param(
            'it\'s "so" {{ params.x }} %s {0} $(touch pwned)\n', type="string"
        ),
    },
)
def corners():
    with TaskGroup("choice"):
        choice_choice = choice_choose()
        with TaskGroup("True") as choice_True:
            with TaskGroup("both"):
                with TaskGroup("left"):
                    with TaskGroup("taken"):
                        # pipeline: taken_square
                        left_taken_items_result = left_taken_items()
                        taken_taken_square_results = taken_taken_square.expand(
                            item=left_taken_items_result
                        )
                        left_taken_result = left_taken_gathered(
                            taken_taken_square_results
                        )
                        left_taken_items_result >> left_taken_result
                with TaskGroup("right"):
                    right_result = right()
                    again_result = again(right_result)
            True_ends_result = True_ends(right_result)
        with TaskGroup("False") as choice_False:
            with TaskGroup("taken"):
                # pipeline: taken_square
                False_taken_items_result = False_taken_items()
                taken_taken_square_results_2 = taken_taken_square_2.expand(
                    item=False_taken_items_result
                )
                False_taken_result = False_taken_gathered(taken_taken_square_results_2)
                False_taken_items_result >> False_taken_result
            False_ends_result = False_ends()
            False_taken_result >> False_ends_result
        choice_choice >> [choice_True, choice_False]
        choice_result = choice_joined(
            left_taken_result,
            right_result,
            again_result,
            True_ends_result,
            False_taken_result,
            False_ends_result,
        )
    with TaskGroup("grouped") as grouped:
        grouped_items_result = grouped_items()

        @task_group(group_id="number")
        def grouped_number(number):
            with TaskGroup("fork"):
                with TaskGroup("a"):
                    fork_a_result = fork_a(number)
                with TaskGroup("b"):
                    put_result = put()
                    loop_result = loop(number)
                    put_result >> loop_result
            object_result = object_(fork_a_result)
            return fork_a_result, put_result, loop_result, object_result

        fork_a_results, put_results, loop_results, object_results = (
            grouped_number.expand(number=grouped_items_result)
        )
        grouped_result = grouped_gathered(
            fork_a_results, loop_results, object_results, put_results
        )
    choice_result >> grouped
    with TaskGroup("nothing") as nothing:
        nothing_items_result = nothing_items()

        @task_group(group_id="number")
        def nothing_number(number):
            empty_x_result = empty_x(number)
            empty_y_result = empty_y(empty_x_result)
            return empty_x_result, empty_y_result

        empty_x_results, empty_y_results = nothing_number.expand(
            number=nothing_items_result
        )
        nothing_result = nothing_gathered(empty_x_results, empty_y_results)
    grouped_result >> nothing
    with TaskGroup("other") as other:
        other_choice = other_choose()
        with TaskGroup("False") as other_False:
            with TaskGroup("untaken"):
                # pipeline: untaken_square
                untaken_items_result = untaken_items()
                untaken_square_results = untaken_square.expand(
                    item=untaken_items_result
                )
                untaken_result = untaken_gathered(untaken_square_results)
                untaken_items_result >> untaken_result
            untaken_result >> EmptyOperator(task_id="end")
        with TaskGroup("default") as other_default:
            EmptyOperator(task_id="no")
        other_choice >> [other_False, other_default]
        other_result = other_joined(untaken_result)
        [other_False, other_default] >> other_result
    nothing_result >> other
    with TaskGroup("_odd_", group_display_name="{{ odd }}") as odd:
        odd__choice = odd__choose()
        with TaskGroup(
            "it_s_so_params_x_s_0_tou",
            group_display_name='it\'s "so" {{ params.x }} %s {0} $(touch pwned)\n',
        ) as odd__it_s_so_params_x_s_0_touch_pwned:
            it_s_so_params_x_s_0_tou_in_it__result = it_s_so_params_x_s_0_tou_in_it()
        with TaskGroup("True") as odd__True:
            True_in_it__result = True_in_it()
        with TaskGroup("None") as odd__None:
            None_in_it__result = None_in_it()
        with TaskGroup("2_5", group_display_name="2.5") as odd__2_5:
            x_2_5_in_it__result = x_2_5_in_it()
        with TaskGroup("class") as odd__class:
            class_in_it__result = class_in_it()
        odd__choice >> [
            odd__it_s_so_params_x_s_0_touch_pwned,
            odd__True,
            odd__None,
            odd__2_5,
            odd__class,
        ]
        odd__result = odd__joined(
            it_s_so_params_x_s_0_tou_in_it__result,
            True_in_it__result,
            None_in_it__result,
            x_2_5_in_it__result,
            class_in_it__result,
        )
    other_result >> odd
    with TaskGroup("map_it_s_", group_display_name='map "it\'s"') as map_it_s:
        # pipeline: task
        map_it_s__items_result = map_it_s__items()
        task_results = task_.expand(ti_item=map_it_s__items_result)
        map_it_s__result = map_it_s__gathered(task_results)
    odd__result >> map_it_s
    with TaskGroup("keep") as keep:
        keep_choice = keep_choose()
        with TaskGroup("True") as keep_True:
            old_result = old()
        with TaskGroup("False") as keep_False:
            EmptyOperator(task_id="nothing")
        keep_choice >> [keep_True, keep_False]
        keep_result = keep_joined(old_result)
        keep_False >> keep_result
    map_it_s__result >> keep
    with TaskGroup("maybe"):
        maybe_choice = maybe_choose(keep_result)
        with TaskGroup("2") as maybe_2:
            set_result = set_(keep_result)
        with TaskGroup("default") as maybe_default:
            EmptyOperator(task_id="unset")
        maybe_choice >> [maybe_2, maybe_default]
        maybe_result = maybe_joined(set_result)
        maybe_default >> maybe_result
    several_result = several(maybe_result, keep_result)
    asks_result = asks()
    several_result >> asks_result
    asks_result >> odd_variable()


corners()
