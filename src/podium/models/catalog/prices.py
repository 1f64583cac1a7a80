"""Prices: dollars for a million tokens (an hour of sound, a call), by prompt length, time of day and date.

Only arithmetic lives here; `pricebook` fills these values from the price list and the configuration makes them by
hand. A price that is not known is None. Never zero: zero is a price.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

from msgspec import Struct

from podium.core.usage import Money, Usage

_MILLION = Decimal(1_000_000)
_HOUR = Decimal(3_600)


class Rates(Struct, frozen=True, kw_only=True):
    """Dollars for a million tokens of each kind. None means: as the kind it is a part of."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    cache_write_1h: Decimal | None = None
    """Written to be kept for an hour; None means as `cache_write`."""
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    cached_audio: Decimal | None = None
    """None means as `cached`, or where caching has no price, as `audio_input`."""
    reasoning: Decimal | None = None
    audio_hour: Decimal | None = None
    """Dollars for an hour of sound, in place of or beside its tokens."""
    request: Decimal | None = None
    """Dollars for a call as such."""

    def cost(self, usage: Usage) -> Money:
        """What a call cost: each token once, at the price of its own kind.

        Providers do not say how many of the cached tokens were audio. Where the parts add up to more than the
        whole, they must overlap by the difference, and that many are taken as cached audio; no more than that.
        A provider's impossible counts never make a negative cost.
        """
        cached, audio = usage.cached, usage.audio_input
        plain = usage.input - cached - usage.cache_write - audio
        amount = usage.output * self.output
        if plain < 0:
            overlap = min(-plain, cached, audio)
            rates = (self.cached_audio, self.cached, self.audio_input, self.input)
            amount += overlap * next(rate for rate in rates if rate is not None)
            cached, audio, plain = cached - overlap, audio - overlap, max(0, plain + overlap)
        amount += plain * self.input
        if cached:
            amount += cached * (self.input if self.cached is None else self.cached)
        if usage.cache_write:
            amount += self._written(usage)
        if audio:
            amount += audio * (self.input if self.audio_input is None else self.audio_input)
        spoken = min(usage.audio_output, usage.output)
        if spoken and self.audio_output is not None:
            amount += spoken * (self.audio_output - self.output)
        if usage.reasoning and self.reasoning is not None:
            amount += min(usage.reasoning, usage.output - spoken) * (self.reasoning - self.output)
        amount /= _MILLION
        if self.audio_hour is not None and usage.audio_seconds:
            amount += self.audio_hour * Decimal(str(usage.audio_seconds)) / _HOUR
        return Money(amount if self.request is None else amount + self.request)

    def _written(self, usage: Usage) -> Decimal:
        usual = self.input if self.cache_write is None else self.cache_write
        if not usage.cache_write_1h or self.cache_write_1h is None:
            return usage.cache_write * usual
        longer = min(usage.cache_write_1h, usage.cache_write)
        return (usage.cache_write - longer) * usual + longer * self.cache_write_1h


Steps = tuple[tuple[int, Rates], ...]
"""(input tokens, rates): a call reading more than that many tokens pays these rates for all of it. Ascending."""

FREE = Rates(input=Decimal(0), output=Decimal(0))


class PriceWindow(Struct, frozen=True, kw_only=True):
    """Other rates between two times of day (UTC); `start` after `end` spans midnight."""

    start: time
    end: time
    rates: Rates
    steps: Steps = ()

    def holds(self, at: time) -> bool:
        """Whether a UTC time of day falls inside; `start` is part of the window, `end` is not."""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


class Price(Struct, frozen=True, kw_only=True):
    """What a deployment charges."""

    rates: Rates
    steps: Steps = ()
    windows: tuple[PriceWindow, ...] = ()
    """Rates that replace the plain ones at times of day; the last that holds wins."""
    later: tuple[date, Price] | None = None
    """An announced change: from this UTC day on, the other price holds. A gateway that runs for weeks needs it."""

    @property
    def moves(self) -> bool:
        """Whether the rates depend on anything: length, hour or date."""
        return bool(self.steps or self.windows or self.later)

    def at(self, when: datetime, input_tokens: int = 0) -> Rates:
        """The rates for a call of this length at this moment (an aware time; a naive one is read as UTC)."""
        if not self.steps and not self.windows and self.later is None:
            return self.rates
        if when.tzinfo is not None and when.tzinfo is not UTC:
            when = when.astimezone(UTC)
        if self.later is not None and when.date() >= self.later[0]:
            return self.later[1].at(when, input_tokens)
        chosen, steps = self.rates, self.steps
        if self.windows:
            clock = when.time()
            for window in self.windows:
                if window.holds(clock):
                    chosen, steps = window.rates, window.steps
        for threshold, rates in steps:
            if input_tokens <= threshold:
                break
            chosen = rates
        return chosen

    def cost(self, usage: Usage, when: datetime) -> Money:
        """What a call cost that started at this moment."""
        return self.at(when, usage.input).cost(usage)
