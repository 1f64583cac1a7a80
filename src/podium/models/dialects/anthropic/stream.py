"""Streams read: events into what they mean, their bytes kept for relaying.

The machine is two tables: `_EVENTS` says what each event does, `_DELTAS` what each delta means in each kind of block.
What stands in neither is ignored where it is new and refused where it contradicts the block it is in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from podium.core.errors import FailureKind, ProviderError
from podium.core.messages import (
    Finished,
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
from .replies import error_text, finish_reason, read_input
from .usage import canonical, merged, read_usage
from .wire import ANSWER_TOOL, NAME, NO_RAW, AnswerBlock, Delta, Event, WireUsage

Kind = Literal["none", "text", "thinking", "tool", "answer", "opaque"]
Events = tuple[StreamEvent, ...]

_event_decoder = msgspec.json.Decoder(Event)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_DONE = b"[DONE]"
"""Some servers end with another dialect's mark."""


class _Open:
    """A block that has begun and not ended."""

    __slots__ = ("call", "input", "kind", "sealed", "started")

    def __init__(self, kind: Kind, *, call: int = 0, input: str = "") -> None:
        self.kind = kind
        self.call = call
        self.input = input
        """Arguments given with the block's beginning: they hold where no fragments follow."""
        self.started = False
        self.sealed = False


_NOWHERE = _Open("none")


class MessagesStreamReader(EventFrames):
    """Reads one stream of message events."""

    __slots__ = ("_answered", "_blocks", "_calls", "_provider", "_usage")

    def __init__(self, *, provider: str) -> None:
        super().__init__()
        self._provider = provider
        self._blocks: dict[int, _Open] = {}
        self._calls = 0
        self._answered = False
        self._usage: WireUsage | None = None

    def _frame(self, data: bytes, raw: bytes) -> Frame:
        if not data:
            return Frame(raw=raw, idle=True)
        try:
            event = _event_decoder.decode(data)
        except _UNREADABLE as exc:
            if data.strip() == _DONE:
                return Frame(raw=raw, idle=True)
            raise self._garbage(str(exc)) from exc
        kind = event.type
        if kind == "content_block_delta":
            return Frame(events=self._delta(event), raw=raw)
        act = _EVENTS.get(kind)
        if act is not None:
            return Frame(events=act(self, event), raw=raw)
        if event.error is not None:  # an error that does not say it is one
            return Frame(events=self._error(event), raw=raw)
        return Frame(raw=raw, closing=kind == "message_stop", idle=kind == "ping")

    # --- events ----------------------------------------------------------------------------------------------------

    def _message_start(self, event: Event) -> Events:
        return self._seen(event.message.usage) if event.message is not None else ()

    def _block_start(self, event: Event) -> Events:
        block = event.content_block
        if block is None:
            raise self._garbage("a block begins without saying what it is")
        begin = _BEGINNINGS.get(block.type)
        ended = self._block_stop(event)
        if begin is None:
            self._blocks[event.index] = _Open("opaque")
            return (*ended, OpaqueDelta(block.type))
        return ended + begin(self, event.index, block)

    def _begin_text(self, index: int, block: AnswerBlock) -> Events:
        self._blocks[index] = _Open("text")
        return (TextDelta(block.text),) if block.text else ()

    def _begin_thinking(self, index: int, block: AnswerBlock) -> Events:
        self._blocks[index] = _Open("thinking")
        return (ReasoningDelta(block.thinking),) if block.thinking else ()

    def _begin_redacted(self, index: int, block: AnswerBlock) -> Events:
        self._blocks[index] = _Open("opaque")
        return (ReasoningSealed(data=block.data or "", origin=NAME),)

    def _begin_tool(self, index: int, block: AnswerBlock) -> Events:
        try:
            given = read_input(block.input)  # an empty object stands for what is yet to come
        except ValueError as exc:
            raise self._garbage(str(exc)) from exc
        given = "" if given == "{}" else given
        if block.name == ANSWER_TOOL:
            self._answered = True
            self._blocks[index] = _Open("answer", input=given)
            return ()
        self._blocks[index] = _Open("tool", call=self._calls, input=given)
        self._calls += 1
        return (ToolCallDelta(index=self._calls - 1, id=block.id, name=block.name),)

    def _delta(self, event: Event) -> Events:
        delta = event.delta
        if delta is None:
            return ()
        block = self._blocks.get(event.index, _NOWHERE)
        read = _DELTAS.get((block.kind, delta.type))
        if read is not None:
            return read(block, delta)
        if delta.type in _KNOWN_DELTAS and block.kind != "opaque":
            raise self._garbage(f"a {delta.type} in a block of another kind, or in none")
        return (OpaqueDelta(delta.type),) if delta.type == "citations_delta" else ()

    def _block_stop(self, event: Event) -> Events:
        block = self._blocks.pop(event.index, None)
        if block is None:
            return ()
        if block.kind == "thinking" and not block.sealed:
            return (ReasoningSealed(origin=NAME),)  # the next block of thinking is another one
        if block.input and not block.started:
            if block.kind == "tool":
                return (ToolCallDelta(index=block.call, arguments=block.input),)
            return (TextDelta(block.input),)
        return ()

    def _message_delta(self, event: Event) -> Events:
        seen = self._seen(event.usage)
        delta = event.delta
        if delta is None or delta.stop_reason is None:
            return seen
        events = list(seen)
        explained = delta.stop_details.explanation if delta.stop_details is not None else None
        if explained and delta.stop_reason == "refusal":
            events.append(RefusalDelta(explained))
        reason = finish_reason(delta.stop_reason, calls=self._calls > 0, answered=self._answered)
        events.append(Finished(reason, stop_sequence=delta.stop_sequence))
        return tuple(events)

    def _error(self, event: Event) -> Events:
        message, code = error_text(event.error)
        return (StreamFault(message=message, code=code),)

    def _seen(self, raw: msgspec.Raw) -> Events:
        now = read_usage(raw) if raw is not NO_RAW else None
        if now is None:
            return ()
        self._usage = merged(self._usage, now)
        usage = canonical(self._usage)
        return () if usage is None else (UsageSeen(usage),)

    def _garbage(self, why: str) -> ProviderError:
        return ProviderError(
            f"{self._provider} sent a stream event that is not one of the Messages API: {why}.",
            kind=FailureKind.GARBAGE,
            provider=self._provider,
        )


# --- the tables ----------------------------------------------------------------------------------------------------


def _text(block: _Open, delta: Delta) -> Events:
    return (TextDelta(delta.text),) if delta.text else ()


def _thought(block: _Open, delta: Delta) -> Events:
    return (ReasoningDelta(delta.thinking),) if delta.thinking else ()


def _signature(block: _Open, delta: Delta) -> Events:
    if not delta.signature or block.sealed:
        return ()
    block.sealed = True
    return (ReasoningSealed(signature=delta.signature, origin=NAME),)


def _arguments(block: _Open, delta: Delta) -> Events:
    if not delta.partial_json:
        return ()
    block.started = True
    return (ToolCallDelta(index=block.call, arguments=delta.partial_json),)


def _answer(block: _Open, delta: Delta) -> Events:
    if not delta.partial_json:
        return ()
    block.started = True
    return (TextDelta(delta.partial_json),)


_EVENTS: Mapping[str, Callable[[MessagesStreamReader, Event], Events]] = {
    "message_start": MessagesStreamReader._message_start,
    "content_block_start": MessagesStreamReader._block_start,
    "content_block_stop": MessagesStreamReader._block_stop,
    "message_delta": MessagesStreamReader._message_delta,
    "error": MessagesStreamReader._error,
}
_BEGINNINGS: Mapping[str, Callable[[MessagesStreamReader, int, AnswerBlock], Events]] = {
    "text": MessagesStreamReader._begin_text,
    "thinking": MessagesStreamReader._begin_thinking,
    "redacted_thinking": MessagesStreamReader._begin_redacted,
    "tool_use": MessagesStreamReader._begin_tool,
}
_DELTAS: Mapping[tuple[Kind, str], Callable[[_Open, Delta], Events]] = {
    ("text", "text_delta"): _text,
    ("none", "text_delta"): _text,  # some servers never announce a block
    ("thinking", "thinking_delta"): _thought,
    ("none", "thinking_delta"): _thought,
    ("thinking", "signature_delta"): _signature,
    ("tool", "input_json_delta"): _arguments,
    ("answer", "input_json_delta"): _answer,
}
_KNOWN_DELTAS = frozenset(kind for _, kind in _DELTAS)
