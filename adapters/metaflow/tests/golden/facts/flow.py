from metaflow import FlowSpec, current, step


class FactsFlow(FlowSpec):
    """The pipeline 'facts'."""

    @step
    def start(self):
        from datetime import datetime, timezone

        self.logical_date = datetime.now(timezone.utc).isoformat()
        self.next(self.facts)

    # inputs: step = step, attempt = attempt
    @step
    def facts(self):
        from metaflow_functions import facts
        from tasklib.arguments import call
        from tasklib.values import to_json

        self.known = to_json(
            call(
                facts,
                run=current.run_id,
                step="facts",
                attempt=current.retry_count + 1,
                when=self.logical_date,
            ),
            "known",
        )
        self.next(self.end)

    @step
    def end(self):
        pass


if __name__ == "__main__":
    FactsFlow()
