from metaflow import FlowSpec, JSONType, Parameter, retry, step


class LoopsFlow(FlowSpec):
    """The pipeline 'loops'."""

    x = Parameter("x", type=int, default=1)
    limit = Parameter("limit", type=int, default=20)
    words = Parameter("words", type=JSONType, default='["start"]')

    @step
    def start(self):
        self.next(self.again)

    # inside 'double'
    # pipeline: again
    # step 'again'
    # inputs: x, limit
    @retry(times=1, minutes_between_retries=0)
    @step
    def again(self):
        """Loop 'double': 'again', until 'done', 10 times at most."""
        from metaflow_functions import doubled
        from tasklib.arguments import call
        from tasklib.values import to_json

        self.double_index = getattr(self, "double_index", -1) + 1
        x, done = call(doubled, x=getattr(self, "new_x", self.x), limit=self.limit)
        self.new_x = to_json(x, "x")
        self.done = to_json(done, "done")
        self.double_over = bool(self.done) or self.double_index == 9
        self.next({False: self.again, True: self.split_fork}, condition="double_over")

    @step
    def split_fork(self):
        """Split into the branches of 'fork'."""
        # The branches of 'fork': 'left', 'right'.
        self.next(self.grow, self.two)

    # inside 'collect'
    # pipeline: grow
    # step 'grow'
    # inputs: by = step
    @step
    def grow(self):
        """Loop 'collect': 'grow', 2 times at most, counted as 'index'."""
        from metaflow_functions import grow
        from tasklib.arguments import call
        from tasklib.values import to_json

        self.index_ = getattr(self, "index_", -1) + 1
        self.new_words = to_json(
            call(
                grow,
                items=getattr(self, "new_words", self.words),
                by=f"fork.left.collect.{self.index_}.grow",
            ),
            "words",
        )
        self.collect_over = self.index_ == 1
        self.next({False: self.grow, True: self.meet}, condition="collect_over")

    @step
    def meet(self):
        self.next(self.join_fork)

    @step
    def two(self):
        """'two' in one step: one task that repeats the branch."""
        from metaflow_functions import same
        from tasklib.steps import step
        from tasklib.values import to_json

        for i in range(2):
            with step(f"fork.right.two.{i}.y_1"):
                y = to_json(same(value=1), "y")
            with step(f"fork.right.two.{i}.z_2"):
                z = to_json(same(value=2), "z")
        self.y = y
        self.z = z
        self.next(self.join_fork)

    @step
    def join_fork(self, inputs):
        """Join the branches of 'fork'."""
        self.merge_artifacts(inputs)
        self.next(self.one)

    # inside 'count'
    # pipeline: one
    @step
    def one(self):
        """Loop 'count': 'one', 3 times at most, counted as 'class'."""
        from metaflow_functions import same
        from tasklib.values import to_json

        self.class_ = getattr(self, "class_", -1) + 1
        self.last = to_json(same(value=self.class_), "last")
        self.count_over = self.class_ == 2
        self.next({False: self.one, True: self.end}, condition="count_over")

    @step
    def end(self):
        pass


if __name__ == "__main__":
    LoopsFlow()
