"""The price book says what the installed list says: exactly, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from genai_prices import Usage as ListedUsage
from genai_prices import calc_price
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelPrice, TieredPrices
from hypothesis import given, settings
from hypothesis import strategies as st

from podium.core.usage import Usage
from podium.models.catalog import PriceBook

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LISTED = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "groq": "groq",
    "together": "together",
    "openrouter": "openrouter",
    "fireworks": "fireworks",
    "xai": "x-ai",
    "bedrock": "aws",
    "moonshot": "moonshotai",
    "perplexity": "perplexity",
    "zai": "zai",
}
BOOK = PriceBook()
MODELS = {
    preset: [m for p in get_snapshot().providers if p.id == listed for m in p.models]
    for preset, listed in LISTED.items()
}
PREFIX = {"fireworks": "accounts/fireworks/models/"}
"""Where the name a call uses is longer than the list's own."""
INTERESTING = [
    (preset, PREFIX.get(preset, "") + model.id)
    for preset, models in MODELS.items()
    for model in models
    if not isinstance(model.prices, ModelPrice)
    or any(isinstance(value, TieredPrices) for value in vars(model.prices).values())
    or len({"cache_audio_read_mtok", "input_audio_mtok", "cache_write_mtok"} & vars(model.prices).keys()) > 0
]
EVERY = [(preset, PREFIX.get(preset, "") + model.id) for preset, models in MODELS.items() for model in models]
START = datetime(2025, 1, 1, tzinfo=UTC)
MOMENTS = st.builds(
    lambda minutes, hours: (START + timedelta(minutes=minutes)).astimezone(timezone(timedelta(hours=hours))),
    st.integers(0, 900 * 24 * 60),
    st.sampled_from([-8, 0, 0, 9]),
)


def _seconds(usage: Usage) -> dict[str, int]:
    """The list wants a part and the whole it belongs to."""
    whole = int(usage.audio_seconds)
    return {"audio_seconds": whole, "input_audio_seconds": whole} if whole else {}


def listed_cost(preset: str, model: str, usage: Usage, overlap: int, when: datetime) -> Decimal:
    """What the list's own arithmetic says."""
    listed = ListedUsage(
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cached,
        cache_write_tokens=usage.cache_write,
        input_audio_tokens=usage.audio_input,
        output_audio_tokens=usage.audio_output,
        cache_audio_read_tokens=overlap,
        **({"cache_write_1h_tokens": usage.cache_write_1h} if usage.cache_write_1h else {}),
        **_seconds(usage),
    )
    return calc_price(listed, model, provider_id=LISTED[preset], genai_request_timestamp=when).total_price


@settings(max_examples=600, deadline=None)
@given(
    which=st.one_of(st.sampled_from(INTERESTING), st.sampled_from(EVERY)),
    when=MOMENTS,
    known_days_before=st.integers(0, 400),
    input=st.one_of(
        st.integers(0, 5_000),
        st.integers(0, 2_000_000),
        st.sampled_from([128_000, 199_999, 200_000, 200_001, 272_000, 272_001]),
    ),
    output=st.integers(0, 200_000),
    data=st.data(),
)
def test_costs_agree_with_the_list_to_the_last_digit(
    which: tuple[str, str], when: datetime, known_days_before: int, input: int, output: int, data: st.DataObject
) -> None:
    """Plain, cached, written, audio, long and timed calls; also when the price was looked up long before the call."""
    seconds = data.draw(st.sampled_from([0, 1, 59, 3_600]))
    longer = data.draw(st.booleans())
    preset, model = which
    price = BOOK.lookup(preset, model, when - timedelta(days=known_days_before))
    if price is None:
        return
    cached = data.draw(st.integers(0, input))
    written = data.draw(st.integers(0, input - cached))
    audio = data.draw(st.integers(0, input - written))
    usage = Usage(
        input=input,
        output=output,
        cached=cached,
        cache_write=written,
        audio_input=audio,
        audio_output=data.draw(st.integers(0, output)),
        audio_seconds=float(seconds),
        cache_write_1h=data.draw(st.integers(0, written)) if longer else 0,
    )
    overlap = max(0, cached + written + audio - input)
    assert price.cost(usage, when).usd == listed_cost(preset, model, usage, overlap, when)


def test_most_of_the_list_has_a_price() -> None:
    """The agreement above would be empty if everything were None."""
    priced = [key for key in EVERY if BOOK.lookup(*key, NOW) is not None]
    assert len(priced) > 0.75 * len(EVERY)
    assert {preset for preset, _ in priced} == LISTED.keys()
    assert sum(BOOK.lookup(*key, NOW) is not None for key in INTERESTING) > 100


@pytest.mark.parametrize(
    ("provider", "model", "why"),
    [
        ("openai", "gpt-99-imaginary", "unlisted model"),
        ("my-own-gateway", "gpt-4o", "unlisted provider"),
        ("ollama", "llama3.1:8b", "local servers have no list"),
        ("openai", "text-embedding-3-small", "no output price"),
        ("openai", "whisper-1", "nothing for tokens"),
        ("perplexity", "sonar-deep-research", "citations at a price of their own"),
        ("huggingface", "openai/gpt-oss-120b", "no host named"),
        ("openai", "gpt-image-1", "image tokens at another price"),
        ("openrouter", "openai/gpt-oss-120b:free", "the list names it and states no price"),
        ("openrouter", "qwen/no-such-model:free", "free by its name only"),
    ],
)
def test_what_is_not_known_is_none(provider: str, model: str, why: str) -> None:
    assert BOOK.lookup(provider, model, NOW) is None, why


def test_deepseek_charges_by_the_hour() -> None:
    price = BOOK.lookup("deepseek", "deepseek-flash", NOW)
    assert price is not None
    assert len(price.windows) == 2
    peak, plain = price.at(NOW.replace(hour=7)), price.at(NOW.replace(hour=5))
    assert peak.input == 2 * plain.input


def test_an_announced_rise_is_known_before_it_comes() -> None:
    price = BOOK.lookup("google", "gemini-4-argon", NOW)
    assert price is not None
    assert price.later is not None
    before, after = price.at(NOW), price.at(NOW + timedelta(days=60))
    assert after.input == 2 * before.input


def test_long_prompts_cost_more_where_the_list_says_so() -> None:
    price = BOOK.lookup("anthropic", "claude-sonnet-4-5", NOW)
    assert price is not None
    assert price.at(NOW, 200_000).input == Decimal(3)
    assert price.at(NOW, 200_001).input == Decimal(6)


def test_prices_are_decimals_and_the_same_object_each_time() -> None:
    price = BOOK.lookup("xai", "grok-4.7", NOW)
    assert price is not None
    assert isinstance(price.rates.input, Decimal)
    assert BOOK.lookup("xai", "grok-4.7", NOW) is price
