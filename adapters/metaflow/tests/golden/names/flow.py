from metaflow import FlowSpec, Parameter, step


class TheOddNamesClassNextFlow(FlowSpec):
    """The pipeline 'the "odd" names: class, next'."""

    class_ = Parameter("class_", type=int, default=0, help="class")
    self_ = Parameter("self_", type=int, default=1, help="self")
    a_b = Parameter("a_b", type=int, default=2, help='a"b')
    name_ = Parameter("name_", type=int, default=3, help="name")
    next_ = Parameter("next_", type=int, default=4, help="next")
    input_ = Parameter("input_", type=int, default=5, help="input")
    index_ = Parameter("index_", type=int, default=6, help="index")
    start_ = Parameter("start_", type=int, default=7, help="start")
    end_ = Parameter("end_", type=int, default=8, help="end")
    Uni = Parameter("Uni", type=int, default=9, help="Ünï")
    with_space = Parameter("with_space", type=int, default=10, help="with space")
    with_space_2 = Parameter("with_space_2", type=int, default=11, help="with-space")
    params_ = Parameter("params_", type=int, default=12, help="params")
    context = Parameter("context", type=int, default=13)
    print = Parameter("print", type=int, default=14)
    odd = Parameter("odd", type=int, default=15)
    odd_2 = Parameter("odd_2", type=int, default=16, help="Odd")
    step_ = Parameter("step_", type=int, default=17, help="step")
    parameter_ = Parameter("parameter_", type=int, default=18, help="Parameter")
    max_workers_ = Parameter("max_workers_", type=int, default=19, help="max_workers")
    value = Parameter("value", type=int, default=20, help="__")
    datetime = Parameter("datetime", type=int, default=21)
    cmd_ = Parameter("cmd_", type=int, default=22, help="cmd")
    int_ = Parameter("int_", type=int, default=23, help="int")
    inputs = Parameter("inputs", type=int, default=24)
    x_1st = Parameter("x_1st", type=int, default=25, help="1st")
    merge_artifacts_ = Parameter(
        "merge_artifacts_", type=int, default=26, help="merge_artifacts"
    )
    results = Parameter("results", type=int, default=27)
    to_json = Parameter("to_json", type=int, default=28)

    @step
    def start(self):
        self.next(self.before)

    # inputs: class, self, 'a"b', name, next, input, index, start, end, Ünï, with space, with-space, params, context, print, odd, Odd, step, Parameter, max_workers, __, datetime, cmd, int, inputs, 1st, merge_artifacts, results, to_json
    @step
    def before(self):
        from metaflow_functions import odd
        from tasklib.values import to_json

        self.first = to_json(
            odd(
                Odd=self.odd_2,
                Parameter=self.parameter_,
                cmd=self.cmd_,
                context=self.context,
                datetime=self.datetime,
                end=self.end_,
                index=self.index_,
                input=self.input_,
                inputs=self.inputs,
                int=self.int_,
                max_workers=self.max_workers_,
                merge_artifacts=self.merge_artifacts_,
                name=self.name_,
                next=self.next_,
                odd=self.odd,
                params=self.params_,
                print=self.print,
                results=self.results,
                self=self.self_,
                start=self.start_,
                step=self.step_,
                to_json=self.to_json,
                Ünï=self.Uni,
                **{
                    "1st": self.x_1st,
                    "__": self.value,
                    'a"b': self.a_b,
                    "class": self.class_,
                    "with space": self.with_space,
                    "with-space": self.with_space_2,
                },
            ),
            "first",
        )
        self.next(self.class__step)

    @step
    def class__step(self):
        """Task 'class'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_class = to_json(add(a=self.class_, b=100), "class")
        self.next(self.start_2)

    @step
    def start_2(self):
        """Task 'start'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_start = to_json(add(a=self.start_, b=100), "start")
        self.next(self.next_2)

    @step
    def next_2(self):
        """Task 'next'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_next = to_json(add(a=self.next_, b=100), "next")
        self.next(self.with_space_step)

    @step
    def with_space_step(self):
        """Task 'with space'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_with_space = to_json(add(a=self.with_space, b=100), "with space")
        self.next(self.with_space_step_2)

    @step
    def with_space_step_2(self):
        """Task 'with-space'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_with_space_2 = to_json(add(a=self.with_space_2, b=100), "with-space")
        self.next(self.uni)

    @step
    def uni(self):
        """Task 'Ünï'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_Uni = to_json(add(a=self.Uni, b=100), "Ünï")
        self.next(self.self_2)

    @step
    def self_2(self):
        """Task 'self'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_self = to_json(add(a=self.self_, b=100), "self")
        self.next(self.end_2)

    @step
    def end_2(self):
        """Task 'end'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_end = to_json(add(a=self.end_, b=100), "end")
        self.next(self.after)

    # inputs: first, class, start, next, with space, with-space, Ünï, self, end
    @step
    def after(self):
        from copy import deepcopy
        from metaflow_functions import odd
        from tasklib.values import to_json

        self.second = to_json(
            odd(
                again=self.first,
                end=self.new_end,
                first=deepcopy(self.first),
                next=self.new_next,
                self=self.new_self,
                start=self.new_start,
                Ünï=self.new_Uni,
                name=self.name_,
                input=self.input_,
                index=self.index_,
                params=self.params_,
                context=self.context,
                print=self.print,
                odd=self.odd,
                Odd=self.odd_2,
                step=self.step_,
                Parameter=self.parameter_,
                max_workers=self.max_workers_,
                datetime=self.datetime,
                cmd=self.cmd_,
                int=self.int_,
                inputs=self.inputs,
                merge_artifacts=self.merge_artifacts_,
                results=self.results,
                to_json=self.to_json,
                **{
                    "class": self.new_class,
                    "with space": self.new_with_space,
                    "with-space": self.new_with_space_2,
                    'a"b': self.a_b,
                    "__": self.value,
                    "1st": self.x_1st,
                },
            ),
            "second",
        )
        # Only read here: goes on as it was stored.
        del (
            self.first,
            self.new_class,
            self.new_end,
            self.new_next,
            self.new_self,
            self.new_start,
            self.new_with_space,
            self.new_with_space_2,
            self.new_Uni,
        )
        self.next(self.swap)

    @step
    def swap(self):
        from metaflow_functions import pair
        from tasklib.values import to_json, unpack

        a_b, self_, merge_artifacts, merge_artifacts_2 = unpack(
            pair(a=self.new_self, b=self.a_b),
            ['a"b', "self", "merge_artifacts!", "merge_artifacts?"],
        )
        self.new_a_b = to_json(a_b, 'a"b')
        self.new_self = to_json(self_, "self")
        self.merge_artifacts_2 = to_json(merge_artifacts, "merge_artifacts!")
        self.merge_artifacts_3 = to_json(merge_artifacts_2, "merge_artifacts?")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TheOddNamesClassNextFlow()
