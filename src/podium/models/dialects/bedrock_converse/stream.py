"""Streams read: binary messages into events, their bytes kept.

The machine is two tables: `_EVENTS` says what each event does, `_BEGINNINGS` and the fields of a delta what each block
is. What stands in neither is passed over where it is new and refused where it contradicts the block it is in.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from podium.core.errors import ProviderError
from podium.core.messages import (
    Finished,
    Frame,
    OpaqueDelta,
    ReasoningDelta,
    ReasoningSealed,
    StreamEvent,
    StreamFault,
    TextDelta,
    ToolCallDelta,
    UsageSeen,
)

from .event_frames import BadMessage, EventMessage, MessageCutter
from .replies import FAULTS, UNREADABLE, finish_reason, garbage, kind_of, stop_sequence
from .usage import read_usage
from .wire import (
    ANSWER_TOOL,
    NAME,
    SERVER_TOOL,
    BlockDelta,
    BlockStart,
    BlockStop,
    Delta,
    Exceptional,
    MessageStop,
    Metadata,
    Reasoning,
    Start,
)

Kind = Literal["text", "reasoning", "tool", "answer", "opaque"]
Events = tuple[StreamEvent, ...]

_delta_decoder = msgspec.json.Decoder(BlockDelta)
_block_decoder = msgspec.json.Decoder(BlockStart)
_start_decoder = msgspec.json.Decoder(Start)
_stop_decoder = msgspec.json.Decoder(BlockStop)
_end_decoder = msgspec.json.Decoder(MessageStop)
_metadata_decoder = msgspec.json.Decoder(Metadata)
_exception_decoder = msgspec.json.Decoder(Exceptional)
_text_decoder = msgspec.json.Decoder(str)
_LONGEST_MESSAGE = 2000
_LAST = "metadata"


class _Open:
    """A block under way."""

    __slots__ = ("call", "data", "kind", "signature")

    def __init__(self, kind: Kind, *, call: int = 0) -> None:
        self.kind = kind
        self.call = call
        self.signature: list[str] = []
        self.data: list[str] = []


class ConverseStreamReader:
    """Reads one stream of ConverseStream messages."""

    __slots__ = ("_answered", "_blocks", "_broken", "_calls", "_cutter", "_provider")

    def __init__(self, *, provider: str) -> None:
        self._provider = provider
        self._cutter = MessageCutter()
        self._blocks: dict[int, _Open] = {}
        self._calls = 0
        self._answered = False
        self._broken: ProviderError | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by these bytes. Raises ProviderError(GARBAGE) for bytes that are no message of this API."""
        if self._broken is not None:
            raise self._broken
        frames: list[Frame] = []
        try:
            for message in self._cutter.feed(data):
                frames.append(self._frame(message))
        except (BadMessage, ProviderError, *UNREADABLE) as exc:
            self._broken = self._told(exc)
            if not frames:
                raise self._broken from exc
            # What came whole before the fault is told first, however the bytes were split.
        return frames

    def close(self) -> list[Frame]:
        """Nothing: a message without its end is none. Raises what was found wrong and not yet told."""
        if self._broken is not None:
            raise self._broken
        try:
            self._cutter.close()
        except BadMessage as exc:
            raise garbage(self._provider, exc) from exc
        return []

    def _told(self, exc: Exception) -> ProviderError:
        return exc if isinstance(exc, ProviderError) else garbage(self._provider, exc)

    def _frame(self, message: EventMessage) -> Frame:
        headers = message.headers
        kind = headers.get(":event-type")
        if kind == "contentBlockDelta":
            return Frame(events=self._delta(message.payload), raw=message.raw)
        if headers.get(":message-type", "event") != "event":
            return Frame(events=(_fault(headers, message.payload),), raw=message.raw)
        act = _EVENTS.get(kind or "")
        events = act(self, message.payload) if act is not None else ()
        return Frame(events=events, raw=message.raw, closing=kind == _LAST, idle=act is None and kind != "messageStart")

    # --- events ----------------------------------------------------------------------------------------------------

    def _block_start(self, payload: bytes) -> Events:
        begun = _block_decoder.decode(payload)
        index = begun.content_block_index
        use = _start_decoder.decode(begun.start).tool_use if len(begun.start) else None
        if use is None:
            self._blocks[index] = _Open("opaque")
            return (OpaqueDelta(kind_of(begun.start)),) if len(begun.start) else ()
        if use.type == SERVER_TOOL:
            self._blocks[index] = _Open("opaque")
            return (OpaqueDelta(SERVER_TOOL),)
        if use.name == ANSWER_TOOL:
            self._answered = True
            self._blocks[index] = _Open("answer")
            return ()
        self._blocks[index] = _Open("tool", call=self._calls)
        self._calls += 1
        return (ToolCallDelta(index=self._calls - 1, id=use.tool_use_id, name=use.name),)

    def _delta(self, payload: bytes) -> Events:
        wire = _delta_decoder.decode(payload)
        delta = wire.delta
        block = self._blocks.get(wire.content_block_index)
        text = delta.text
        if text is not None:
            if block is None:
                self._blocks[wire.content_block_index] = _Open("text")
            elif block.kind != "text":
                return self._contradicts(block)
            return (TextDelta(text),) if text else ()
        if delta.tool_use is not None:
            if block is None or block.kind not in ("tool", "answer"):
                return self._contradicts(block)
            piece = _text_decoder.decode(delta.tool_use.input) if len(delta.tool_use.input) else ""
            if not piece:
                return ()
            return (ToolCallDelta(index=block.call, arguments=piece) if block.kind == "tool" else TextDelta(piece),)
        if delta.reasoning_content is not None:
            if block is None:
                block = self._blocks[wire.content_block_index] = _Open("reasoning")
            elif block.kind != "reasoning":
                return self._contradicts(block)
            return _thought(block, delta.reasoning_content)
        return _opaque(block, delta)

    def _contradicts(self, block: _Open | None) -> Events:
        if block is not None and block.kind == "opaque":
            return ()
        raise self._garbage("a piece of one kind stands in a block of another, or in none")

    def _block_stop(self, payload: bytes) -> Events:
        block = self._blocks.pop(_stop_decoder.decode(payload).content_block_index, None)
        return () if block is None else self._sealed(block)

    def _sealed(self, block: _Open) -> Events:
        """What a block of reasoning ends with: the next one is another, also where this one was never signed."""
        if block.kind != "reasoning":
            return ()
        if block.data:
            return (ReasoningSealed(data=self._joined(block.data), origin=NAME),)
        return (ReasoningSealed(signature="".join(block.signature) or None, origin=NAME),)

    def _joined(self, pieces: list[str]) -> str:
        if len(pieces) == 1:
            return pieces[0]
        try:
            return b64encode(b"".join(b64decode(piece, validate=True) for piece in pieces)).decode()
        except (BadBase64, ValueError) as exc:
            raise self._garbage("hidden reasoning is not base64") from exc

    def _message_stop(self, payload: bytes) -> Events:
        end = _end_decoder.decode(payload)
        events = [event for block in self._blocks.values() for event in self._sealed(block)]
        self._blocks.clear()
        if end.stop_reason in FAULTS:
            message = FAULTS[end.stop_reason]
            return (*events, StreamFault(message=f"{message[:1].upper()}{message[1:]}.", code=end.stop_reason))
        reason = finish_reason(end.stop_reason, calls=self._calls > 0, answered=self._answered)
        return (*events, Finished(reason, stop_sequence=stop_sequence(end.additional_model_response_fields)))

    def _metadata(self, payload: bytes) -> Events:
        usage = read_usage(_metadata_decoder.decode(payload).usage)
        return () if usage is None else (UsageSeen(usage),)

    def _garbage(self, why: str) -> ProviderError:
        return garbage(self._provider, why)


# --- the tables and what needs no state ----------------------------------------------------------------------------


def _thought(block: _Open, piece: Reasoning) -> Events:
    if piece.signature:
        block.signature.append(piece.signature)
    if piece.redacted_content:
        block.data.append(piece.redacted_content)
    return (ReasoningDelta(piece.text),) if piece.text else ()


def _opaque(block: _Open | None, delta: Delta) -> Events:
    if block is not None and block.kind == "opaque":
        return ()  # told when it began
    if len(delta.citation):
        return (OpaqueDelta("citation"),)
    return (OpaqueDelta("image"),) if len(delta.image) else ()


def _fault(headers: Mapping[str, str], payload: bytes) -> StreamFault:
    """An exception the API knows has a payload; an error it does not know says all in its headers."""
    code = headers.get(":exception-type") or headers.get(":error-code")
    try:
        told = _exception_decoder.decode(payload)
    except UNREADABLE:
        told = Exceptional()
    said = [part for part in (told.message or headers.get(":error-message"), told.original_message) if part]
    return StreamFault(message=" ".join(said)[:_LONGEST_MESSAGE] or code or "an error without a message", code=code)


_EVENTS: Mapping[str, Callable[[ConverseStreamReader, bytes], Events]] = MappingProxyType(
    {
        "contentBlockStart": ConverseStreamReader._block_start,
        "contentBlockStop": ConverseStreamReader._block_stop,
        "messageStop": ConverseStreamReader._message_stop,
        _LAST: ConverseStreamReader._metadata,
    }
)
