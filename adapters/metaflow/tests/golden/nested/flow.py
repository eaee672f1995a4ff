from metaflow import FlowSpec, JSONType, Parameter, card, step, timeout


class NestedFlow(FlowSpec):
    """The pipeline 'nested'."""

    rows = Parameter("rows", type=JSONType, default="[[1], []]")
    x = Parameter("x", type=int, default=10)
    seen = Parameter("seen", type=JSONType, default='["start"]')
    input_ = Parameter(
        "input_",
        type=str,
        default=('it\'s "{x}" {{ x }} %s $(touch pwned) ${x}\nnext'),
        help="input",
    )

    @step
    def start(self):
        self.next(self.each_row)

    @step
    def each_row(self):
        """Map 'each 'row'': Go over 'rows', if there is anything in it."""
        from tasklib.steps import each

        self.each_row_any = bool(each("each 'row'", self.rows))
        self.next(
            {True: self.split_each_row, False: self.empty_each_row},
            condition="each_row_any",
        )

    @step
    def split_each_row(self):
        """One task for each 'index'."""
        self.next(self.class_, foreach="rows")

    @step
    def class_(self):
        """Map 'class': Go over 'index', if there is anything in it."""
        from tasklib.steps import each

        self.index_ = self.input
        self.class__any = bool(each(f"each 'row'.{self.index}.class", self.index_))
        self.next(
            {True: self.split_class, False: self.empty_class}, condition="class__any"
        )

    @step
    def split_class(self):
        """One task for each 'input'."""
        self.next(self.add, foreach="index_")

    @card(type="blank")
    @step
    def add(self):
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_x = to_json(add(a=self.input, b=self.index_[0]), "x")
        # Only read here: goes on as it was stored.
        del self.index_
        self.next(self.join_class)

    @step
    def join_class(self, inputs):
        """Gather what was made of each 'input'."""
        self.new_x = [item.new_x for item in inputs]
        self.merge_artifacts(inputs)
        self.next(self.reduce_class)

    @step
    def empty_class(self):
        """There was no 'input' at all."""
        self.new_x = []
        self.next(self.reduce_class)

    @step
    def reduce_class(self):
        """Make one value of each list of 'class'."""
        from metaflow_functions import largest
        from tasklib.steps import reduced
        from tasklib.values import to_json

        self.new_x = to_json(
            reduced(f"each 'row'.{self.index}.class", largest, self.new_x), "x"
        )
        self.next(self.each_row__grow)

    @step
    def each_row__grow(self):
        """'grow' in one step: @retry waits for the same whole minutes each time, so
        the attempts are a loop.
        """
        from copy import deepcopy
        from metaflow_functions import grow
        from tasklib.steps import attempts
        from tasklib.values import to_json

        for attempt in attempts(f"each 'row'.{self.index}.grow", retries=1, delay=0.5):
            with attempt:
                grown = to_json(
                    grow(items=deepcopy(self.input), by=deepcopy(self.new_x)), "grown"
                )
        self.grown = grown
        # Only read here: goes on as it was stored.
        for name in ["new_x"]:
            vars(self).pop(name, None)
        # The branches of 'fork': 'left', 'right'.
        self.next(self.left_grow, self.it_s_x_x_s_touch_pwned_x)

    @step
    def left_grow(self):
        """Task 'grow'."""
        from metaflow_functions import grow
        from tasklib.values import to_json

        self.new_seen = to_json(grow(items=self.seen, by=self.new_x), "seen")
        # Only read here: goes on as it was stored.
        del self.new_x
        self.next(self.join_fork)

    @step
    def it_s_x_x_s_touch_pwned_x(self):
        """Conditional 'it's "{x}" {{ x }} %s $(touch pwned) ${x}': Take the branch that 'input' asks for."""
        from tasklib.steps import choose

        self.it_s_x_x_s_touch_pwned_x_branch = str(
            choose(
                f"each 'row'.{self.index}.fork.right.it's \"{{x}}\" {{{{ x }}}} %s $(touch pwned) ${{x}}",
                self.input_,
                ['it\'s "{x}" {{ x }} %s $(touch pwned) ${x}\nnext', 0.5],
            )
        )
        self.next(
            {
                'it\'s "{x}" {{ x }} %s $(touch pwned) ${x}\nnext': self.odd_7,
                "0.5": self.even_8,
            },
            condition="it_s_x_x_s_touch_pwned_x_branch",
        )

    @timeout(seconds=60)
    @step
    def odd_7(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.odd = to_json(same(value=7), "odd")
        self.next(self.meet)

    @step
    def even_8(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.even = to_json(same(value=8), "even")
        self.next(self.meet)

    @step
    def meet(self):
        self.next(self.join_fork)

    @step
    def join_fork(self, inputs):
        """Join the branches of 'each 'row'.fork'."""
        self.merge_artifacts(inputs)
        self.next(self.join_each_row)

    @step
    def join_each_row(self, inputs):
        """Gather what was made of each 'index'."""
        self.new_x = [item.new_x for item in inputs]
        self.grown = [item.grown for item in inputs]
        self.new_seen = [item.new_seen for item in inputs]
        self.odd = [item.odd for item in inputs if hasattr(item, "odd")]
        self.even = [item.even for item in inputs if hasattr(item, "even")]
        self.merge_artifacts(
            inputs, exclude=["class__any", "index_", "it_s_x_x_s_touch_pwned_x_branch"]
        )
        self.next(self.after)

    @step
    def empty_each_row(self):
        """There was no 'index' at all."""
        self.new_x = []
        self.grown = []
        self.new_seen = []
        self.odd = []
        self.even = []
        self.next(self.after)

    # inputs: x, seen, odd, even, grown
    @step
    def after(self):
        from metaflow_functions import odd
        from tasklib.values import to_json

        self.all = to_json(
            odd(
                even=self.even,
                grown=self.grown,
                odd=self.odd,
                seen=self.new_seen,
                x=self.new_x,
                rows=self.rows,
                input=self.input_,
            ),
            "all",
        )
        # Only read here: goes on as it was stored.
        del self.even, self.grown, self.odd, self.new_seen, self.new_x
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    NestedFlow()
