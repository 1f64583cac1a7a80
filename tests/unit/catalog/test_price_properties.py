"""Every token is priced once, at the price of its kind, whatever a provider reports."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from podium.core.usage import Usage
from podium.models.catalog import Price, Rates

WHEN = datetime(2026, 11, 20, 12, tzinfo=UTC)
count = st.integers(0, 3_000_000)
rate = st.decimals(min_value=0, max_value=500, places=4)
maybe = st.none() | rate
rates = st.builds(
    Rates,
    input=rate,
    output=rate,
    cached=maybe,
    cache_write=maybe,
    cache_write_1h=maybe,
    audio_input=maybe,
    audio_output=maybe,
    cached_audio=maybe,
    reasoning=maybe,
)


@st.composite
def consistent(draw: st.DrawFn) -> Usage:
    """What an honest provider reports: parts that add up to no more than their whole."""
    read, written = draw(count), draw(count)
    cached = draw(st.integers(0, read))
    stored = draw(st.integers(0, read - cached))
    audio = draw(st.integers(0, read - cached - stored))
    reasoning = draw(st.integers(0, written))
    return Usage(
        input=read,
        output=written,
        cached=cached,
        cache_write=stored,
        cache_write_1h=draw(st.integers(0, stored)),
        audio_input=audio,
        reasoning=reasoning,
        audio_output=draw(st.integers(0, written - reasoning)),
    )


def first(*prices: Decimal | None) -> Decimal:
    return next(price for price in prices if price is not None)


@settings(max_examples=300)
@given(rates, consistent())
def test_each_token_once_at_its_own_price(price: Rates, usage: Usage) -> None:
    stored = first(price.cache_write, price.input)
    groups = [
        (usage.cached, first(price.cached, price.input)),
        (usage.cache_write_1h, first(price.cache_write_1h, stored)),
        (usage.cache_write - usage.cache_write_1h, stored),
        (usage.audio_input, first(price.audio_input, price.input)),
        (usage.input - usage.cached - usage.cache_write - usage.audio_input, price.input),
        (usage.reasoning, first(price.reasoning, price.output)),
        (usage.audio_output, first(price.audio_output, price.output)),
        (usage.output - usage.reasoning - usage.audio_output, price.output),
    ]
    assert sum(tokens for tokens, _ in groups) == usage.input + usage.output
    assert price.cost(usage).usd == sum(tokens * each for tokens, each in groups) / 1_000_000


@settings(max_examples=300)
@given(rates, st.builds(Usage, **dict.fromkeys(("input", "output", "cached", "cache_write"), count),
       **dict.fromkeys(("cache_write_1h", "reasoning", "audio_input", "audio_output"), count)))  # fmt: skip
def test_no_report_however_wrong_makes_a_negative_cost(price: Rates, usage: Usage) -> None:
    assert price.cost(usage).usd >= 0


@given(st.lists(consistent(), max_size=6))
def test_one_rate_for_everything_makes_the_sum_exact(usages: list[Usage]) -> None:
    flat = Price(rates=Rates(input=Decimal("0.37"), output=Decimal("1.11")))
    whole = sum(usages, Usage())
    assert flat.cost(whole, WHEN).usd == sum((flat.cost(each, WHEN).usd for each in usages), Decimal(0))
    assert whole.cache_write_1h == sum(each.cache_write_1h for each in usages)


def test_sound_and_calls_are_charged_beside_tokens() -> None:
    price = Rates(input=Decimal(1), output=Decimal(1), audio_hour=Decimal("0.36"), request=Decimal("0.012"))
    usage = Usage(input=1_000_000, audio_seconds=100.0)
    assert price.cost(usage).usd == Decimal(1) + Decimal("0.01") + Decimal("0.012")
    assert (usage + usage).audio_seconds == 200.0
