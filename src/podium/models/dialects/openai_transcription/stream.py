"""Streams of transcriptions: `transcript.text.delta` events, then one `transcript.text.done` with the whole text.

Some models ignore the wish for a stream and answer whole (the SDK says so of whisper-1): such an answer becomes a
stream of one event, because a caller who asked for events waits for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from podium.core.errors import FailureKind, PodiumError, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    OpaqueDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    UsageSeen,
)
from podium.core.usage import Usage

from ..event_frames import EventFrames
from ..openai_forms.errors import error_text, write_stream_error
from ..sse import MAX_EVENT_BYTES
from .replies import read_reply, read_usage, wire_usage

_DONE_MARK: Final = b"[DONE]"
_DELTA: Final = "transcript.text.delta"
_DONE: Final = "transcript.text.done"
_encode = msgspec.json.Encoder().encode


class _Event(Struct, frozen=True):
    type: str = ""
    delta: str | None = None
    text: str | None = None
    usage: Raw = Raw(b"")
    error: Any = None


_event_decoder = msgspec.json.Decoder(_Event)


class TranscriptReader(EventFrames):
    """Reads one stream of transcription events."""

    __slots__ = ("_begun", "_provider", "_whole", "_written")

    def __init__(self, *, provider: str) -> None:
        super().__init__()
        self._provider = provider
        self._begun = self._written = False
        self._whole: bytearray | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by these bytes; none of an answer that comes whole. Raises ProviderError(GARBAGE)."""
        if not self._begun and (start := data.lstrip()):
            self._begun = True
            if start[:1] == b"{":
                self._whole = bytearray()
        if self._whole is None:
            return super().feed(data)
        self._whole += data
        if len(self._whole) > MAX_EVENT_BYTES:
            self._whole.clear()
            raise self._garbage(f"an answer exceeded {MAX_EVENT_BYTES} bytes")
        return []

    def close(self) -> list[Frame]:
        """The stream ended: the frame of an answer that came whole, or of an event without its end."""
        if self._whole is None:
            return super().close()
        reply = read_reply(bytes(self._whole), provider=self._provider)
        events: list[StreamEvent] = [TextDelta(reply.text)]
        if reply.usage is not None:
            events.append(UsageSeen(reply.usage))
        events.append(Finished(FinishReason.STOP))
        return [Frame(events=tuple(events), raw=_done(reply.text, reply.usage))]

    def _frame(self, data: bytes, raw: bytes) -> Frame:
        if not data:
            return Frame(raw=raw, idle=True)
        if data.strip() == _DONE_MARK:
            return Frame(raw=raw, closing=True)
        try:
            event = _event_decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise self._garbage(str(exc)) from exc
        return Frame(events=self._events(event), raw=raw)

    def _events(self, event: _Event) -> tuple[StreamEvent, ...]:
        if event.error is not None:
            message, code = error_text(event.error)
            return (StreamFault(message=message, code=code),)
        if event.type == _DELTA:
            if not event.delta:
                return ()
            self._written = True
            return (TextDelta(event.delta),)
        if event.type == _DONE:
            events: list[StreamEvent] = []
            if event.text and not self._written:
                events.append(TextDelta(event.text))
            usage = read_usage(event.usage)
            if usage is not None:
                events.append(UsageSeen(usage))
            return (*events, Finished(FinishReason.STOP))
        return (OpaqueDelta(event.type),) if event.type.startswith("transcript.") else ()

    def _garbage(self, why: str) -> ProviderError:
        return ProviderError(
            f"{self._provider} sent a stream event that is not a transcription's: {why}.",
            kind=FailureKind.GARBAGE,
            provider=self._provider,
        )


class TranscriptWriter:
    """Writes one stream of transcription events."""

    __slots__ = ("_texts", "_usage")

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._usage: Usage | None = None

    def write(self, events: Sequence[StreamEvent]) -> bytes:
        out: list[bytes] = []
        for event in events:
            if isinstance(event, TextDelta):
                self._texts.append(event.text)
                out.append(b'data: {"type":"transcript.text.delta","delta":' + _encode(event.text) + b"}\n\n")
            elif isinstance(event, UsageSeen):
                self._usage = event.usage
        return b"".join(out)

    def close(self) -> bytes:
        return _done("".join(self._texts), self._usage)

    def fail(self, error: PodiumError) -> bytes:
        return write_stream_error(error)


def _done(text: str, usage: Usage | None) -> bytes:
    event: dict[str, Any] = {"type": _DONE, "text": text}
    if usage is not None:
        event["usage"] = wire_usage(usage)
    return b"data: " + _encode(event) + b"\n\n"
