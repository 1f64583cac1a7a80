"""Price arithmetic: each token once, steps for the whole call, windows by the hour, changes by the day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.usage import Usage
from podium.models.catalog import Price, PriceWindow, Rates

D = Decimal
PLAIN = Rates(input=D(2), output=D(10), cached=D("0.5"), cache_write=D("2.5"), audio_input=D(40), audio_output=D(80))
LONG = Rates(input=D(4), output=D(15))
NIGHT = Rates(input=D(1), output=D(5))
COUNT = st.integers(0, 10_000_000)


def test_each_token_is_paid_once_at_its_own_price() -> None:
    usage = Usage(input=1000, output=100, cached=300, cache_write=200, audio_input=50, audio_output=10, reasoning=60)
    expected = 450 * D(2) + 300 * D("0.5") + 200 * D("2.5") + 50 * D(40) + 90 * D(10) + 10 * D(80)
    assert PLAIN.cost(usage).usd == expected / 1_000_000


def test_a_kind_without_a_price_costs_what_it_is_part_of() -> None:
    usage = Usage(input=1000, output=100, cached=300, cache_write=200, audio_input=50, audio_output=10, reasoning=60)
    assert LONG.cost(usage).usd == (1000 * D(4) + 100 * D(15)) / 1_000_000


def test_reasoning_may_have_its_own_price() -> None:
    rates = Rates(input=D(2), output=D(8), reasoning=D(3))
    assert rates.cost(Usage(output=100, reasoning=60)).usd == (40 * D(8) + 60 * D(3)) / 1_000_000


def test_cached_audio_is_counted_once() -> None:
    rates = Rates(input=D("0.3"), output=D(2), cached=D("0.03"), audio_input=D(1), cached_audio=D("0.1"))
    # 90 cached and 50 audio of 100 tokens: 40 must be both.
    usage = Usage(input=100, cached=90, audio_input=50)
    assert rates.cost(usage).usd == (50 * D("0.03") + 10 * D(1) + 40 * D("0.1")) / 1_000_000


def test_cached_audio_without_a_price_of_its_own_is_audio_or_cached() -> None:
    usage = Usage(input=1, cached=1, audio_input=1)
    assert Rates(input=D(1), output=D(5), audio_input=D(3)).cost(usage).usd == D(3) / 1_000_000
    assert Rates(input=D(1), output=D(5), audio_input=D(3), cached=D("0.1")).cost(usage).usd == D("0.1") / 1_000_000
    assert Rates(input=D(1), output=D(5)).cost(usage).usd == D(1) / 1_000_000


@given(input=COUNT, output=COUNT, data=st.data())
def test_a_cost_is_never_negative_and_grows_with_tokens(input: int, output: int, data: st.DataObject) -> None:
    cached = data.draw(st.integers(0, input))
    written = data.draw(st.integers(0, input - cached))
    audio = data.draw(st.integers(0, input))
    spoken = data.draw(st.integers(0, output))
    usage = Usage(
        input=input, output=output, cached=cached, cache_write=written, audio_input=audio, audio_output=spoken
    )
    cost = PLAIN.cost(usage).usd
    assert cost >= 0
    assert PLAIN.cost(usage + Usage(input=1)).usd >= cost
    cheapest, dearest = min(D("0.5"), D(2)), D(80)
    assert cheapest * input + 10 * output <= cost * 1_000_000 <= dearest * (input + output)


@pytest.mark.parametrize("rates", [PLAIN, LONG, Rates(input=D(2), output=D(8), reasoning=D(3), audio_output=D(1))])
def test_impossible_usage_still_costs_something(rates: Rates) -> None:
    """A provider's garbage (parts larger than the whole) must neither raise nor pay the caller."""
    garbage = Usage(input=10, cached=50, cache_write=50, audio_input=50, output=1, audio_output=9, reasoning=9)
    assert rates.cost(garbage).usd >= 0


def test_a_step_holds_for_the_whole_call_above_its_threshold() -> None:
    price = Price(rates=PLAIN, steps=((200_000, LONG),))
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert price.at(now, 200_000) is PLAIN
    assert price.at(now, 200_001) is LONG
    assert price.cost(Usage(input=200_001), now).usd == D(200_001) * 4 / 1_000_000


def test_windows_hold_by_utc_whatever_the_caller_s_timezone() -> None:
    price = Price(rates=PLAIN, windows=(PriceWindow(start=time(22), end=time(6), rates=NIGHT, steps=((100, LONG),)),))
    assert price.at(datetime(2026, 1, 1, 22, tzinfo=UTC)) is NIGHT
    assert price.at(datetime(2026, 1, 1, 5, 59, tzinfo=UTC)) is NIGHT
    assert price.at(datetime(2026, 1, 1, 6, tzinfo=UTC)) is PLAIN
    assert price.at(datetime(2026, 1, 1, 23, tzinfo=UTC), 101) is LONG, "the window's own steps"
    tokyo = timezone(timedelta(hours=9))
    assert price.at(datetime(2026, 1, 1, 8, tzinfo=tokyo)) is NIGHT
    assert price.at(datetime(2026, 1, 1, 23, tzinfo=tokyo)) is PLAIN


def test_the_last_window_that_holds_wins() -> None:
    first = PriceWindow(start=time(0), end=time(12), rates=NIGHT)
    second = PriceWindow(start=time(6), end=time(12), rates=LONG)
    price = Price(rates=PLAIN, windows=(first, second))
    assert price.at(datetime(2026, 1, 1, 7, tzinfo=UTC)) is LONG
    assert price.at(datetime(2026, 1, 1, 5, tzinfo=UTC)) is NIGHT


def test_an_announced_change_comes_on_its_day() -> None:
    price = Price(
        rates=NIGHT, later=(date(2026, 12, 1), Price(rates=PLAIN, later=(date(2027, 1, 1), Price(rates=LONG))))
    )
    assert price.moves
    assert not Price(rates=PLAIN).moves
    assert price.at(datetime(2026, 11, 30, 23, 59, tzinfo=UTC)) is NIGHT
    assert price.at(datetime(2026, 12, 1, tzinfo=UTC)) is PLAIN
    assert price.at(datetime(2027, 6, 1, tzinfo=UTC)) is LONG
    west = timezone(timedelta(hours=-8))
    assert price.at(datetime(2026, 11, 30, 17, tzinfo=west)) is PLAIN, "it is December in UTC"
