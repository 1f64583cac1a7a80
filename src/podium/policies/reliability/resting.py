"""The health of one deployment as a value, and what a success or a failure makes of it.

A deployment that failed `rest_after` times in a row rests: it goes to the back of the line for `rest_s`, so most
callers never meet it. When the rest is over the next call tries it; one more failure and it rests again, one
success and it is as new.
"""

from __future__ import annotations

from msgspec import Struct

from podium.core.errors import FailureKind
from podium.core.settings import EngineSettings

from .table import REACTIONS

LONG_REST = 30
"""Times `rest_s` for what cannot pass by itself (a wrong key, an empty account): 5 minutes by default."""
NEWEST_SHARE = 0.2
"""Weight of the newest call in the smoothed latency: about the last ten calls speak."""


class Health(Struct, frozen=True, kw_only=True):
    """What recent calls say."""

    failures: int = 0
    """In a row."""
    resting_until: float | None = None
    """On the monotonic clock, in seconds; may lie in the past."""
    latency_ms: float | None = None
    """Exponentially weighted mean of successful calls; None before the first."""

    def rests(self, now: float) -> bool:
        """Whether it rests at this moment of the monotonic clock."""
        return self.resting_until is not None and now < self.resting_until


NEW = Health()


def after_success(health: Health, *, latency_ms: float) -> Health:
    """Failures are forgiven, the rest is over, the latency counts."""
    before = health.latency_ms
    smoothed = latency_ms if before is None else before + NEWEST_SHARE * (latency_ms - before)
    return Health(latency_ms=smoothed)


def after_failure(health: Health, kind: FailureKind, *, now: float, settings: EngineSettings) -> Health:
    """One failure more. Returns the same object where the failure says nothing about the deployment.

    A rest is never shortened by a later failure.
    """
    reaction = REACTIONS[kind]
    if not reaction.counts_against_health:
        return health
    failures = health.failures + 1
    until = health.resting_until
    if reaction.rests_at_once or failures >= settings.rest_after:
        rest = settings.rest_s * (LONG_REST if reaction.rests_at_once else 1)
        until = now + rest if until is None else max(until, now + rest)
    return Health(failures=failures, resting_until=until, latency_ms=health.latency_ms)
