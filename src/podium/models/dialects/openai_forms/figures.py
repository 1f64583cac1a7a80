"""Usage that is stated in ways of its own: which tokens the figures leave to the total."""

from __future__ import annotations


def cached_apart(missing: int, read: int, cached: int, cache_write: int) -> bool:
    """Whether the tokens that only the total knows are the cached ones: more than were stated as input, and as many."""
    return cached + cache_write > read and missing in (cached, cached + cache_write)
