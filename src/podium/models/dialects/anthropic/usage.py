"""Tokens: this wire counts what was read from the cache, what was written to it and the rest apart; Podium together.

Source: the Messages reference, `usage`: "total input tokens" is the sum of the three.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from podium.core.usage import Usage

from .wire import WireUsage

_decoder: msgspec.json.Decoder[WireUsage | None] = msgspec.json.Decoder(WireUsage | None)


def read_usage(raw: Raw) -> WireUsage | None:
    """None where nothing was stated, or nothing readable: a malformed figure costs the figure, not the answer."""
    stated = bytes(raw)
    if not stated:
        return None
    try:
        return _decoder.decode(stated)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def merged(before: WireUsage | None, now: WireUsage) -> WireUsage:
    """Cumulative figures replace one another, each by itself: what is not stated again still holds.

    Some servers state zeros for the input in every event but the first: such a zero is no figure.
    """
    if before is None:
        return now
    again = bool(now.input_tokens or now.cache_creation_input_tokens or now.cache_read_input_tokens)
    names = WireUsage.__struct_fields__ if again else ("output_tokens", "output_tokens_details")
    fields: dict[str, Any] = {name: getattr(now, name) for name in names if getattr(now, name) is not None}
    return msgspec.structs.replace(before, **fields)


def canonical(wire: WireUsage | None) -> Usage | None:
    """None where neither side of the count was stated."""
    if wire is None or (wire.input_tokens is None and wire.output_tokens is None):
        return None
    cached = max(wire.cache_read_input_tokens or 0, 0)
    written = max(wire.cache_creation_input_tokens or 0, 0)
    output = max(wire.output_tokens or 0, 0)
    details = wire.output_tokens_details
    kept_long = (wire.cache_creation.ephemeral_1h_input_tokens if wire.cache_creation else None) or 0
    return Usage(
        input=max(wire.input_tokens or 0, 0) + cached + written,
        output=output,
        cached=cached,
        cache_write=written,
        cache_write_1h=min(max(kept_long, 0), written),
        reasoning=min(max((details.thinking_tokens if details else None) or 0, 0), output),
    )


def wire_usage(usage: Usage) -> dict[str, Any]:
    """For a caller: cached and written tokens apart from the rest."""
    wire: dict[str, Any] = {
        "input_tokens": max(usage.input - usage.cached - usage.cache_write, 0),
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
    }
    if usage.cache_write_1h:
        wire["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write - usage.cache_write_1h,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        }
    if usage.reasoning:
        wire["output_tokens_details"] = {"thinking_tokens": usage.reasoning}
    return wire
