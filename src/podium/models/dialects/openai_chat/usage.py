"""Usage: the one form whole answers and streams share, read and written."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from podium.core.usage import Usage

from ..openai_forms.figures import cached_apart
from .wire import WireUsage

_usage_decoder = msgspec.json.Decoder(WireUsage | None)


def read_usage(raw: Raw) -> Usage | None:
    """None where the provider stated nothing, or nothing readable. Parts are never larger than their whole."""
    stated = bytes(raw)
    if not stated or stated == b"null":
        return None
    try:
        wire = _usage_decoder.decode(stated)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # figures that cannot be read are estimated, as if the provider had stated none
    if wire is None or (wire.prompt_tokens is None and wire.completion_tokens is None):
        return None
    into, out = wire.prompt_tokens_details, wire.completion_tokens_details
    cached = max((into.cached_tokens if into else None) or wire.prompt_cache_hit_tokens or 0, 0)
    cache_write = max((into.cache_write_tokens if into else None) or 0, 0)
    read, written, uncounted = _totals(wire, cached, cache_write)
    if into is None and out is None and not cached:
        return Usage(input=read, output=written, reasoning=uncounted)
    cached = min(cached, read)
    cache_write = min(cache_write, read - cached)
    return Usage(
        input=read,
        output=written,
        cached=cached,
        cache_write=cache_write,
        reasoning=min(max((out.reasoning_tokens if out else None) or 0, uncounted), written),
        audio_input=min(max((into.audio_tokens if into else None) or 0, 0), read - cached - cache_write),
        audio_output=min(max((out.audio_tokens if out else None) or 0, 0), written),
    )


def _totals(wire: WireUsage, cached: int, cache_write: int) -> tuple[int, int, int]:
    """(input, output, reasoning the provider left out of its completion tokens).

    xAI and Gemini count reasoning in the total only, yet charge for it as output. Gateways before Anthropic's models
    count cached tokens in the total only: they are input.
    """
    read = max(wire.prompt_tokens or 0, 0)
    written = max(wire.completion_tokens or 0, 0)
    missing = (wire.total_tokens or 0) - read - written
    if missing <= 0:
        return read, written, 0
    if wire.prompt_tokens is None:
        return missing, written, 0
    if cached_apart(missing, read, cached, cache_write):
        return read + missing, written, 0
    return read, written + missing, 0 if wire.completion_tokens is None else missing


def wire_usage(usage: Usage) -> dict[str, Any]:
    """The figures as OpenAI states them: cached and reasoning tokens are parts of their totals here too."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached,
            "cache_write_tokens": usage.cache_write,
            "audio_tokens": usage.audio_input,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": usage.audio_output},
    }
