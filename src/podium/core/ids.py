"""Sortable identifiers: a prefix that says what it names, the time, then randomness.

Sorting by identifier sorts by time, so a page through the ledger needs no second index.
"""

from __future__ import annotations

import time
from os import urandom


def new_id(prefix: str) -> str:
    """A new identifier such as `tsk_019360e1a2b39f0c2d4e6a8b1c3d` (prefix, 48-bit milliseconds, 64 random bits)."""
    # The system's randomness and not `random`'s: a program that seeds `random` twice within a millisecond would get the
    # same identifier twice, and the ledger writes each identifier once.
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{urandom(8).hex()}"
