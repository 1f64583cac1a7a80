"""Streams: chunks read into events, their bytes kept for relaying."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import Raw

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
    FinishReason,
    Frame,
    OpaqueDelta,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    StreamFault,
    TextDelta,
    UsageSeen,
)

from ..event_frames import EventFrames
from ..openai_forms.errors import error_text
from . import extensions
from .call_pieces import CallPieces
from .reasoning import ThoughtReader
from .replies import finish_reason, thinking_text
from .tool_calls import read_calls
from .usage import read_usage
from .wire import NO_RAW, AnswerMessage, ChatChunk, ChunkChoice, Delta, ToolCallPiece

_decode: Final[Callable[[bytes], ChatChunk]] = msgspec.json.Decoder(ChatChunk).decode
_DONE = b"[DONE]"
END_MARK = Frame(raw=b"data: [DONE]\n\n", closing=True)
"""For a finished answer whose provider sent none: clients wait for it."""


class ChatStreamReader(EventFrames):
    """Reads one stream of chat completion chunks."""

    __slots__ = ("_calls", "_provider", "_refused", "_thoughts", "_written")

    def __init__(self, *, provider: str) -> None:
        super().__init__()
        self._provider = provider
        self._calls: CallPieces | None = None
        self._thoughts: ThoughtReader | None = None
        self._refused = False
        self._written = False

    def _frame(self, data: bytes, raw: bytes) -> Frame:
        if not data:
            return Frame(raw=raw, idle=True)
        try:
            chunk = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            if data.strip() == _DONE:
                return Frame(raw=raw, closing=True)
            raise self._garbage(str(exc)) from exc
        return Frame(events=self._events(chunk), raw=raw)

    def _garbage(self, why: str) -> ProviderError:
        return ProviderError(
            f"{self._provider} sent a stream chunk that is not a chat completion chunk: {why}.",
            kind=FailureKind.GARBAGE,
            provider=self._provider,
        )

    def _events(self, chunk: ChatChunk) -> tuple[StreamEvent, ...]:
        if chunk.error is not None:
            message, code = error_text(chunk.error)
            return (StreamFault(message=message, code=code),)
        events: list[StreamEvent] = []
        for choice in chunk.choices or ():
            if choice.delta is not None:
                self._delta(choice.delta, choice.index or 0, events)
            if choice.message is not None:
                self._closing_message(choice.message, events)
            if choice.finish_reason:  # some servers send an empty one in every chunk
                self._finish(choice, events)
        if chunk.usage is not NO_RAW:
            usage = read_usage(chunk.usage)
            if usage is not None:
                events.append(UsageSeen(usage))
        return tuple(events)

    def _delta(self, delta: Delta, choice: int, events: list[StreamEvent]) -> None:
        if delta.reasoning_details is not NO_RAW or delta.reasoning_content or delta.reasoning:
            self._reasoning(delta.reasoning_details, delta.reasoning_content or delta.reasoning, events)
        content = delta.content
        if content:
            if not isinstance(content, str):
                self._reasoning(NO_RAW, thinking_text(content), events)
                content = "".join([part.text or "" for part in content])
            if content:
                self._written = True
                events.append(TextDelta(content))
        if delta.refusal:
            self._refused = True
            events.append(RefusalDelta(delta.refusal))
        if delta.tool_calls:
            self._tool_calls(delta.tool_calls, choice, events)
        elif delta.function_call is not None and (delta.function_call.name or delta.function_call.arguments):
            self._tool_calls([ToolCallPiece(index=0, function=delta.function_call)], choice, events)
        if delta.audio is not NO_RAW and bytes(delta.audio) != b"null":
            events.append(OpaqueDelta("audio"))

    def _tool_calls(self, pieces: Sequence[ToolCallPiece], choice: int, events: list[StreamEvent]) -> None:
        calls = self._calls
        if calls is None:
            calls = self._calls = CallPieces()
        alone = len(pieces) == 1
        for place, piece in enumerate(pieces):
            fragment = calls.read(piece, choice=choice, place=place, alone=alone)
            if fragment is not None:
                events.append(fragment)

    def _reasoning(self, details: Raw, text: str | None, events: list[StreamEvent]) -> None:
        """Details carry the plain text too; it counts once, from there where it is there."""
        listed = extensions.details(details)
        if not listed and not text:
            return
        thoughts = self._thoughts
        if thoughts is None:
            thoughts = self._thoughts = ThoughtReader()
        if listed:
            before = len(events)
            thoughts.read(listed, events)
            if any(isinstance(event, ReasoningDelta) for event in events[before:]):
                return
        if text:
            thoughts.plain(text, events)

    def _closing_message(self, message: AnswerMessage, events: list[StreamEvent]) -> None:
        """Some backends close with the whole message: what the deltas did not bring is taken from it."""
        content = message.content
        text = content if isinstance(content, str) else "".join([part.text or "" for part in content or ()])
        if text and not self._written:
            self._written = True
            events.append(TextDelta(text))
        if message.refusal and not self._refused:
            self._refused = True
            events.append(RefusalDelta(message.refusal))
        calls = read_calls(message.tool_calls, message.function_call)
        if calls:
            if self._calls is None:
                self._calls = CallPieces()
            events.extend(self._calls.whole(calls))

    def _finish(self, choice: ChunkChoice, events: list[StreamEvent]) -> None:
        reason = finish_reason(choice.finish_reason)
        if self._calls is not None:
            events.extend(self._calls.end(choice.index or 0))
            if reason is FinishReason.STOP:
                reason = FinishReason.TOOL_CALLS  # some servers say "stop" although the model called a tool
        if self._thoughts is not None:
            self._thoughts.end(events)
        events.append(Finished(reason, choice.index or 0))
