from metaflow import FlowSpec, JSONType, Parameter, step


class ScopesFlow(FlowSpec):
    """The pipeline 'scopes'."""

    x = Parameter("x", type=int, default=0)
    items = Parameter("items", type=JSONType, default="[0]")

    @step
    def start(self):
        """Split into the branches of 'first'."""
        # The branches of 'first': 'left', 'right'.
        self.next(self.rebind, self.old)

    # branch 'left' of 'first'
    # about: Binds x anew, while the other branch still sees the old one.
    @step
    def rebind(self):
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_x = to_json(add(a=self.x, b=1), "x")
        self.next(self.y_1)

    @step
    def y_1(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.y = to_json(same(value=1), "y")
        self.next(self.y_2)

    @step
    def y_2(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.y = to_json(same(value=2), "y")
        self.next(self.join_first)

    @step
    def old(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.z = to_json(same(value=self.x), "z")
        self.next(self.y_3)

    @step
    def y_3(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.y = to_json(same(value=3), "y")
        # The branches of 'inner': 'a', 'b'.
        self.next(self.w_1, self.w_2)

    # branch 'a' of 'inner'
    # pipeline: w_1
    @step
    def w_1(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.w = to_json(same(value=1), "w")
        self.next(self.join_inner)

    # branch 'b' of 'inner'
    # pipeline: w_2
    @step
    def w_2(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.w = to_json(same(value=2), "w")
        self.next(self.join_inner)

    @step
    def join_inner(self, inputs):
        """Join the branches of 'first.right.inner'."""
        self.w = inputs.w_2.w
        self.merge_artifacts(inputs)
        self.next(self.join_first)

    @step
    def join_first(self, inputs):
        """Join the branches of 'first'."""
        self.y = inputs.join_inner.y
        self.merge_artifacts(inputs)
        self.next(self.grow)

    # branch 'only' of 'second'
    # pipeline: grow
    # holds: grow
    # step 'grow'
    # inputs: items
    @step
    def grow(self):
        """Change what is given, in place."""
        from metaflow_functions import append
        from tasklib.values import to_json

        self.grown = to_json(append(items=self.items, item=self.y), "grown")
        # Only read here: goes on as it was stored.
        del self.y
        # The branches of 'third': 'keep', 'change'.
        self.next(self.read, self.longer)

    # branch 'keep' of 'third'
    # pipeline: read
    @step
    def read(self):
        """Change what is given, in place."""
        from metaflow_functions import append
        from tasklib.values import to_json

        self.more = to_json(append(items=self.grown, item=self.w), "more")
        # Only read here: goes on as it was stored.
        del self.grown, self.w
        self.next(self.join_third)

    # branch 'change' of 'third'
    # pipeline: longer
    @step
    def longer(self):
        """Change what is given, in place."""
        from metaflow_functions import append
        from tasklib.values import to_json

        self.grown = to_json(append(items=self.grown, item=self.new_x), "grown")
        # Only read here: goes on as it was stored.
        del self.new_x
        self.next(self.join_third)

    @step
    def join_third(self, inputs):
        """Join the branches of 'third'."""
        self.grown = inputs.longer.grown
        self.merge_artifacts(inputs)
        self.next(self.split_fourth)

    @step
    def split_fourth(self):
        """Split into the branches of 'fourth'."""
        # The branches of 'fourth': 'one', 'two'.
        self.next(self.end_, self.y_4)

    # branch 'one' of 'fourth'
    # pipeline: end
    @step
    def end_(self):
        """Task 'end'."""
        from metaflow_functions import same
        from tasklib.values import to_json

        self.last = to_json(same(value=self.grown), "last")
        # Only read here: goes on as it was stored.
        del self.grown
        self.next(self.join_fourth)

    # branch 'two' of 'fourth'
    # pipeline: y_4
    @step
    def y_4(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.y = to_json(same(value=4), "y")
        self.next(self.join_fourth)

    @step
    def join_fourth(self, inputs):
        """Join the branches of 'fourth'."""
        self.y = inputs.y_4.y
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ScopesFlow()
