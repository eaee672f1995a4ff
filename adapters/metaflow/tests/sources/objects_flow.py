"""Items that are no JSON, choices inside of them, and what only some of them set."""

from metaflow import FlowSpec, step


class Box:
    def __init__(self, size):
        self.size = size


class ObjectsFlow(FlowSpec):
    @step
    def start(self):
        self.boxes = (Box(1), Box(9))
        self.base = 100
        self.note = "outer"
        self.next(self.look, foreach="boxes")

    @step
    def look(self):
        self.size = self.input.size + self.base
        self.is_big = self.size > 103
        self.next({True: self.big, False: self.small}, condition="is_big")

    @step
    def big(self):
        self.note = f"big {self.size}"
        self.extra = self.size
        self.next(self.meet)

    @step
    def small(self):
        self.next(self.meet)

    @step
    def meet(self):
        self.base += 1
        self.next(self.gather)

    @step
    def gather(self, inputs):
        """Put together what was made of each box."""
        self.sizes = [i.size for i in inputs]
        self.notes = {}
        for number, one in enumerate(inputs):
            self.notes[str(number)] = one.note
        self.count = len(list(inputs))
        self.largest = max(i.size for i in inputs)
        self.merge_artifacts(inputs, exclude=["size", "is_big", "note", "extra", "boxes", "base"])
        self.next(self.fan)

    @step
    def fan(self):
        self.next(self.one, foreach="sizes")

    @step
    def one(self):
        self.half = self.input // 2
        self.next(self.halves)

    @step
    def halves(self, inputs):
        self.halves_of = sorted(i.half for i in inputs)
        self.count = inputs[0].count
        self.notes = inputs[0].notes
        self.next(self.end)

    @step
    def end(self):
        print(self.halves_of, self.count, self.notes)


if __name__ == "__main__":
    ObjectsFlow()
