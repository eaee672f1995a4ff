"""Items in items, a choice, and a step that repeats itself."""

from metaflow import FlowSpec, Parameter, step


class StructureFlow(FlowSpec):
    """Measure some towns."""

    limit = Parameter("limit", default=3, help="how often to halve")

    @step
    def start(self):
        self.towns = ["Lund", "Bath"]
        self.next(self.town, foreach="towns")

    # One town, with its streets.
    @step
    def town(self):
        """Look at one town."""
        self.name_of_town = self.input
        self.streets = [f"{self.input} {number}" for number in range(self.index + 1)]
        self.next(self.street, foreach="streets")

    @step
    def street(self):
        outer, inner = self.foreach_stack()
        self.length = len(self.input) * 10 + outer[0]
        self.place = (outer[1], inner)
        self.next(self.join_streets)

    @step
    def join_streets(self, inputs):
        self.lengths = [i.length for i in inputs]
        self.longest = max(inputs, key=lambda i: i.length).place
        self.merge_artifacts(inputs, include=["name_of_town", "towns"])
        self.next(self.join_towns)

    @step
    def join_towns(self, inputs):
        self.total = sum(sum(i.lengths) for i in inputs)
        self.by_town = {i.name_of_town: i.longest for i in inputs}
        self.towns = inputs[0].towns
        self.next(self.route)

    @step
    def route(self):
        """Is that much?"""
        self.size = "much" if self.total > 50 else "little"
        self.next({"much": self.halve, "little": self.double}, condition="size")

    @step
    def halve(self):
        self.count = getattr(self, "count", 0) + 1
        self.total //= 2
        self.more = self.count < self.limit
        self.next({True: self.halve, False: self.end}, condition="more")

    @step
    def double(self):
        self.total *= 2
        self.next(self.end)

    @step
    def end(self):
        """Tell."""
        print(self.total, self.by_town)


if __name__ == "__main__":
    StructureFlow()
