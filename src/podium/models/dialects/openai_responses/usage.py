"""Usage: the one form whole answers and streams share, read and written."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from podium.core.usage import Usage

from ..openai_forms.figures import cached_apart
from .wire import InputDetails, OutputDetails, WireUsage

_usage_decoder = msgspec.json.Decoder(WireUsage | None)
_NO_INPUT = InputDetails()
_NO_OUTPUT = OutputDetails()


def read_usage(raw: Raw) -> Usage | None:
    """None where the provider stated nothing, or nothing readable. Parts are never larger than their whole."""
    stated = bytes(raw)
    if not stated or stated == b"null":
        return None
    try:
        wire = _usage_decoder.decode(stated)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # figures that cannot be read are estimated, as if the provider had stated none
    if wire is None or (wire.input_tokens is None and wire.output_tokens is None):
        return None
    read = max(wire.input_tokens or 0, 0)
    written = max(wire.output_tokens or 0, 0)
    into = wire.input_tokens_details or _NO_INPUT
    out = wire.output_tokens_details or _NO_OUTPUT
    missing = (wire.total_tokens or 0) - read - written
    if missing > 0:
        if cached_apart(missing, read, max(into.cached_tokens or 0, 0), max(into.cache_write_tokens or 0, 0)):
            read += missing
        elif wire.output_tokens is None:
            written = missing
    cached = _within(into.cached_tokens, read)
    cache_write = _within(into.cache_write_tokens, read - cached)
    return Usage(
        input=read,
        output=written,
        cached=cached,
        cache_write=cache_write,
        reasoning=_within(out.reasoning_tokens, written),
        audio_input=_within(into.audio_tokens, read - cached - cache_write),
        audio_output=_within(out.audio_tokens, written),
    )


def _within(part: int | None, whole: int) -> int:
    return min(max(part or 0, 0), whole)


def wire_usage(usage: Usage | None) -> dict[str, Any] | None:
    """The figures as OpenAI states them. Unknown stays null: a zero would be a figure."""
    if usage is None:
        return None
    return {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
