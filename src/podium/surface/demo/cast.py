"""Who plays: two simulated vendors with a small, a middle and a frontier model each.

Prices are the order of magnitude of today's three rungs. Skills are assumptions, stated here and printed nowhere as
a finding: a small model loses `slope` per step of difficulty faster than a large one, which is the reason routing
by difficulty can work at all. What the demo prints is measured on the answers, not copied from here.
"""

from __future__ import annotations

from decimal import Decimal

from podium.core.tasks import TaskType
from podium.models.sim import SimModel, SimVendor

TIERS = {1: "small", 2: "middle", 3: "frontier"}
TIME_SCALE = 0.2
"""Simulated models answer five times faster than they state, so that the demo takes seconds, not minutes."""


def _models(prices: dict[int, tuple[str, str]]) -> tuple[SimModel, ...]:
    small, middle, frontier = (tuple(map(Decimal, prices[tier])) for tier in TIERS)
    weak_at_code = {TaskType.CODE: 0.93, TaskType.REASONING: 0.93}
    return (
        SimModel(
            name="small", tier=1, skill=0.99, skill_by_type=weak_at_code, slope=0.02, price_in=small[0],
            price_out=small[1], first_token_ms=250, tokens_per_s=160,
        ),
        SimModel(
            name="middle", tier=2, skill=0.99, slope=0.008, price_in=middle[0], price_out=middle[1],
            first_token_ms=500, tokens_per_s=90,
        ),
        SimModel(
            name="frontier", tier=3, skill=0.99, slope=0.003, price_in=frontier[0], price_out=frontier[1],
            first_token_ms=1000, tokens_per_s=55, verbosity=1,
        ),
    )  # fmt: skip


def cast(seed: int) -> tuple[SimVendor, SimVendor]:
    """The two vendors; the first is the cheaper one, so the router prefers it, and it is the one that breaks."""
    north = {1: ("0.25", "1.25"), 2: ("3", "15"), 3: ("15", "75")}
    south = {1: ("0.30", "1.50"), 2: ("3.30", "16"), 3: ("16", "80")}
    return (
        SimVendor(name="sim-north", models=_models(north), seed=seed, time_scale=TIME_SCALE),
        SimVendor(name="sim-south", models=_models(south), seed=seed + 1, time_scale=TIME_SCALE),
    )


STRONGEST = "sim-north/frontier"
"""What a set-up with one large model would use for everything."""
