"""The figures: each arm summed up from what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from statistics import quantiles

from msgspec import Struct

from .cast import TIERS
from .traffic import Arm, Sent


class Tally(Struct, frozen=True, kw_only=True):
    """One arm's figures."""

    arm: Arm
    requests: int
    failed: int
    failed_before_break: int
    cost_usd: Decimal
    cost_per_thousand_usd: Decimal
    """For a thousand answered requests, so that failing does not look cheap."""
    correct: float
    """Share of right answers among those answered."""
    useful: float
    """Share of right answers among all requests."""
    tiers: dict[str, float]
    """Share of answered requests by the tier that answered."""
    p50_ms: float
    p95_ms: float
    rescued: int
    """Requests answered only because another model took over."""


def tally(sent: Sequence[Sent], arm: Arm) -> Tally:
    """Sum one arm up."""
    mine = [one for one in sent if one.arm == arm]
    answered = [one for one in mine if not one.failed]
    cost = sum((one.cost for one in answered), Decimal(0))
    times = [one.seconds * 1000 for one in answered] or [0.0]
    cuts = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    by_tier = Counter(one.tier for one in answered)
    count = max(len(answered), 1)
    right = sum(one.right for one in answered)
    return Tally(
        arm=arm,
        requests=len(mine),
        failed=len(mine) - len(answered),
        failed_before_break=sum(one.failed and one.before_break for one in mine),
        cost_usd=cost,
        cost_per_thousand_usd=cost / count * 1000,
        correct=right / count,
        useful=right / max(len(mine), 1),
        tiers={name: by_tier[tier] / count for tier, name in TIERS.items()},
        p50_ms=cuts[9],
        p95_ms=cuts[18],
        rescued=sum(one.attempts > 1 for one in answered),
    )


def saving(strongest: Tally, routed: Tally) -> float:
    """Share of the cost of an answered request that routing saved."""
    if not strongest.cost_per_thousand_usd:
        return 0.0
    return float(1 - routed.cost_per_thousand_usd / strongest.cost_per_thousand_usd)
