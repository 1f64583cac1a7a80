"""Fields that vendors added to the wire, read apart: a malformed one costs nothing but itself.

The official fields are held to their types, because the provider would refuse them too. Extensions are not
everybody's, so one that Podium cannot read is passed on in silence, as any unknown field is.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw

from podium.core.messages import CacheMark, ReasoningPart

from .reasoning import read_reasoning
from .wire import NO_RAW, CacheControl, ExtraContent, ReasoningDetail, ReasoningWish

T = TypeVar("T")
_DEFAULT_TTL: Final = "5m"
_NOT_READABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_cache_decoder = msgspec.json.Decoder(CacheControl | None)
_extra_decoder = msgspec.json.Decoder(ExtraContent | None)
_details_decoder = msgspec.json.Decoder(list[ReasoningDetail] | None)
_wish_decoder = msgspec.json.Decoder(ReasoningWish | None)
_text_decoder = msgspec.json.Decoder(str | None)
_count_decoder = msgspec.json.Decoder(int | None)
_flag_decoder = msgspec.json.Decoder(bool | None)


def _read(raw: Raw, decoder: msgspec.json.Decoder[T]) -> T | None:
    try:
        return decoder.decode(raw)
    except _NOT_READABLE:
        return None


def cache_mark(raw: Raw) -> CacheMark | None:
    """`cache_control`, wherever it stands."""
    if raw is NO_RAW:
        return None
    mark = _read(raw, _cache_decoder)
    return None if mark is None else mark.ttl or _DEFAULT_TTL


def write_mark(mark: CacheMark) -> dict[str, str]:
    """The `cache_control` of a mark; the usual duration goes unsaid, as older servers do not know `ttl`."""
    return {"type": "ephemeral"} if mark == _DEFAULT_TTL else {"type": "ephemeral", "ttl": mark}


def signature(raw: Raw) -> str | None:
    """Gemini's signature in a call's `extra_content`."""
    if raw is NO_RAW:
        return None
    extra = _read(raw, _extra_decoder)
    return None if extra is None or extra.google is None else extra.google.thought_signature


def wire_signature(value: str) -> dict[str, Any]:
    """The `extra_content` that carries it."""
    return {"google": {"thought_signature": value}}


def details(raw: Raw) -> list[ReasoningDetail] | None:
    """`reasoning_details`."""
    return None if raw is NO_RAW else _read(raw, _details_decoder)


def text(raw: Raw) -> str | None:
    """A field that is a text where it is what it claims to be."""
    return None if raw is NO_RAW else _read(raw, _text_decoder)


def count(raw: Raw) -> int | None:
    """Likewise a whole number."""
    return None if raw is NO_RAW else _read(raw, _count_decoder)


def flag(raw: Raw) -> bool | None:
    """Likewise true or false."""
    return None if raw is NO_RAW else _read(raw, _flag_decoder)


def wish(raw: Raw) -> ReasoningWish | None:
    """How a request asks for reasoning in OpenRouter's way."""
    return None if raw is NO_RAW else _read(raw, _wish_decoder)


def message_reasoning(wire_details: Raw, *texts: str | None) -> tuple[ReasoningPart, ...]:
    """A message's reasoning, from wherever it stands."""
    return read_reasoning(details(wire_details), *texts)
