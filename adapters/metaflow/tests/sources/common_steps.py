"""What several flows have in common."""

from metaflow import FlowSpec, step

FACTOR = 7


def scaled(values):
    return [value * FACTOR for value in values]


class CommonSteps(FlowSpec):
    PREFIX = "common"

    def prefixed(self, text):
        return self.PREFIX + text

    @step
    def common(self):
        self.told = [self.prefixed(text) for text in self.seen]
        self.scaled = scaled([1, 2])
        self.next(self.end)
