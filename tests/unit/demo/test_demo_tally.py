"""The demo's figures: summed from what was measured, with an outage counted as an outage."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from podium.surface.demo.tally import saving, tally
from podium.surface.demo.traffic import Sent


def sent(**changes: Any) -> Sent:
    plain: dict[str, Any] = {
        "arm": "routed",
        "right": True,
        "failed": False,
        "cost": Decimal("0.001"),
        "seconds": 0.1,
        "tier": 1,
        "attempts": 1,
        "before_break": True,
    }
    return Sent(**{**plain, **changes})


def failed(arm: str = "routed", **changes: Any) -> Sent:
    return sent(arm=arm, right=False, failed=True, cost=Decimal(0), tier=None, attempts=0, **changes)


def test_shares_are_of_answered_requests_and_failures_are_counted_apart() -> None:
    mine = [sent(), sent(right=False), sent(tier=2, attempts=3), failed(), failed(before_break=False)]
    figures = tally([*mine, sent(arm="strongest", tier=3)], "routed")
    assert (figures.requests, figures.failed, figures.failed_before_break) == (5, 2, 1)
    assert figures.correct == pytest.approx(2 / 3)
    assert figures.useful == pytest.approx(2 / 5)
    assert figures.tiers == pytest.approx({"small": 2 / 3, "middle": 1 / 3, "frontier": 0.0})
    assert figures.rescued == 1
    assert figures.cost_usd == Decimal("0.003")
    assert figures.cost_per_thousand_usd == Decimal(1)


def test_failing_does_not_look_cheap() -> None:
    strongest = tally(
        [sent(arm="strongest", cost=Decimal("0.010")), failed("strongest"), failed("strongest")], "strongest"
    )
    routed = tally([sent(cost=Decimal("0.002"))] * 3, "routed")
    assert saving(strongest, routed) == pytest.approx(0.8)


def test_latency_percentiles_lie_within_what_was_measured() -> None:
    figures = tally([sent(seconds=step / 1000) for step in range(1, 101)], "routed")
    assert figures.p50_ms == pytest.approx(50.5)
    assert 94 <= figures.p95_ms <= 97


@pytest.mark.parametrize("requests", [[], [failed()]])
def test_nothing_answered_is_no_crash(requests: list[Sent]) -> None:
    figures = tally(requests, "routed")
    assert (figures.correct, figures.p95_ms) == (0.0, 0.0)
    assert saving(figures, figures) == 0.0
