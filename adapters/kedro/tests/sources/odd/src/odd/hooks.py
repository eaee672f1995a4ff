"""Watches runs."""

from kedro.framework.hooks import hook_impl


class Timer:
    """Counts the nodes."""

    def __init__(self):
        self.count = 0

    @hook_impl
    def before_pipeline_run(self):
        self.count = 0

    @hook_impl
    def after_node_run(self, node):
        self.count += 1
