from metaflow import FlowSpec, JSONType, Parameter, current, step


class TrainingFlow(FlowSpec):
    """Two models are trained; the better one is looked into."""

    rows = Parameter("rows", type=int, default=10)
    ratio = Parameter("ratio", type=float, default=0.2)
    sizes = Parameter("sizes", type=JSONType, default='{"first": 3, "second": 5}')
    unit = Parameter("unit", type=str, default="rows")

    @step
    def start(self):
        self.next(self.prepare)

    @step
    def prepare(self):
        """Write some data and say how much there is."""
        from metaflow_functions import prepare
        from tasklib.files import catalog
        from tasklib.values import to_json

        with catalog(put=["data/*.csv"]) as files:
            self.prepare_files = files.manifest  # filled at the end
            counts = prepare(rows=self.rows, ratio=self.ratio)
        self.counts = to_json(counts, "counts")
        # The branches of 'fit': 'first', 'second'.
        self.next(self.first_train, self.second_train)

    # branch 'first' of 'fit'
    # pipeline: train
    # step 'train'
    # metrics: first_score
    @step
    def first_train(self):
        """Task 'train': Return a model and how good it is."""
        from metaflow_functions import train
        from tasklib.files import catalog
        from tasklib.values import to_json

        with catalog(get=["data/*.csv"], upstream=[self.prepare_files]):
            first, first_score = train(size=self.sizes["first"], counts=self.counts)
        self.first = first
        self.first_score = to_json(first_score, "first_score")
        # Only read here: goes on as it was stored.
        del self.counts
        self.next(self.select)

    # branch 'second' of 'fit'
    # pipeline: train
    # step 'train'
    # metrics: second_score
    @step
    def second_train(self):
        """Task 'train': Return a model and how good it is."""
        from metaflow_functions import train
        from tasklib.files import catalog
        from tasklib.values import to_json

        with catalog(get=["data/*.csv"], upstream=[self.prepare_files]):
            second, second_score = train(size=self.sizes["second"], counts=self.counts)
        self.second = second
        self.second_score = to_json(second_score, "second_score")
        # Only read here: goes on as it was stored.
        del self.counts
        self.next(self.select)

    @step
    def select(self, inputs):
        from metaflow_functions import select

        self.merge_artifacts(inputs)
        self.best = select(
            first=self.first,
            second=self.second,
            first_score=self.first_score,
            second_score=self.second_score,
        )
        # Only read here: goes on as it was stored.
        del self.first, self.second
        self.next(self.evaluate)

    @step
    def evaluate(self):
        from metaflow_functions import evaluate
        from tasklib.values import to_json

        self.evaluation = to_json(
            evaluate(model=self.best, counts=self.counts), "evaluation"
        )
        # Only read here: goes on as it was stored.
        del self.best, self.counts
        self.next(self.examine)

    @step
    def examine(self):
        """Run the notebook metaflow_examine.ipynb."""
        from tasklib.files import catalog
        from tasklib.notebook import run_notebook

        with catalog(put=["words.txt"]) as files:
            self.examine_files = files.manifest  # filled at the end
            results = run_notebook(
                "metaflow_examine.ipynb",
                {"evaluation": self.evaluation},
                returns={"words": "json"},
                save_as=f".notebooks/{current.run_id}/examine.ipynb",
            )
        self.words = results["words"]
        self.next(self.report_step)

    @step
    def report_step(self):
        """Task 'report'."""
        from tasklib.files import catalog
        from tasklib.shell import run_shell

        with catalog(
            get=["words.txt"],
            put=["report-*.txt"],
            upstream=[self.examine_files],
            store_copy=False,
        ) as files:
            self.report_step_files = files.manifest  # filled at the end
            results = run_shell(
                (
                    "\n"
                    "                export lines=$(wc -l < words.txt)\n"
                    '                export report="$lines $unit"\n'
                    "                echo ok > report-1.txt\n"
                    "            "
                ),
                {"unit": self.unit},
                returns=["lines", "report"],
            )
        self.lines = results["lines"]
        self.report = results["report"]
        self.next(self.deploy)

    # to: 'production'
    @step
    def deploy(self):
        """A stub: nothing is done here yet."""
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    TrainingFlow()
