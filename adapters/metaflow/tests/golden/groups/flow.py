from metaflow import FlowSpec, JSONType, Parameter, step


class ScopesFlow(FlowSpec):
    """The pipeline 'scopes'."""

    x = Parameter("x", type=int, default=0)
    items = Parameter("items", type=JSONType, default="[0]")

    @step
    def start(self):
        """Split into the branches of 'first'."""
        # The branches of 'first': 'left', 'right'.
        self.next(self.rebind_to_y_1, self.old_to_y_3_step)

    # branch 'left' of 'first'
    # about: Binds x anew, while the other branch still sees the old one.
    @step
    def rebind_to_y_1(self):
        """2 tasks in one step: Metaflow has room for some 900 steps in a row."""
        self.rebind()
        self.y_1()
        self.next(self.y_2_step)

    def rebind(self):
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_x = to_json(add(a=self.x, b=1), "x")

    def y_1(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.y = to_json(same(value=1), "y")

    @step
    def y_2_step(self):
        """Task 'y_2'."""
        from metaflow_functions import same
        from tasklib.values import to_json

        self.y_2 = to_json(same(value=2), "y")
        self.next(self.grow_to_read)

    @step
    def old_to_y_3_step(self):
        """2 tasks in one step: Metaflow has room for some 900 steps in a row."""
        self.old()
        self.y_3_step()
        self.next(self.w_1_to_w_2_step)

    def old(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.z = to_json(same(value=self.x), "z")

    def y_3_step(self):
        """Task 'y_3'."""
        from metaflow_functions import same
        from tasklib.values import to_json

        self.y_3 = to_json(same(value=3), "y")

    # branch 'a' of 'inner'
    # pipeline: w_1
    # holds: w_1
    # branch 'b' of 'inner'
    # pipeline: w_2
    # holds: w_2
    @step
    def w_1_to_w_2_step(self):
        """2 tasks in one step: Metaflow has room for some 900 steps in a row."""
        self.w_1()
        self.w_2_step()
        self.next(self.grow_to_read)

    def w_1(self):
        from metaflow_functions import same
        from tasklib.values import to_json

        self.w = to_json(same(value=1), "w")

    def w_2_step(self):
        """Task 'w_2'."""
        from metaflow_functions import same
        from tasklib.values import to_json

        self.w_2 = to_json(same(value=2), "w")

    # branch 'only' of 'second'
    # pipeline: grow
    # holds: grow
    # step 'grow'
    # inputs: items
    # branch 'keep' of 'third'
    # pipeline: read
    # holds: read
    @step
    def grow_to_read(self, inputs):
        """2 tasks in one step: Metaflow has room for some 900 steps in a row."""
        self.merge_artifacts(inputs)
        self.grow()
        self.read()
        self.next(self.longer_to_end)

    def grow(self):
        """Change what is given, in place."""
        from copy import deepcopy
        from metaflow_functions import append
        from tasklib.values import to_json

        self.grown = to_json(append(items=deepcopy(self.items), item=self.y_3), "grown")
        # Only read here: goes on as it was stored.
        del self.y_3

    def read(self):
        """Change what is given, in place."""
        from copy import deepcopy
        from metaflow_functions import append
        from tasklib.values import to_json

        self.more = to_json(append(items=deepcopy(self.grown), item=self.w_2), "more")
        # Only read here: goes on as it was stored.
        del self.w_2

    # branch 'change' of 'third'
    # pipeline: longer
    # holds: longer
    # branch 'one' of 'fourth'
    # pipeline: end
    # holds: end
    @step
    def longer_to_end(self):
        """2 tasks in one step: Metaflow has room for some 900 steps in a row."""
        self.longer()
        self.end_()
        self.next(self.y_4_step)

    def longer(self):
        """Change what is given, in place."""
        from metaflow_functions import append
        from tasklib.values import to_json

        self.grown_2 = to_json(append(items=self.grown, item=self.new_x), "grown")
        # Only read here: goes on as it was stored.
        del self.grown, self.new_x

    def end_(self):
        """Task 'end'."""
        from copy import deepcopy
        from metaflow_functions import same
        from tasklib.values import to_json

        self.last = to_json(same(value=deepcopy(self.grown_2)), "last")

    # branch 'two' of 'fourth'
    # pipeline: y_4
    # holds: y_4
    @step
    def y_4_step(self):
        """Task 'y_4'."""
        from metaflow_functions import same
        from tasklib.values import to_json

        self.y_4 = to_json(same(value=4), "y")
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    ScopesFlow()
