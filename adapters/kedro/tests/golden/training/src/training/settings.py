"""Project settings; what is not set here is as Kedro has it by default.

See https://docs.kedro.org/en/stable/configure/configuration_basics/#configuration
"""

import os
from pathlib import Path

# Where the files that tasks hand on are kept, unless the environment says otherwise.
os.environ.setdefault(
    "PIPELINE_STORE", str(Path(__file__).parents[2] / "data" / "store")
)
