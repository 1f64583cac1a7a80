"""What is expected of a deployment: quality, cost and time, each against plain arithmetic."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.messages import Options
from podium.core.tasks import Modality, TaskType
from podium.core.usage import Money, Usage
from podium.models.catalog import Price, Rates
from podium.models.catalog.prices import PriceWindow
from podium.policies.routing import expected_output, expected_quality


@pytest.mark.parametrize(
    ("card", "complexity", "quality"),
    [
        ({"tier": 1}, 5, 0.78),
        ({"tier": 1}, 1, 0.90),
        ({"tier": 1}, 10, 0.63),
        ({"tier": 3}, 1, 0.99),
        ({"quality": 0.1}, 10, 0.05),
        ({"tier": 2, "strengths": frozenset({TaskType.CODE})}, 5, 0.91),
    ],
)
def test_expected_quality(make: Any, card: dict[str, Any], complexity: int, quality: float) -> None:
    deployment = make.deployment("a/m", **card)
    profile = make.profile(task_type=TaskType.CODE, complexity=complexity)
    assert expected_quality(deployment, profile) == quality
    chosen = make.decide(make.router([deployment]), task_type=TaskType.CODE, complexity=complexity).chosen
    assert chosen.expected_quality == quality


def test_every_task_type_has_an_expected_length() -> None:
    for task_type in TaskType:
        assert expected_output(task_type, None) > 0
        assert expected_output(task_type, 1) == 1


dollars = st.decimals(min_value=0, max_value=500, places=4)


@given(
    input=dollars,
    output=dollars,
    tokens=st.integers(0, 60_000),
    asked=st.integers(1, 2_000) | st.none(),
    answers=st.integers(1, 4),
    limit=st.none() | st.integers(1, 5_000),
    task_type=st.sampled_from(list(TaskType)),
)
def test_costs_are_what_the_bill_would_say(
    make: Any,
    input: Decimal,
    output: Decimal,
    tokens: int,
    asked: int | None,
    answers: int,
    limit: int | None,
    task_type: TaskType,
) -> None:
    rates = Rates(input=input, output=output)
    model = make.deployment("a/m", price=Price(rates=rates), max_output=limit)
    if asked is not None and limit is not None and asked > limit:
        asked = limit  # asking for more is refused, see the constraints
    task = make.task(options=Options(max_tokens=asked, n=answers))
    chosen = make.decide(make.router([model]), task, input_tokens=tokens, task_type=task_type).chosen
    longest = asked or limit or 16_384
    usual = min(expected_output(task_type, asked), longest)
    assert chosen.expected_cost == rates.cost(Usage(input=tokens, output=usual * answers))
    assert chosen.worst_cost == rates.cost(Usage(input=tokens, output=longest * answers))
    assert chosen.expected_cost <= chosen.worst_cost


def test_the_worst_case_is_charged_at_the_dearest_rates(make: Any) -> None:
    rates = Rates(
        input=Decimal(1), output=Decimal(10), cache_write=Decimal(2), audio_input=Decimal(5), reasoning=Decimal(20)
    )
    hears = frozenset({"text", "audio"})
    router = make.router([make.deployment("a/m", price=Price(rates=rates), capabilities=hears)])
    task = make.task(options=Options(max_tokens=100))
    written = make.decide(router, task, input_tokens=1_000).chosen
    assert written.expected_cost == Money.of("0.002")
    assert written.worst_cost == Money.of("0.004")
    spoken = make.decide(router, task, input_tokens=1_000, modalities=(Modality.TEXT, Modality.AUDIO)).chosen
    assert spoken.expected_cost == Money.of("0.006")
    assert spoken.worst_cost == Money.of("0.007")


def test_moving_prices_are_read_at_the_moment_and_length(make: Any) -> None:
    def rate(amount: int) -> Rates:
        return Rates(input=Decimal(amount), output=Decimal(0))

    night = PriceWindow(start=time(22), end=time(6), rates=rate(1), steps=((5_000, rate(2)),))
    later = (date(2026, 7, 1), Price(rates=rate(9)))
    price = Price(rates=rate(3), steps=((5_000, rate(4)),), windows=(night,), later=later)
    router = make.router([make.deployment("a/m", price=price)])
    midnight, noon = datetime(2026, 6, 1, 0, tzinfo=UTC), datetime(2026, 6, 1, 12, tzinfo=UTC)
    cases = [(noon, 1_000), (noon, 6_000), (midnight, 1_000), (midnight, 6_000), (noon + timedelta(days=60), 1_000)]
    for now, tokens in cases:
        decision = router.decide(make.task(), make.profile(input_tokens=tokens), now=now, standing={})
        assert decision.chosen.expected_cost == price.cost(Usage(input=tokens, output=150), now)


def test_expected_time_is_first_token_plus_the_pace(make: Any) -> None:
    model = make.deployment("a/m", first_token_ms=300, tokens_per_s=50.0)
    assert make.decide(make.router([model])).chosen.expected_latency_ms == 300 + 150 * 20
    assert (
        make.decide(make.router([model]), make.task(options=Options(max_tokens=10))).chosen.expected_latency_ms == 500
    )


def test_candidates_carry_their_window_for_failover(make: Any) -> None:
    assert make.decide(make.router([make.deployment("a/m", context=5_000)])).chosen.context == 5_000
