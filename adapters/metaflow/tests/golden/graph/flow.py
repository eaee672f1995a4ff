from metaflow import FlowSpec, Parameter, step


class GraphFlow(FlowSpec):
    """The pipeline 'graph'."""

    # order: data
    # steps: a, b, d, c, last, apart, after

    start_ = Parameter("start_", type=int, default=1, help="start")

    @step
    def start(self):
        self.next(self.split, self.apart)

    @step
    def split(self):
        self.next(self.a_step, self.b)

    @step
    def a_step(self):
        """Task 'a'."""
        from metaflow_functions import same
        from tasklib.values import to_json

        self.a = to_json(same(value=self.start_), "a")
        self.next(self.join)

    @step
    def b(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.x = to_json(same(value=10), "x")
        self.next(self.join)

    @step
    def join(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.split_2)

    @step
    def split_2(self):
        self.next(self.d, self.c_step)

    @step
    def d(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.next_ = to_json(same(value=self.x), "next")
        # Only read here: goes on as it was stored.
        del self.x
        self.next(self.last)

    # inputs: a
    @step
    def c_step(self):
        """Task 'c'."""
        from metaflow_functions import add
        from tasklib.values import to_json

        self.c = to_json(add(a=self.a, b=self.x), "c")
        # Only read here: goes on as it was stored.
        del self.a, self.x
        self.next(self.last)

    @step
    def last(self, inputs):
        from metaflow_functions import add
        from tasklib.values import to_json

        self.merge_artifacts(inputs)
        self.end_ = to_json(add(a=self.c, b=self.next_), "end")
        # Only read here: goes on as it was stored.
        del self.c, self.next_
        self.next(self.after)

    # after: last
    @step
    def after(self):
        """A stub: nothing is done here yet."""
        self.next(self.join_2)

    @step
    def apart(self):
        from metaflow_functions import nothing
        from tasklib.values import to_json

        self.none = to_json(nothing(), "none")
        self.next(self.join_2)

    @step
    def join_2(self, inputs):
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    GraphFlow()
