"""`python -m podium`, and the `podium` command."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; exits with 0 (done), 1 (the work failed) or 2 (usage or configuration)."""
    from podium.surface.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
