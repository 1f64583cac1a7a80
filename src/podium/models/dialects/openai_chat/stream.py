"""Streams: chunks read into events, their bytes kept for relaying."""

from __future__ import annotations

import msgspec

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    Frame,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)

from ..sse import EventCutter, EventTooLarge
from .replies import error_text, finish_reason, read_usage
from .wire import ChatChunk, Delta, ToolCallPiece

_chunk_decoder = msgspec.json.Decoder(ChatChunk)
_DONE = b"[DONE]"
END_MARK = Frame(raw=b"data: [DONE]\n\n", closing=True)
"""For a finished answer whose provider sent none: clients wait for it."""


class ChatStreamReader:
    """Reads one stream of chat completion chunks."""

    __slots__ = ("_cutter", "_provider")

    def __init__(self, *, provider: str) -> None:
        self._provider = provider
        self._cutter = EventCutter()

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by these bytes. Raises ProviderError(GARBAGE) for what is no chunk."""
        try:
            events = self._cutter.feed(data)
        except EventTooLarge as exc:
            raise self._garbage(str(exc)) from exc
        return [self._frame(content, raw) for content, raw in events]

    def close(self) -> list[Frame]:
        return [self._frame(content, raw) for content, raw in self._cutter.close()]

    def _frame(self, data: bytes, raw: bytes) -> Frame:
        if not data:
            return Frame(raw=raw, idle=True)
        if data.strip() == _DONE:
            return Frame(raw=raw, closing=True)
        try:
            chunk = _chunk_decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise self._garbage(str(exc)) from exc
        return Frame(events=_events(chunk), raw=raw)

    def _garbage(self, why: str) -> ProviderError:
        return ProviderError(
            f"{self._provider} sent a stream chunk that is not a chat completion chunk: {why}.",
            kind=FailureKind.GARBAGE,
            provider=self._provider,
        )


def _events(chunk: ChatChunk) -> tuple[StreamEvent, ...]:
    events: list[StreamEvent] = []
    if chunk.error is not None:
        message, code = error_text(chunk.error)
        return (StreamFault(message=message, code=code),)
    for choice in chunk.choices or ():
        if choice.delta is not None:
            _delta_events(choice.delta, events)
        if choice.finish_reason is not None:
            events.append(Finished(finish_reason(choice.finish_reason), choice.index))
    usage = read_usage(chunk.usage)
    if usage is not None:
        events.append(UsageSeen(usage))
    return tuple(events)


def _delta_events(delta: Delta, events: list[StreamEvent]) -> None:
    if delta.content:
        events.append(TextDelta(delta.content))
    reasoning = delta.reasoning_content or delta.reasoning
    if reasoning:
        events.append(ReasoningDelta(reasoning))
    if delta.refusal:
        events.append(RefusalDelta(delta.refusal))
    for place, piece in enumerate(delta.tool_calls or ()):
        events.append(_tool_delta(place, piece))


def _tool_delta(place: int, piece: ToolCallPiece) -> ToolCallDelta:
    function = piece.function
    return ToolCallDelta(
        index=place if piece.index is None else piece.index,
        id=piece.id,
        name=function.name if function else None,
        arguments=(function.arguments if function else None) or "",
    )
