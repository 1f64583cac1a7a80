"""Sortable identifiers: a prefix that says what it names, the time, then randomness.

Sorting by identifier sorts by time, so a page through the ledger needs no second index.
"""

from __future__ import annotations

import time
from random import getrandbits

# Not secrets: an identifier only has to be unique, so the fast generator is the right one.
_RANDOM_BITS = 64


def new_id(prefix: str) -> str:
    """A new identifier such as `tsk_019360e1a2b39f0c2d4e6a8b1c3d` (prefix, 48-bit milliseconds, 64 random bits)."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{getrandbits(_RANDOM_BITS):016x}"
