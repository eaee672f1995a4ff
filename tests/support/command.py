"""The command ``bridge`` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

BRIDGE = Path(sys.executable).with_name("bridge")


def bridge(*words: object, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """What it says, where it must end with ``code`` and without a traceback."""
    done = subprocess.run(
        [BRIDGE, *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done
