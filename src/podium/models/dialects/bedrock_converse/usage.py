"""Tokens: this wire counts what was read from the cache, what was written to it and the rest apart; Podium together.

Source: the user guide's page "Prompt caching": `inputTokens` are those that neither came from the cache nor went into
it, and the whole input is the sum of the three.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw

from podium.core.usage import Usage

from .wire import WireUsage

_decoder: msgspec.json.Decoder[WireUsage | None] = msgspec.json.Decoder(WireUsage | None)


def read_usage(raw: Raw) -> Usage | None:
    """None where nothing was stated, or nothing readable: a malformed figure costs the figure, not the answer."""
    stated = bytes(raw)
    if not stated:
        return None
    try:
        wire = _decoder.decode(stated)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if wire is None or (wire.input_tokens is None and wire.output_tokens is None):
        return None
    cached = max(wire.cache_read_input_tokens or 0, 0)
    written = max(wire.cache_write_input_tokens or 0, 0)
    kept_long = sum(detail.input_tokens for detail in wire.cache_details or () if detail.ttl == "1h")
    return Usage(
        input=max(wire.input_tokens or 0, 0) + cached + written,
        output=max(wire.output_tokens or 0, 0),
        cached=cached,
        cache_write=written,
        cache_write_1h=min(max(kept_long, 0), written),
    )
