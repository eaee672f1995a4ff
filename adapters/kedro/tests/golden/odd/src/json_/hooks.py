"""What nodes may know of the run they are part of."""

from kedro.framework.hooks import hook_impl


class RunFacts:
    """Adds facts of the run to the catalog."""

    @hook_impl
    def after_catalog_created(self, catalog, save_version):
        """``save_version`` is the id of the session."""
        catalog["run_id"] = save_version
