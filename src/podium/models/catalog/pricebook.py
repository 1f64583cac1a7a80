"""The price list: the installed `genai-prices` package, translated into our prices.

No website is asked, so prices cannot vanish at start-up. The package takes a tenth of a second to import and is
loaded on the first question. Its list is moved into our own types because its arithmetic costs milliseconds where
a request has microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .prices import Price, PriceWindow, Rates, Steps

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, Provider

_LISTED_AS = {
    "xai": "x-ai",
    "bedrock": "aws",
    "vertex": "google",
    "vertex-anthropic": "google",
    "moonshot": "moonshotai",
}
"""Provider presets that the list knows by another name."""

_KINDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
    "cache_audio_read_mtok": "cached_audio",
    "output_reasoning_mtok": "reasoning",
    "input_audio_hours": "audio_hour",
    "requests_kcount": "request",
}
"""The list's name for a kind of charge -> ours."""

_EXTRAS = frozenset({"cache_write_5m_mtok", "web_searches_kcount", "storage_searches_kcount"})
"""Charges a plain call does not run into: searches are asked for, and five minutes is the usual life of a cache.
Any further charge (images, pages, letters) makes a model's cost incalculable from `Usage`."""
_OTHER_SENSES = frozenset({"input_image_mtok", "input_video_mtok", "cache_image_read_mtok"})
"""Not met by models that write no text either: they are only asked to read text or sound here."""
_SAME_AS_INPUT = "audio_hours"
"""The list states hours of sound read under this older name too."""
_ROUTED = "huggingface"
"""A router whose models name the host after a colon; the list has each host apart."""


_NOTHING = Decimal(0)


class PriceBook:
    """Looks prices and context windows up in the installed list. Each is translated once."""

    def __init__(self) -> None:
        self._providers: Mapping[str, Provider] | None = None
        # Bounded: callers may name models freely, and each name they invent would stay for ever.
        self._translated = lru_cache(maxsize=4096)(self._translate)
        self._found = lru_cache(maxsize=4096)(self._find)

    def lookup(self, provider: str, model: str, when: datetime, *, writes: bool = True) -> Price | None:
        """The price of a model at a provider (by its preset's name), with the changes announced after `when`.

        None where the provider or model is unlisted, where input or output has no price, and where the model
        charges for something `Usage` does not tell. A `:free` model is free only if the list prices it at 0.
        `writes` is False for a model whose answer is no text written by it (vectors, a transcript): what it has no
        price for, tokens in or out, it does not charge.
        """
        day = (when if when.tzinfo is None else when.astimezone(UTC)).date()
        return self._translated(provider, model, day, writes)

    def context_window(self, provider: str, model: str) -> int | None:
        """Tokens the model takes at that provider according to the list; None where it does not say."""
        info = self._found(provider, model)
        return None if info is None else info.context_window

    def _translate(self, provider: str, model: str, day: date, writes: bool) -> Price | None:
        info = self._found(provider, model)
        return None if info is None else _price(info, day, writes)

    def _find(self, provider: str, model: str) -> ModelInfo | None:
        if self._providers is None:
            from genai_prices.data_snapshot import get_snapshot

            self._providers = {listed.id: listed for listed in get_snapshot().providers}
        if provider == _ROUTED:
            model, _, host = model.rpartition(":")
            provider = f"{provider}_{host}"
        listed = self._providers.get(_LISTED_AS.get(provider, provider))
        return None if listed is None else listed.find_model(model, all_providers=list(self._providers.values()))


def _price(info: ModelInfo, day: date, writes: bool) -> Price | None:
    """One listed model from `day` on.

    The list is a sequence of prices under a condition, of which the last that is met holds; where none is met, the
    first does. A date cuts time into stretches, a time of day is a window within each of them.
    """
    from genai_prices.types import ModelPrice, StartDateConstraint

    if isinstance(info.prices, ModelPrice):
        return _stretch([], info.prices, None, writes)
    entries = [(entry.constraint, entry.prices) for entry in info.prices]
    if not entries:
        return None
    starts = sorted({rule.start_date for rule, _ in entries if isinstance(rule, StartDateConstraint)})
    price: Price | None = None
    followed_by: tuple[date, Price] | None = None
    for begin in [*(start for start in reversed(starts) if start > day), day]:
        met = [
            (None if isinstance(rule, StartDateConstraint) else rule, listed)
            for rule, listed in entries
            if not isinstance(rule, StartDateConstraint) or rule.start_date <= begin
        ]
        price = _stretch(met, entries[0][1], followed_by, writes)
        if price is None:
            return None
        followed_by = (begin, price)
    return price


def _stretch(
    met: list[tuple[Any, Any]], otherwise: Any, later: tuple[date, Price] | None, writes: bool
) -> Price | None:
    """The price between two dates: the last entry without a condition, and the windows that come after it."""
    plain = [index for index, (rule, _) in enumerate(met) if rule is None]
    rates = _rates(met[plain[-1]][1] if plain else otherwise, writes)
    if rates is None:
        return None
    windows: list[PriceWindow] = []
    for rule, listed in met[plain[-1] + 1 if plain else 0 :]:
        inside = _rates(listed, writes)
        if inside is None:
            return None
        start, end = _utc(rule.start_time), _utc(rule.end_time)
        windows.append(PriceWindow(start=start, end=end, rates=inside[0], steps=inside[1]))
    return Price(rates=rates[0], steps=rates[1], windows=tuple(windows), later=later)


def _rates(listed: Any, writes: bool) -> tuple[Rates, Steps] | None:
    """The plain rates and the steps of one entry. Each kind has its own thresholds; the steps are their union."""
    prices: dict[str, Any] = {}
    for name, value in _charges(listed):
        if name in _KINDS:
            prices[_KINDS[name]] = value
        elif not (name in _EXTRAS or name == _SAME_AS_INPUT or (name in _OTHER_SENSES and not writes)):
            return None
    if prices and not writes:
        prices = {"input": _NOTHING, "output": _NOTHING, **prices}
    if "input" not in prices or "output" not in prices:
        return None
    if "request" in prices:
        prices["request"] = prices["request"] / 1_000
    thresholds = sorted({tier.start for value in prices.values() for tier in getattr(value, "tiers", ())})
    steps = tuple(
        (start, Rates(**{kind: _above(value, start) for kind, value in prices.items()})) for start in thresholds
    )
    return Rates(**{kind: _above(value, -1) for kind, value in prices.items()}), steps


def _charges(listed: Any) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in vars(listed).items() if value is not None and not name.startswith("_"))


def _above(value: Any, start: int) -> Decimal:
    """The price of one kind for calls reading more than `start` tokens."""
    price: Decimal = getattr(value, "base", value)
    for tier in getattr(value, "tiers", ()):
        if tier.start <= start:
            price = tier.price
    return price


def _utc(at: time) -> time:
    """A time of day in UTC, without its timezone; a naive one is UTC already."""
    if at.tzinfo is None:
        return at
    return datetime.combine(date(2000, 1, 1), at).astimezone(UTC).time()
