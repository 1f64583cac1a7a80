"""Money is exact, unknown money stays unknown, and usage adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podium.core.usage import NO_USAGE, ZERO, Money, Usage, total

_nanos = st.integers(-(10**18), 10**18)
_amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=9)
_counts = st.integers(0, 10**9)
_usages = st.builds(
    Usage, input=_counts, output=_counts, cached=_counts, cache_write=_counts, reasoning=_counts,
    audio_input=_counts, audio_output=_counts, estimated=st.booleans(),
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "usd"),
    [
        ("0.1", "0.1"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1, "1"),
        (" 2.50 ", "2.50"),
        ("1e-9", "0.000000001"),
        (Decimal("0.05"), "0.05"),
        ("-3", "-3"),
    ],
)
def test_money_is_read_as_people_write_it(written: Any, usd: str) -> None:
    assert Money.of(written).usd == Decimal(usd)


@pytest.mark.parametrize(
    "nonsense", ["", "ten", "$1", "1,5", "nan", "inf", "-inf", "sNaN", float("nan"), True, None, []]
)
def test_what_is_no_amount_is_refused_with_the_words_given(nonsense: Any) -> None:
    with pytest.raises(ValueError, match="is not a") as caught:
        Money.of(nonsense)
    assert repr(nonsense) in str(caught.value)


def test_a_cent_ten_times_is_ten_cents() -> None:
    assert total([Money.of(0.01)] * 10) == Money.of("0.1")
    assert sum((0.01 for _ in range(10)), 0.0) != 0.1, "what floats would have made of it"


@given(nanos=_nanos)
def test_nanos_survive_the_ledger(nanos: int) -> None:
    assert Money.from_nanos(nanos).to_nanos() == nanos


@given(amount=_amounts)
def test_amounts_of_whole_nanos_survive_it_too(amount: Decimal) -> None:
    assert Money.from_nanos(Money(amount).to_nanos()) == Money(amount)


@pytest.mark.parametrize(
    ("usd", "nanos"), [("5e-10", 0), ("15e-10", 2), ("25e-10", 2), ("-15e-10", -2), ("14e-10", 1), ("16e-10", 2)]
)
def test_finer_than_the_ledger_rounds_half_to_even(usd: str, nanos: int) -> None:
    assert Money.of(usd).to_nanos() == nanos


@given(a=_amounts, b=_amounts, c=_amounts)
def test_money_adds_like_numbers(a: Decimal, b: Decimal, c: Decimal) -> None:
    x, y, z = Money(a), Money(b), Money(c)
    assert x + y == y + x
    assert (x + y) + z == x + (y + z)
    assert x + ZERO == x
    assert x - x == ZERO
    assert (x + y) - y == x
    assert (x < y) == (a < b)


@given(parts=st.lists(_amounts))
def test_a_total_is_the_sum_and_a_hole_makes_it_unknown(parts: list[Decimal]) -> None:
    whole = total(Money(part) for part in parts)
    assert whole == Money(sum(parts, Decimal(0)))
    assert total([*(Money(part) for part in parts), None]) is None


def test_zero_is_false_and_anything_else_is_not() -> None:
    assert not ZERO
    assert not Money.of("0.000")
    assert Money.of("1e-12")


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        ("0", "$0.000000"),
        ("0.00023895", "$0.000239"),
        ("1234567.5", "$1,234,567.500000"),
        ("0.0000005", "$0.0000005"),
        ("1e-9", "$0.000000001"),
        ("0.00000050", "$0.0000005"),
        ("0E+3", "$0.000000"),
    ],
)
def test_money_is_shown_so_that_something_is_seen(usd: str, shown: str) -> None:
    assert str(Money.of(usd)) == shown


def test_money_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        ZERO.usd = Decimal(1)  # type: ignore[misc]  # what is refused


@given(a=_usages, b=_usages, c=_usages)
def test_usage_adds_field_by_field(a: Usage, b: Usage, c: Usage) -> None:
    both = a + b
    for name in Usage.__struct_fields__:
        mine, theirs = getattr(a, name), getattr(b, name)
        assert getattr(both, name) == ((mine or theirs) if name == "estimated" else mine + theirs)
    assert (a + b) + c == a + (b + c)
    assert a + NO_USAGE == a
