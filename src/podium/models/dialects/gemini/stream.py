"""Streams read: chunks into events, their bytes kept for relaying.

A chunk has the shape of a whole answer and holds what is new, but for the usage, which is what there is so far. A
signature on a text is not told on: the API asks for it back without insisting, and no other wire has a place for it.
"""

from __future__ import annotations

import msgspec

from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    OpaqueDelta,
    ReasoningDelta,
    ReasoningSealed,
    RefusalDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)

from ..sse import EventCutter, EventTooLarge
from .replies import (
    FAULTS,
    CallNames,
    blocked_text,
    call_arguments,
    decode_answer,
    error_text,
    fault_text,
    finish_reason,
    garbage,
    is_said,
    unread_kind,
)
from .usage import read_usage
from .wire import NAME, AnswerWithoutUsage, Candidate, FunctionCall, Part, WireUsage


class GeminiStreamReader:
    """Reads one stream of generateContent chunks."""

    __slots__ = ("_calls", "_cutter", "_finished", "_grounded", "_names", "_provider", "_stated")

    def __init__(self, *, provider: str) -> None:
        self._provider = provider
        self._cutter = EventCutter()
        self._names = CallNames()
        self._calls = 0
        self._finished: set[int] = set()
        self._grounded = False
        self._stated: WireUsage | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by these bytes. Raises ProviderError(GARBAGE) for what is no chunk."""
        try:
            events = self._cutter.feed(data)
        except EventTooLarge as exc:
            raise garbage(self._provider, exc) from exc
        return [self._frame(content, raw) for content, raw in events]

    def close(self) -> list[Frame]:
        return [self._frame(content, raw) for content, raw in self._cutter.close()]

    def _frame(self, data: bytes, raw: bytes) -> Frame:
        if not data:
            return Frame(raw=raw, idle=True)
        try:
            chunk, figures = decode_answer(data)
            return Frame(events=self._events(chunk, figures), raw=raw)
        except (msgspec.DecodeError, ValueError, RecursionError) as exc:
            raise garbage(self._provider, exc) from exc

    def _events(self, chunk: AnswerWithoutUsage, figures: WireUsage | None) -> tuple[StreamEvent, ...]:
        if chunk.error is not None:
            message, code = error_text(chunk.error)
            return (StreamFault(message=message, code=code),)
        events: list[StreamEvent] = []
        for candidate in chunk.candidates or ():
            self._candidate(candidate, chunk, events)
        if not chunk.candidates and 0 not in self._finished and (blocked := blocked_text(chunk)) is not None:
            self._finished.add(0)
            events += (RefusalDelta(blocked), Finished(FinishReason.CONTENT_FILTER))
        if figures is not None and figures != self._stated:
            self._stated = figures
            usage = read_usage(figures)
            if usage is not None:
                # Nobody reads on after a fault, and what the call used is billed all the same.
                place = len(events) - (bool(events) and isinstance(events[-1], StreamFault))
                events.insert(place, UsageSeen(usage))
        return tuple(events)

    def _candidate(self, candidate: Candidate, chunk: AnswerWithoutUsage, events: list[StreamEvent]) -> None:
        parts = candidate.content.parts if candidate.content is not None else None
        if candidate.index:
            if parts:
                events.append(OpaqueDelta("candidate"))  # events name no answer but the first
        else:
            for part in parts or ():
                self._part(part, chunk, events)
        if not self._grounded and is_said(candidate.grounding_metadata):
            self._grounded = True
            events.append(OpaqueDelta("groundingMetadata"))
        reason = candidate.finish_reason
        if reason is None:
            return
        if reason in FAULTS:
            events.append(StreamFault(message=fault_text(candidate), code=reason))
        elif candidate.index not in self._finished:  # older models say STOP in every chunk
            self._finished.add(candidate.index)
            called = self._calls > 0 and not candidate.index
            events.append(Finished(finish_reason(reason, called), candidate.index))

    def _part(self, part: Part, chunk: AnswerWithoutUsage, events: list[StreamEvent]) -> None:
        if part.function_call is not None:
            self._call(part, part.function_call, chunk, events)
        elif part.thought:
            if part.text:
                events.append(ReasoningDelta(part.text))
            if part.thought_signature is not None:
                events.append(ReasoningSealed(signature=part.thought_signature, origin=NAME))
        elif part.text is not None:
            if part.text:
                events.append(TextDelta(part.text))
        else:
            kind = unread_kind(part)
            if kind is not None:
                events.append(OpaqueDelta(kind))

    def _call(self, part: Part, call: FunctionCall, chunk: AnswerWithoutUsage, events: list[StreamEvent]) -> None:
        if not call.name:
            # Arguments in pieces come on Vertex to those who ask for them, which Podium never does by itself.
            events.append(OpaqueDelta("functionCall"))
            return
        events.append(
            ToolCallDelta(
                index=self._calls,
                id=self._names.next(call.id, chunk.response_id),
                name=call.name,
                arguments=call_arguments(call),
                signature=part.thought_signature,
            )
        )
        self._calls += 1
