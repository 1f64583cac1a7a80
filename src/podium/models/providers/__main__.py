"""Renew the generated parts of the pages named: `python -m podium.models.providers docs/providers.md`.

For those who change a preset. Apart from `reference`, because a module cannot well be imported and run at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from .reference import renewed


def main(arguments: Sequence[str]) -> int:
    """Rewrite the pages in place. Exit code 2 where none is named."""
    if not arguments:
        sys.stderr.write("Name the page to renew: python -m podium.models.providers docs/providers.md\n")
        return 2
    for name in arguments:
        path = Path(name)
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
