"""Answers: JSON of three kinds, or the text itself as prose, SRT or WebVTT; and their usage.

Usage is stated in tokens by newer models and in seconds by older ones (the SDK's `Transcription.usage`); a verbose
answer of the oldest kind says how long the sound was, which is what it is charged by.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from podium.core.errors import FailureKind, PodiumError, ProviderError
from podium.core.messages import Reply
from podium.core.usage import Usage

from ..openai_forms.errors import error_text
from .wire import NAME

JSON_TYPE: Final = "application/json"
TEXT_TYPE: Final = "text/plain; charset=utf-8"
_OBJECT: Final = b"{"
_MARKUP: Final = b"<"
_TIMED: Final = frozenset(("verbose_json", "diarized_json", "srt", "vtt"))


class _InputDetails(Struct, frozen=True):
    audio_tokens: int | None = None


class _WireUsage(Struct, frozen=True):
    type: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: _InputDetails | None = None
    seconds: float | None = None


class _Answer(Struct, frozen=True):
    text: str | None = None
    duration: float | str | None = None
    usage: Raw = Raw(b"")
    error: Any = None


_answer_decoder = msgspec.json.Decoder(_Answer)
_usage_decoder = msgspec.json.Decoder(_WireUsage | None)
_encoder = msgspec.json.Encoder()


def read_usage(raw: Raw, duration: float | str | None = None) -> Usage | None:
    """None where the provider stated nothing readable."""
    wire: _WireUsage | None = None
    if len(raw):
        try:
            wire = _usage_decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            wire = None
    if wire is not None and (wire.input_tokens is not None or wire.output_tokens is not None):
        read = max(wire.input_tokens or 0, 0)
        heard = (wire.input_token_details.audio_tokens if wire.input_token_details else None) or 0
        return Usage(input=read, output=max(wire.output_tokens or 0, 0), audio_input=min(max(heard, 0), read))
    seconds = _seconds(wire.seconds if wire is not None and wire.seconds is not None else duration)
    return None if seconds is None else Usage(audio_seconds=seconds)


def _seconds(stated: float | str | None) -> float | None:
    if stated is None:
        return None
    try:
        seconds = float(stated)
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None


def read_reply(body: bytes, *, provider: str, media_type: str = "") -> Reply:
    """Without `media_type` the body itself tells: an object is JSON, markup is an error page, the rest is the text."""
    start = body[:64].lstrip()
    if start[:1] == _OBJECT:
        return _read_json(body, provider, media_type)
    if not start or start[:1] == _MARKUP:
        raise _garbage(provider, "it is empty" if not start else "it is a page of markup")
    try:
        text = body.decode()
    except UnicodeDecodeError as exc:
        raise _garbage(provider, str(exc)) from exc
    return Reply(text=text, dialect=NAME, raw=body, media_type=media_type or TEXT_TYPE)


def _read_json(body: bytes, provider: str, media_type: str) -> Reply:
    try:
        wire = _answer_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise _garbage(provider, str(exc)) from exc
    if wire.error is not None and wire.text is None:
        raise ProviderError(
            f"{provider} sent an error inside a success: {error_text(wire.error)[0]}",
            kind=FailureKind.SERVER_ERROR,
            provider=provider,
        )
    if wire.text is None:
        raise _garbage(provider, "it has no `text`")
    return Reply(
        text=wire.text,
        usage=read_usage(wire.usage, wire.duration),
        dialect=NAME,
        raw=body,
        media_type=media_type or JSON_TYPE,
    )


def _garbage(provider: str, why: str) -> ProviderError:
    return ProviderError(
        f"{provider} sent something that is not a transcription: {why}.",
        kind=FailureKind.GARBAGE,
        provider=provider,
        remedy="Check that its base_url ends in /v1 and serves the OpenAI audio API.",
    )


def write_reply(reply: Reply, *, response_format: str) -> bytes:
    """The provider's own bytes, or the text of an answer that came over another wire."""
    if reply.raw is not None and reply.dialect == NAME:
        return reply.raw
    if response_format in _TIMED:
        raise PodiumError(
            f"The answer came without the times that {response_format!r} is made of.",
            remedy="Ask for json or text, or name a transcription model.",
        )
    if response_format == "text":
        return reply.text.encode() + b"\n"
    body: dict[str, Any] = {"text": reply.text}
    if reply.usage is not None:
        body["usage"] = wire_usage(reply.usage)
    return _encoder.encode(body)


def wire_usage(usage: Usage) -> dict[str, Any]:
    """The figures in the form that says how the sound was charged."""
    if usage.audio_seconds and not usage.input:
        return {"type": "duration", "seconds": usage.audio_seconds}
    return {
        "type": "tokens",
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "input_token_details": {"audio_tokens": usage.audio_input, "text_tokens": usage.input - usage.audio_input},
    }
