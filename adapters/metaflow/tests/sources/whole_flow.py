from metaflow import FlowSpec, step


def note(flow, text):
    flow.notes.append(text)
    flow.last = text


class WholeFlow(FlowSpec):
    """What cannot be taken apart."""

    WORDS = ("x", "y")

    @step
    def start(self):
        self.notes = []
        for word in self.WORDS:
            setattr(self, word, word * 2)
        note(self, "begun")
        self.next(self.look)

    @step
    def look(self):
        self.seen = {word: getattr(self, word) for word in self.WORDS}
        self.has = [hasattr(self, "notes"), hasattr(self, "nowhere")]
        if len(self.notes) > 5:
            self.rare = 1
        note(self, "looked")
        self.next(self.end)

    @step
    def end(self):
        total = 0

        def add(value):
            nonlocal total
            total += value
            self.total = total

        for number in range(3):
            add(number)
        self.told = self.x + self.y + str(getattr(self, "rare", "none"))


if __name__ == "__main__":
    WholeFlow()
