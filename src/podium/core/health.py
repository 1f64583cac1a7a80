"""How a deployment stands right now: written by the engine's health board, read by routing.

It lives in core because the two must not know each other.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Standing(Struct, frozen=True, kw_only=True):
    """What recent calls say about one deployment."""

    latency_ms: float | None = None
    """Observed time to the whole answer, smoothed; None before the first success."""
    measured_at: datetime | None = None
    """When that was; an old figure says nothing, and must not keep a deployment from ever being measured again."""
    resting_until: datetime | None = None
    """Until then it goes to the back of the line (aware, wall clock); None where it does not rest."""

    def rests(self, now: datetime) -> bool:
        """Whether it rests at this moment."""
        return self.resting_until is not None and now < self.resting_until
