import os

from metaflow import (
    FlowSpec,
    card,
    catch,
    current,
    environment,
    project,
    resources,
    retry,
    schedule,
    step,
    timeout,
)


@project(name="caught")
@schedule(cron="0 3 * * ? *", timezone="Europe/Berlin")
class CaughtFlow(FlowSpec):
    """Steps that fail, are tried again, or have needs."""

    @environment(vars={"GREETING": "hello"})
    @step
    def start(self):
        self.greeting = os.environ["GREETING"]
        self.kept = ["before"]
        self.next(self.flaky)

    @retry(times=2, minutes_between_retries=0)
    @resources(cpu=1, memory=512)
    @step
    def flaky(self):
        if current.retry_count < 2:
            raise ValueError("not yet")
        self.tried = current.retry_count
        self.next(self.risky)

    @catch(var="problem", print_exception=False)
    @retry(times=1, minutes_between_retries=0)
    @timeout(minutes=1, seconds=30)
    @step
    def risky(self):
        self.begun = True
        self.kept.append("begun")
        raise RuntimeError("always")
        self.next(self.safe)

    @catch(var="other", print_exception=False)
    @step
    def safe(self):
        self.done = "done"
        self.next(self.shown)

    @card(type="blank", id="c")
    @step
    def shown(self):
        self.problem_text = self.problem.exception if self.problem else ""
        self.kind = self.problem.type
        self.next(self.end)

    @step
    def end(self):
        self.all = [self.greeting, self.tried, self.begun, self.kept, self.other, self.done]


if __name__ == "__main__":
    CaughtFlow()
