from metaflow import (
    FlowSpec,
    JSONType,
    Parameter,
    environment,
    resources,
    retry,
    schedule,
    step,
    timeout,
)


@schedule(cron="30 6 * * 1-5")
class PagesFlow(FlowSpec):
    """Get pages, count their words, and publish them if there are enough."""

    urls = Parameter(
        "urls", type=JSONType, default='["example.org/a", "example.org/b"]'
    )
    limit = Parameter("limit", type=int, default=5)

    @step
    def start(self):
        self.next(self.each_page)

    @step
    def each_page(self):
        """Go over 'urls', if there is anything in it."""
        from tasklib.steps import each

        self.each_page_any = bool(each("each_page", self.urls))
        self.next(
            {True: self.split_each_page, False: self.empty_each_page},
            condition="each_page_any",
        )

    @step
    def split_each_page(self):
        """One task for each 'url'."""
        self.next(self.fetch, foreach="urls")

    @retry(times=2, minutes_between_retries=1)
    @timeout(seconds=30)
    @step
    def fetch(self):
        """Get a page."""
        from metaflow_functions import fetch
        from tasklib.values import to_json

        self.page = to_json(fetch(url=self.input), "page")
        self.next(self.count)

    @step
    def count(self):
        """Count the words of a page."""
        from metaflow_functions import count
        from tasklib.values import to_json

        self.words = to_json(count(page=self.page), "words")
        self.next(self.join_each_page)

    @step
    def join_each_page(self, inputs):
        """Gather what was made of each 'url'."""
        self.page = [item.page for item in inputs]
        self.words = [item.words for item in inputs]
        self.merge_artifacts(inputs)
        self.next(self.judge)

    @step
    def empty_each_page(self):
        """There was no 'url' at all."""
        self.page = []
        self.words = []
        self.next(self.judge)

    @step
    def judge(self):
        """Is there enough to publish?"""
        from metaflow_functions import judge
        from tasklib.values import to_json

        verdict, total = judge(words=self.words, limit=self.limit)
        self.verdict = to_json(verdict, "verdict")
        self.total = to_json(total, "total")
        # Only read here: goes on as it was stored.
        del self.words
        self.next(self.is_it_enough)

    @step
    def is_it_enough(self):
        """Take the branch that 'verdict' asks for."""
        from tasklib.steps import choose

        self.is_it_enough_branch = choose(
            "is_it_enough", self.verdict, ["long", "short"]
        )
        self.next(
            {"long": self.publish, "short": self.complain},
            condition="is_it_enough_branch",
        )

    # branch 'long' of 'is_it_enough'
    # pipeline: publish
    @resources(cpu=2, memory=4096)
    @environment(vars={"SITE": "example.org"})
    @step
    def publish(self):
        """Publish the pages."""
        from metaflow_functions import publish
        from tasklib.values import to_json

        self.address = to_json(publish(total=self.total), "address")
        self.next(self.summarise)

    # branch 'short' of 'is_it_enough'
    # pipeline: complain
    @step
    def complain(self):
        """Tell that there is too little."""
        from metaflow_functions import complain

        complain(total=self.total)
        self.next(self.summarise)

    @step
    def summarise(self):
        """Say where the words are."""
        from metaflow_functions import summarise
        from tasklib.arguments import call
        from tasklib.steps import ABSENT, present
        from tasklib.values import to_json

        self.summary = to_json(
            call(
                summarise,
                total=self.total,
                **present({"address": getattr(self, "address", ABSENT)}),
            ),
            "summary",
        )
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    PagesFlow()
