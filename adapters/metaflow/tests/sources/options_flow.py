from metaflow import Config, FlowSpec, IncludeFile, JSONType, Parameter, step


class OptionsFlow(FlowSpec):
    """All that a run can be given."""

    count = Parameter("count", type=int, default="4", help="how many")
    ratio = Parameter("ratio", default=0.5)
    flag = Parameter("flag", default=False, show_default=True)
    words = Parameter("words", default="a,b", separator=",")
    table = Parameter("table", type=JSONType, default='{"k": [1, 2]}')
    nothing = Parameter("nothing", type=int)
    settings = Config("settings", default_value={"depth": 2, "inner": {"name": "n"}})
    from_file = Config("from_file", default="options.json")
    text = IncludeFile("text", default="options.txt", encoding="utf-8")

    @step
    def start(self):
        self.total = self.count * self.ratio
        self.table["k"].append(3)
        self.keys = sorted(self.table["k"])
        self.lines = self.text.split()
        self.names = [self.settings.inner.name, self.from_file.place["at"], *self.words]
        self.depth = self.settings["depth"] + self.settings.get("more", 1)
        self.missing = self.nothing is None and not self.flag
        self.next(self.end)

    @step
    def end(self):
        self.told = f"{self.total} {self.names}"


if __name__ == "__main__":
    OptionsFlow()
