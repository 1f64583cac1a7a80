"""Tokens and money: what a call consumed and what that cost.

Money is `Decimal` from the price list to the ledger. An unknown cost is `None`, never zero: a bill that says
nothing is honest, a bill that says $0 is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import Struct

_NANO = Decimal(1_000_000_000)
_SHOWN = Decimal("0.000001")


class Money(Struct, frozen=True, order=True):
    """An exact amount of US dollars."""

    usd: Decimal

    @classmethod
    def of(cls, amount: Decimal | str | int | float) -> Money:
        """Make money from what people write. A float is read as it prints (0.1 is ten cents).

        Raises ValueError for what is not a finite number.
        """
        try:
            value = amount if isinstance(amount, Decimal) else Decimal(str(amount))
        except ArithmeticError as exc:
            raise ValueError(f"{amount!r} is not an amount of dollars; write a number such as '0.01'") from exc
        if not value.is_finite():
            raise ValueError(f"{amount!r} is not a finite amount of dollars")
        return cls(value)

    @classmethod
    def from_nanos(cls, nanos: int) -> Money:
        """From whole billionths of a dollar, the unit the ledger stores."""
        return cls(Decimal(nanos) / _NANO)

    def to_nanos(self) -> int:
        """Whole billionths of a dollar, half to even: what the ledger stores."""
        return int((self.usd * _NANO).to_integral_value(ROUND_HALF_EVEN))

    def __add__(self, other: Money) -> Money:
        return Money(self.usd + other.usd)

    def __sub__(self, other: Money) -> Money:
        return Money(self.usd - other.usd)

    def __bool__(self) -> bool:
        return bool(self.usd)

    def __str__(self) -> str:
        """Dollars with six decimals, more where the amount is smaller than that."""
        if self.usd and abs(self.usd) < _SHOWN:
            return f"${self.usd.normalize():f}"
        return f"${self.usd:,.6f}"


ZERO = Money(Decimal(0))


def total(amounts: Iterable[Money | None]) -> Money | None:
    """The sum, or None as soon as one part is unknown: a sum with a hole in it is not a sum."""
    whole = ZERO
    for amount in amounts:
        if amount is None:
            return None
        whole = whole + amount
    return whole


class Usage(Struct, frozen=True, kw_only=True):
    """Tokens of one call, in one convention whatever the provider's wire says.

    `input` is everything the model read: `cached` and `cache_write` are parts of it, not additions, and
    `cache_write_1h` is a part of `cache_write`.
    `output` is everything it wrote: `reasoning` is a part of it.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    """Written to be kept for an hour, which costs more than the usual five minutes."""
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0
    audio_seconds: float = 0.0
    """Length of the sound read, where it is charged by time and not by tokens."""
    estimated: bool = False
    """True where the provider said nothing and Podium counted."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input=self.input + other.input,
            output=self.output + other.output,
            cached=self.cached + other.cached,
            cache_write=self.cache_write + other.cache_write,
            cache_write_1h=self.cache_write_1h + other.cache_write_1h,
            reasoning=self.reasoning + other.reasoning,
            audio_input=self.audio_input + other.audio_input,
            audio_output=self.audio_output + other.audio_output,
            audio_seconds=self.audio_seconds + other.audio_seconds,
            estimated=self.estimated or other.estimated,
        )


NO_USAGE = Usage()
