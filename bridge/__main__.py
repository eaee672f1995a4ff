"""``python -m bridge`` is the command ``bridge``."""

from bridge.cli import main

main()
