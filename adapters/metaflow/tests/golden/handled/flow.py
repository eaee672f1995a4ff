from metaflow import FlowSpec, JSONType, Parameter, catch, retry, step


class HandledFlow(FlowSpec):
    """The pipeline 'handled'."""

    text = Parameter("text", type=str, default="why")
    items = Parameter("items", type=JSONType, default="[1]")
    k = Parameter("k", type=int, default=1)

    @step
    def start(self):
        self.next(self.first)

    # inputs: items
    @step
    def first(self):
        from metaflow_functions import grow
        from tasklib.values import to_json

        self.grown = to_json(grow(items=self.items, by=self.k), "grown")
        self.next(self.safe)

    @catch(var="safe_error")
    @step
    def safe(self):
        from metaflow_functions import add
        from tasklib.values import to_json

        self.two = to_json(add(a=self.k, b=self.k), "two")
        self.next(self.check_safe)

    @step
    def check_safe(self):
        """Go on, or handle the failure of 'safe'."""
        self.safe_failed = self.safe_error is not None
        self.next({True: self.never, False: self.risky}, condition="safe_failed")

    @step
    def never(self):
        """A stub: nothing is done here yet."""
        self.next(self.end)

    # inputs: text
    @catch(var="risky_error")
    @retry(times=1, minutes_between_retries=0)
    @step
    def risky(self):
        """Change what is given, store a file, and fail."""
        from copy import deepcopy
        from metaflow_functions import grow_and_fail
        from tasklib.files import catalog
        from tasklib.values import to_json

        with catalog(put=["kept.txt"]) as files:
            self.risky_files = files.manifest  # filled at the end
            grown, k = grow_and_fail(items=deepcopy(self.grown), text=self.text)
        self.grown, self.new_k = to_json(grown, "grown"), to_json(k, "k")
        self.next(self.check_risky)

    @step
    def check_risky(self):
        """Go on, or handle the failure of 'risky'."""
        self.risky_failed = self.risky_error is not None
        self.next({True: self.read, False: self.end_}, condition="risky_failed")

    @step
    def read(self):
        from metaflow_functions import read
        from tasklib.files import catalog
        from tasklib.values import to_json

        with catalog(get=["kept.*"], upstream=[getattr(self, "risky_files", None)]):
            found = read()
        self.found = to_json(found, "found")
        self.next(self.each)

    @step
    def each(self):
        """Go over 'grown', if there is anything in it."""
        from tasklib.steps import each

        self.each_any = bool(each("risky.on_failure.each", self.grown))
        self.next({True: self.split_each, False: self.empty_each}, condition="each_any")

    @step
    def split_each(self):
        """One task for each 'one'."""
        self.next(self.mend, foreach="grown")

    # inside 'each'
    # pipeline: mend
    @step
    def mend(self):
        from metaflow_functions import add
        from tasklib.values import to_json

        self.new_k = to_json(add(a=self.input, b=self.two), "k")
        # Only read here: goes on as it was stored.
        del self.two, self.grown
        self.next(self.join_each)

    @step
    def join_each(self, inputs):
        """Gather what was made of each 'one'."""
        self.new_k = [item.new_k for item in inputs]
        self.merge_artifacts(inputs)
        self.next(self.end)

    @step
    def empty_each(self):
        """There was no 'one' at all."""
        self.new_k = []
        self.next(self.end)

    @step
    def end_(self):
        """Task 'end'."""
        from metaflow_functions import same
        from tasklib.values import to_json

        self.last = to_json(same(value=self.new_k), "last")
        # Only read here: goes on as it was stored.
        del self.new_k
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    HandledFlow()
