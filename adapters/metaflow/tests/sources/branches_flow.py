from metaflow import FlowSpec, step


class BranchesFlow(FlowSpec):
    """Branches that change what others have too."""

    FACTOR = 3
    BASE = FACTOR + 1

    @step
    def start(self):
        self.x = 1
        self.shared = {"a": [1, 2]}
        self.kept = "kept"
        self.next(self.left, self.right, self.still)

    @step
    def left(self):
        self.x = self.x + self.FACTOR
        self.only_left = [self.x]
        self.shared["left"] = [self.BASE]
        self.next(self.join)

    @step
    def right(self):
        self.x = self.x * 10
        alias = self.shared["a"]
        alias.append(3)
        self.same = "same"
        self.next(self.join)

    @step
    def still(self):
        self.same = "same"
        self.next(self.join)

    @step
    def join(self, inputs):
        """Take of each what is best."""
        self.sum_of_x = inputs.left.x + inputs.right.x + inputs.still.x
        self.x = inputs.left.x
        self.shared = inputs.right.shared
        self.all_shared = [sorted(i.shared) for i in (inputs.left, inputs.right)]
        # what is alike, or in one branch alone
        self.merge_artifacts(inputs)
        self.next(self.nested)

    @step
    def nested(self):
        self.next(self.one, self.two)

    @step
    def one(self):
        self.y = self.x + 1
        self.next(self.deep_one, self.deep_two)

    @step
    def deep_one(self):
        self.z = self.y + 1
        self.next(self.deep_join)

    @step
    def deep_two(self):
        self.z = self.y + 2
        self.next(self.deep_join)

    @step
    def deep_join(self, inputs):
        self.z = max(inp.z for inp in inputs)
        self.merge_artifacts(inputs, exclude=["y"])
        self.y = inputs.deep_one.y
        self.next(self.outer_join)

    @step
    def two(self):
        self.y = 100
        self.next(self.outer_join)

    @step
    def outer_join(self, inputs):
        self.ys = {"deep": inputs.deep_join.y, "two": inputs.two.y}
        self.kept = inputs.two.kept
        self.z = inputs.deep_join.z
        self.same = inputs.two.same
        self.next(self.end)

    @step
    def end(self):
        self.told = f"{self.ys} {self.z} {self.kept} {self.same}"


if __name__ == "__main__":
    BranchesFlow()
