"""Sortable identifiers: a prefix that says what it names, the time, then randomness.

Sorting by identifier sorts by time, so a page through the ledger needs no second index.
"""

from __future__ import annotations

import os
import time
from random import Random

# A generator of its own, seeded by the system. `random`'s shared one would give the same identifier twice to a program
# that seeds it twice within a millisecond, and the ledger writes each identifier once; asking the system every time
# costs a call into the kernel. Identifiers are not secrets. A forked child must not repeat its parent.
_generator = Random()
os.register_at_fork(after_in_child=_generator.seed)


def new_id(prefix: str) -> str:
    """A new identifier such as `tsk_019360e1a2b39f0c2d4e6a8b1c3d` (prefix, 48-bit milliseconds, 64 random bits)."""
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{_generator.getrandbits(64):016x}"
