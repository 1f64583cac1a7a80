"""Streams read: chunks into events, their bytes kept for relaying.

A chunk has the shape of a whole answer and holds what is new, but for the usage, which is what there is so far.

The signature of a turn's thoughts may come on a call, on a text, or late, on a part with an empty text, also after a
call (the Gemini API's page "Thought signatures"). One that is not a call's is told as a block of reasoning without a
text, sealed by it: so it travels through every wire that carries reasoning.
"""

from __future__ import annotations

import msgspec

from podium.core.errors import ProviderError
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

from ..event_frames import EventFrames
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
    withheld_text,
)
from .usage import read_usage
from .wire import NAME, AnswerWithoutUsage, Candidate, FunctionCall, Part, WireUsage

_DONE = b"[DONE]"
"""Some servers end with another dialect's mark; this one's clients would choke on it."""


class GeminiStreamReader(EventFrames):
    """Reads one stream of generateContent chunks."""

    __slots__ = ("_answer", "_calls", "_finished", "_grounded", "_names", "_provider", "_said", "_stated", "_thinks")

    def __init__(self, *, provider: str) -> None:
        super().__init__()
        self._provider = provider
        self._answer: str | None = None
        self._names = CallNames()
        self._calls = 0
        self._said = False
        """Whether there was anything but thoughts."""
        self._thinks = False
        """Whether thoughts are under way that no signature has ended."""
        self._finished: set[int] = set()
        self._grounded = False
        self._stated: WireUsage | None = None

    def _frame(self, data: bytes, raw: bytes) -> Frame:
        if not data:
            return Frame(raw=raw, idle=True)
        try:
            chunk, figures = decode_answer(data)
            if self._is_another(chunk):
                return Frame(idle=True)
            return Frame(events=self._events(chunk, figures), raw=raw)
        except (msgspec.DecodeError, ValueError, RecursionError) as exc:
            if self._finished and data.strip() == _DONE:
                return Frame(idle=True)
            raise garbage(self._provider, exc) from exc

    def _garbage(self, why: str) -> ProviderError:
        return garbage(self._provider, why)

    def _is_another(self, chunk: AnswerWithoutUsage) -> bool:
        """Whether a chunk belongs to an answer that came behind a finished one. The wire has no end mark, and older
        models go on after a STOP: only its identifier tells."""
        if self._answer is None:
            self._answer = chunk.response_id
        return bool(self._finished) and chunk.response_id is not None and chunk.response_id != self._answer

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
            finish = finish_reason(reason, called)
            if finish is FinishReason.CONTENT_FILTER and not (self._said or called or candidate.index):
                events.append(RefusalDelta(withheld_text(candidate)))
            events.append(Finished(finish, candidate.index))

    def _part(self, part: Part, chunk: AnswerWithoutUsage, events: list[StreamEvent]) -> None:
        if part.function_call is not None:
            self._end_thoughts(events)
            self._call(part, part.function_call, chunk, events)
            return
        if part.thought:
            if part.text:
                self._thinks = True
                events.append(ReasoningDelta(part.text))
        elif part.text:
            self._say(TextDelta(part.text), events)
        elif part.text is None and (kind := unread_kind(part)) is not None:
            self._say(OpaqueDelta(kind), events)
        if part.thought_signature is not None:
            if not part.thought:
                self._end_thoughts(events)
            self._thinks = False
            events.append(ReasoningSealed(signature=part.thought_signature, origin=NAME))

    def _say(self, event: TextDelta | OpaqueDelta, events: list[StreamEvent]) -> None:
        self._end_thoughts(events)
        self._said = True
        events.append(event)

    def _end_thoughts(self, events: list[StreamEvent]) -> None:
        """Thoughts without a signature end where something else begins: a signature that comes later is not theirs."""
        if self._thinks:
            self._thinks = False
            events.append(ReasoningSealed(origin=NAME))

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
